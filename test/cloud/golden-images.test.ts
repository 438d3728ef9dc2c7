import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findLocalCloud } from '../../local-cloud/client.ts';
import { ExplanationSchema, GraphSchema, PreviewSchema } from '../../shared/domain/api/explanation.ts';
import { ovenbird } from '../cli/run.ts';
import { type PlayedScenario, playScenario, scenarioFile } from '../support/play-scenario.ts';
import { differences } from './verify-report.ts';

const PARENTS: Readonly<Record<string, string>> = {
  hardened: 'al2023-base',
  'docker-host': 'hardened',
  web: 'hardened',
  shop: 'web',
};
const BASE = 'ssm:eu-west-1:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

describe('the example that npm start plays', () => {
  let played: PlayedScenario;
  beforeAll(async () => {
    played = await playScenario(scenarioFile('golden-images/scenario.yml'), 300);
  }, 320_000);
  afterAll(() => played?.stop());

  it('ends as the scenario expects', () => {
    expect(played.report.expectations.filter(({ held }) => !held)).toEqual([]);
    expect(played.report.denied).toEqual([]);
    expect(played.report.leftBehind).toEqual([]);
  });

  it('releases five images, each after its parent, on six targets each', () => {
    const releases = new Map(played.report.releases.map((release) => [release.pipeline, release]));
    expect(played.report.releases).toHaveLength(5);
    for (const release of played.report.releases) expect(release.targets).toHaveLength(6);
    for (const [child, parent] of Object.entries(PARENTS)) {
      const began = played.report.bakes.find(({ pipeline }) => pipeline === child)?.steps[0]?.startedAt ?? '';
      expect(began > (releases.get(parent)?.at ?? '~')).toBe(true);
    }
  });

  it('traces every image to the base that changed', () => {
    const base = played.report.changes.find(({ selector }) => selector === BASE);
    expect(base).toBeDefined();
    for (const bake of played.report.bakes) expect(bake.causes).toContain(base?.id);
  });

  it('has every approval answered by the link in a mail', () => {
    expect(played.report.approvals.map(({ state, via }) => ({ state, via }))).toEqual(
      Array.from({ length: 5 }, () => ({ state: 'approved', via: 'link' })),
    );
  });

  it('matches what the AWS SDK alone finds in AWS', async () => {
    const found = await differences({
      report: played.report,
      endpoint: played.endpoint,
      control: { account: '111122223333', region: 'eu-west-1' },
    });

    expect(found).toEqual([]);
  });

  it('prints lines that fit 80 columns', () => {
    const news = played
      .output()
      .split('\n')
      .filter((line) => !line.includes('http'));
    expect(news.filter((line) => [...line].length > 80)).toEqual([]);
  });

  describe('and what the command line says of it', () => {
    const run = async (...args: string[]) => {
      const env = { OVENBIRD_API_URL: '', OVENBIRD_LOCAL_CLOUD: played.stateFile };
      const ran = await ovenbird(args, { env });
      expect(ran).toMatchObject({ code: 0 });
      return ran.stdout;
    };
    const NEWER = `${BASE.replace('ssm:eu-west-1:', 'ssm:')}=ami-0123456789abcdef0`;

    it('explains an image from the base down, in 80 columns and as data', async () => {
      const text = await run('explain', 'shop');
      const explanation = ExplanationSchema.parse(JSON.parse(await run('explain', 'shop', '--json')));

      expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
      const bakes = explanation.last?.chains.map((chain) =>
        chain.flatMap((link) => (link.kind === 'bake' ? [link.pipeline] : [])),
      );
      expect(bakes).toContainEqual(['al2023-base', 'hardened', 'web']);
      for (const id of played.report.bakes.filter(({ pipeline }) => pipeline === 'hardened'))
        expect(text).toContain(id.id);
      expect(explanation.decision).toMatchObject({ kind: 'up-to-date' });
    });

    it('draws who is built on what', async () => {
      const text = await run('graph');
      const below = GraphSchema.parse(JSON.parse(await run('graph', '--downstream', 'web', '--json')));

      expect(text).toMatch(/^flowchart LR\n {2}n1\["/);
      expect(below.nodes.flatMap(({ id, kind }) => (kind === 'pipeline' ? [id] : [])).sort()).toEqual([
        'shop',
        'web',
      ]);
      expect(below.nodes.filter(({ stale, baking }) => stale || baking)).toEqual([]);
    });

    it('plans a newer base through all levels, and the calls that it makes only read', async () => {
      const cloud = await findLocalCloud(played.stateFile);
      const before = Math.max(0, ...((await cloud?.control.calls()) ?? []).map(({ seq }) => seq));
      const text = await run('plan', '--change', NEWER);
      const preview = PreviewSchema.parse(JSON.parse(await run('plan', '--change', NEWER, '--json')));
      const calls = ((await cloud?.control.calls(before)) ?? []).filter(({ principal }) =>
        principal.includes('preview-plan'),
      );

      expect(text.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
      expect(preview.waves.map(({ bakes }) => bakes.map(({ pipeline }) => pipeline))).toEqual([
        ['al2023-base'],
        ['hardened'],
        ['docker-host', 'web'],
        ['shop'],
      ]);
      expect(preview.seconds).toBeGreaterThan(0);
      expect(preview.unknownTime).toEqual([]);
      expect(new Set(calls.map(({ operation }) => operation))).toEqual(new Set(['BatchGetItem', 'Query']));
    });
  });
});

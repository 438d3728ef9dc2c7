import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Played, playScenario, scenarioFile } from '../support/play-scenario.ts';
import { differences } from './verify-report.ts';

const PARENTS: Readonly<Record<string, string>> = {
  hardened: 'al2023-base',
  'docker-host': 'hardened',
  web: 'hardened',
  shop: 'web',
};
const BASE = 'ssm:eu-west-1:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

describe('the example that npm start plays', () => {
  let played: Played;
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

  it('tells what stands in AWS, to somebody who has nothing but the AWS SDK', async () => {
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
});

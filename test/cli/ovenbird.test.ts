import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { starterDefinition } from '../../cli/commands/starter.ts';
import { fakeService, ovenbird, problem } from './run.ts';

const BAKE = '01JTESTBAKE0000000000000AA';
const at = '2026-11-21T08:00:00.000Z';
const closing: (() => unknown)[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ovenbird-cli-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all(closing.splice(0).map((close) => close()));
});
async function service(answers: Parameters<typeof fakeService>[0]) {
  const fake = await fakeService(answers);
  closing.push(fake.close);
  return fake;
}
function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
const bakeSummary = {
  id: BAKE,
  pipeline: 'a-pipeline-with-a-name-of-forty-letters',
  revision: 1,
  channel: 'stable',
  bits: 'b',
  proof: 'p',
  startsAt: 'Build',
  attempt: 2,
  state: 'awaiting-approval',
  reason: 'Component harden-ssh moved from 1.0.0/1 to 1.1.0/1, and this sentence goes on for a good while.',
  changes: [],
  causes: [],
  createdAt: at,
};
const summarize = (name: string, team: string) => ({
  name,
  team,
  description: '',
  channel: 'stable',
  revision: 1,
  enabled: true,
  parents: [],
  pending: false,
  createdAt: at,
  updatedAt: at,
});
const bakeDetails = {
  ...bakeSummary,
  lock: {
    base: {
      key: 'ami:eu-west-1:ami-1',
      selector: { kind: 'ami', id: 'ami-1', region: 'eu-west-1' },
      version: 'ami-1',
    },
    components: [],
  },
  attempts: [{ attempt: 2, state: 'awaiting-approval', startedAt: at, cleanedUp: false }],
  steps: [
    {
      attempt: 2,
      name: 'Preflight',
      state: 'succeeded',
      startedAt: at,
      endedAt: at,
      links: {},
      warnings: [
        'will not arrive in 777788889999 eu-west-1: there is no key default. Deploy the template for targets there.',
      ],
    },
    { attempt: 2, name: 'Build', state: 'succeeded', startedAt: at, endedAt: at, links: {} },
  ],
  images: [
    {
      attempt: 2,
      variant: 'x86-64',
      engine: 'imageBuilder',
      build: 'build-1',
      inventoryProblem: 'neither rpm nor dpkg knows of a package in it',
      removed: false,
    },
  ],
  tests: [],
  gates: [
    {
      attempt: 2,
      name: 'packages',
      outcome: 'passed',
      reasons: ['3 required packages found, 12 forbidden packages absent, and more than fits a line'],
      judgedAt: at,
    },
  ],
  targets: [],
  changeDetails: [],
};

describe('ovenbird init, validate', () => {
  it('writes a definition that is valid as it is, and never over another one', async () => {
    const first = await ovenbird(['init', 'my-image'], { cwd: folder });
    const valid = await ovenbird(['validate', 'my-image.yml'], { cwd: folder });
    const second = await ovenbird(['init', 'my-image'], { cwd: folder });

    expect([first.code, valid.code, second.code]).toEqual([0, 0, 4]);
    expect(readFileSync(join(folder, 'my-image.yml'), 'utf8')).toContain('name: my-image');
  });

  it('names file, line, field and fix of everything that is wrong', async () => {
    const text = starterDefinition('web')
      .replace('approval:', 'aproval:')
      .replace('targets: []', 'targets: [{ account: 444455556666, regions: [eu-west-1] }]')
      .replace('script: |', 'timeout: soon\n      script: |');
    write('web.yml', text);
    const line = (part: string) => text.split('\n').findIndex((entry) => entry.includes(part)) + 1;

    const { code, stdout } = await ovenbird(['validate', 'web.yml'], { cwd: folder });

    expect(code).toBe(2);
    expect(stdout).toContain(`web.yml:${line('aproval')}  aproval: is no field`);
    expect(stdout).toContain('did you mean approval?');
    expect(stdout).toContain(
      `web.yml:${line('444455556666')}  distribution.targets[0].account: must be text`,
    );
    expect(stdout).toContain("put it in quotes: '444455556666'");
    expect(stdout).toContain(`web.yml:${line('soon')}  tests.suites[0].timeout: must be a whole number`);
  });

  it.each([
    ['a file that is not there', [], 'cannot be read'],
    ['text that is not YAML', [['a.yml', 'name: [']], 'is not YAML'],
    [
      'two pipelines with one name',
      [
        ['a.yml', starterDefinition('web')],
        ['b.yml', starterDefinition('web')],
      ],
      'too',
    ],
    [
      'pipelines that depend on each other',
      [
        ['a.yml', starterDefinition('one').replace(/ssm: .*/, 'pipeline: two')],
        ['b.yml', starterDefinition('two').replace(/ssm: .*/, 'pipeline: one')],
      ],
      'one -> two -> one',
    ],
    [
      'a script file that is not there',
      [['a.yml', starterDefinition('web').replace(/script: \|[\s\S]*os-release/, 'script: ./nope.sh')]],
      'names ./nope.sh, which does not exist',
    ],
  ])('refuses %s', async (_, files, message) => {
    for (const [name = '', text = ''] of files) write(name, text);
    const names = files.length === 0 ? ['nothing.yml'] : files.map(([name = '']) => name);

    const { code, stdout } = await ovenbird(['validate', ...names], { cwd: folder });

    expect(code).toBe(2);
    expect(stdout.replaceAll('\n', ' ')).toContain(message);
  });
});

describe('ovenbird apply', () => {
  it('sends parents before children, with the text of script files, signed', async () => {
    write('boots.sh', 'echo booted\n');
    const child = starterDefinition('child').replace(/ssm: .*/, 'pipeline: parent');
    write('child.yml', child.replace('team: platform\n', ''));
    write(
      'parent.yml',
      starterDefinition('parent').replace(/script: \|[\s\S]*os-release/, 'script: ./boots.sh'),
    );
    const fake = await service({
      'PUT /teams/platform/pipelines/parent': [
        { pipeline: 'parent', revision: 1, outcome: 'created', notes: [] },
      ],
      'PUT /teams/default/pipelines/child': [
        { pipeline: 'child', revision: 3, outcome: 'changed', notes: ['Nobody confirmed yet.'] },
      ],
    });

    const ran = await ovenbird(['apply', 'child.yml', 'parent.yml'], { cwd: folder, url: fake.url });

    expect(ran).toMatchObject({ code: 0, stderr: 'Nobody confirmed yet.\n' });
    expect(ran.stdout).toMatch(/PIPELINE +REVISION +OUTCOME\nparent +1 +created\nchild +3 +changed/);
    expect(fake.asked.map(({ body }) => body)).toMatchObject([
      { name: 'parent', tests: { suites: [{ script: 'echo booted' }] } },
      { name: 'child' },
    ]);
    expect(fake.asked[0]?.authorization).toMatch(/^AWS4-HMAC-SHA256 .*\/eu-west-1\/execute-api\//);
  });

  it('names file and line of what the service finds wrong', async () => {
    const text = starterDefinition('web');
    write('web.yml', text);
    const problems = [
      { field: 'base.ssm', message: 'is written by the pipeline base', fix: 'use base.pipeline: base' },
    ];
    const refused = problem(422, 'invalid-definition', 'base.ssm: no', { problems });
    const fake = await service({ 'PUT /teams/platform/pipelines/web': [{ status: 422, problem: refused }] });

    const { code, stdout, stderr } = await ovenbird(['apply', 'web.yml'], { cwd: folder, url: fake.url });

    const line = text.split('\n').findIndex((entry) => entry.includes('  ssm:')) + 1;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(
      `web.yml:${line}  base.ssm: is written by the pipeline base\n    fix: use base.pipeline`,
    );
  });
});

describe('ovenbird bake', () => {
  it('waits for the end when told so, and fails when nothing was released', async () => {
    const states = ['building', 'testing', 'failed'].map((state) => ({ ...bakeDetails, state }));
    const fake = await service({
      'GET /teams?pipeline=web': [{ pipeline: 'web', team: 'shop' }],
      'POST /teams/shop/pipelines/web/bakes': [
        { pipeline: 'web', outcome: 'started', bake: BAKE, reasons: [] },
      ],
      [`GET /bakes/${BAKE}`]: states,
    });

    const ran = await ovenbird(['bake', 'web', '--force', '--wait'], { url: fake.url });

    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe('building\ntesting\nfailed\n');
    expect(fake.asked[1]?.body).toEqual({ force: true });
  });

  it('says why a bake is held, and that being up to date is fine', async () => {
    const reasons = [{ code: 'ancestor-in-progress', message: 'hardened is baking; this waits for it.' }];
    const fake = await service({
      'POST /teams/shop/pipelines/web/bakes': [{ pipeline: 'web', outcome: 'held', change: 'C', reasons }],
      'POST /teams/shop/pipelines/base/bakes': [
        { pipeline: 'base', outcome: 'up-to-date', release: 'R1', reasons: [] },
      ],
    });

    const held = await ovenbird(['bake', 'web', '--team', 'shop'], { url: fake.url });
    const current = await ovenbird(['bake', 'base', '--wait', '--team', 'shop'], { url: fake.url });

    expect(held).toMatchObject({ code: 0, stdout: expect.stringContaining('hardened is baking') });
    expect(current).toMatchObject({ code: 0, stdout: 'base is up to date (release R1).\n' });
  });
});

describe('ovenbird status', () => {
  it('prints tables of at most 80 columns, however long the names are', async () => {
    const pipeline = {
      ...summarize(bakeSummary.pipeline, 'shop'),
      decision: { at, kind: 'hold', reasons: [{ code: 'debounce', message: bakeSummary.reason }] },
    };
    const fake = await service({
      'GET /pipelines': [{ items: [pipeline] }],
      'GET /bakes': [{ items: [bakeSummary] }],
      [`GET /bakes/${BAKE}`]: [bakeDetails],
    });

    const ran = await Promise.all([
      ovenbird(['status'], { url: fake.url }),
      ovenbird(['status', '--bakes'], { url: fake.url }),
      ovenbird(['status', '--bake', BAKE], { url: fake.url }),
    ]);

    for (const { code, stdout } of ran) {
      expect(code).toBe(0);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    }
    expect(ran[1]?.stdout).toContain(BAKE);
    expect(ran[2]?.stdout).toMatch(/packages +passed +3 required/);
    expect(ran[2]?.stdout).toContain('not known (x86-64): neither rpm nor dpkg');
    // What an approver has to know is never cut.
    expect(ran[2]?.stdout.replaceAll(/\s+/g, ' ')).toContain(
      'Warning: it will not arrive in 777788889999 eu-west-1: there is no key default. Deploy the template for targets there.',
    );
    expect(ran[1]?.stdout).toContain('awaiting-approval (2)');
  });

  it('prints what the service said as JSON, and nothing else, with --json', async () => {
    const fake = await service({ 'GET /bakes': [{ items: [bakeSummary], cursor: 'more' }] });

    const { stdout } = await ovenbird(['status', '--bakes', '--json'], { url: fake.url });

    expect(JSON.parse(stdout)).toEqual([bakeSummary]);
  });
});

describe('the team of a pipeline', () => {
  it('is looked up by name, unless it is given', async () => {
    const fake = await service({
      'GET /teams?pipeline=web': [{ pipeline: 'web', team: 'shop' }],
      'GET /teams/shop/pipelines': [{ items: [summarize('web', 'shop')] }],
      'GET /teams/shop/pipelines/web/bakes': [{ items: [bakeSummary] }],
    });
    const run = (...args: string[]) => ovenbird(['status', ...args], { url: fake.url });

    const found = await run('web', '--bakes');
    const given = await run('web', '--bakes', '--team', 'shop');
    const unknown = await run('nothing', '--bakes');
    const list = await run('--team', 'shop');

    expect([found.code, given.code, list.code]).toEqual([0, 0, 0]);
    expect(given.stdout).toBe(found.stdout);
    expect(list.stdout).toContain('web');
    expect(unknown.code).toBe(3);
    expect(fake.asked.map(({ call }) => call.split('limit')[0])).toEqual([
      'GET /teams?pipeline=web',
      'GET /teams/shop/pipelines/web/bakes?',
      'GET /teams/shop/pipelines/web/bakes?',
      'GET /teams?pipeline=nothing',
      'GET /teams/shop/pipelines?',
    ]);
  });

  it('is asked for where it may not be looked up', async () => {
    const refused = { status: 403, problem: { message: 'Forbidden' } };
    const fake = await service({ 'GET /teams?pipeline=web': [refused] });

    const ran = await ovenbird(['explain', 'web'], { url: fake.url });

    expect(ran.code).toBe(1);
    expect(ran.stderr.replaceAll('\n', ' ')).toMatch(/AWS refused GET \/teams.*--team TEAM/);
    for (const line of ran.stderr.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('ovenbird approve, reject', () => {
  it('takes the id of a bake as well as that of a request', async () => {
    const approval = {
      id: 'a'.repeat(32),
      bake: BAKE,
      attempt: 1,
      pipeline: 'web',
      approvers: ['ada@example.com'],
      imageDigest: 'i',
      evidenceDigest: 'e',
      targetsDigest: 't',
      state: 'approved',
      requestedAt: at,
      expiresAt: at,
      decision: { by: 'arn:aws:iam::1:user/dan', at, comment: '', via: 'api' },
    };
    const fake = await service({
      [`GET /bakes/${BAKE}`]: [{ ...bakeDetails, approval }],
      [`POST /approvals/${approval.id}/decision`]: [approval],
    });

    const byBake = await ovenbird(['approve', BAKE], { url: fake.url });
    const byRequest = await ovenbird(['reject', approval.id, '--comment', 'no'], { url: fake.url });

    expect(byBake).toMatchObject({ code: 0, stdout: 'web is approved by arn:aws:iam::1:user/dan.\n' });
    expect(byRequest.code).toBe(0);
    expect(fake.asked.at(-1)?.body).toEqual({ decision: 'reject', comment: 'no' });
  });
});

describe('exit codes', () => {
  it.each([
    [403, 1],
    [400, 2],
    [404, 3],
    [409, 4],
    [503, 5],
  ])('an answer of %i ends with %i', async (status, code) => {
    const refused = { status, problem: problem(status, 'some-code', 'What is wrong.') };
    const fake = await service({ [`POST /bakes/${BAKE}/cancel`]: [refused] });

    const ran = await ovenbird(['cancel', BAKE], { url: fake.url });

    expect(ran).toEqual({ code, stdout: '', stderr: 'ovenbird: What is wrong. (some-code)\n' });
  });

  it('are 5 when nothing answers or nothing is known, 2 for wrong usage', async () => {
    const [refused, page, unknown, usage] = await Promise.all([
      ovenbird(['status']),
      ovenbird(['status', '--api-url', 'ftp://x']),
      ovenbird(['status'], { cwd: folder, env: { OVENBIRD_API_URL: '', OVENBIRD_LOCAL_CLOUD: '/nowhere' } }),
      ovenbird(['reject', 'x']),
    ]);

    expect([refused.code, page.code, usage.code]).toEqual([5, 2, 2]);
    expect(refused.stderr).toContain('http://127.0.0.1:65500 cannot be reached: ECONNREFUSED');
    // A local cloud may run beside this test.
    if (unknown.code !== 0) expect(unknown.code).toBe(5);
  });
});

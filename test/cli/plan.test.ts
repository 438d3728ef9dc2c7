import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { createPreviewApi } from '../../functions/preview-plan/app.ts';
import { PreviewSchema } from '../../shared/domain/api/explanation.ts';
import {
  ami,
  BASE_PARAMETER,
  type ReconcileWorld,
  reconcileWorld,
  toDefinition,
} from '../support/reconcile-world.ts';
import { createApiForWorld, serveWorld } from '../support/serve-world.ts';
import { ovenbird } from './run.ts';

const LONG = 'a-web-server-with-a-name-of-forty-letter';
let world: ReconcileWorld;
let service: Awaited<ReturnType<typeof serveWorld>>;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ovenbird-plan-'));
  world = reconcileWorld();
  const targets = [{ account: '444455556666', regions: ['eu-west-1', 'us-east-1'] }];
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await world.apply({ name: LONG, base: 'base', more: { distribution: { targets } } });
  await world.apply({ name: 'manual', base: 'base', triggers: { mode: 'manual' } });
  for (let rounds = 0; rounds < 4; rounds += 1) {
    await world.runUntilIdle();
    for (const { id } of world.running()) await world.release(id);
  }
  await world.runUntilIdle();
  const unexpected = (error: unknown) => {
    throw error;
  };
  service = await serveWorld(world, [
    createApiForWorld(world),
    createPreviewApi({ ...world.ports, onError: unexpected }),
  ]);
});
afterEach(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]) => ovenbird(['plan', ...args], { url: service.url, cwd: folder });

describe('ovenbird plan', () => {
  it('shows waves, times, costs and what would not start, in 80 columns', async () => {
    const before = world.table.items();

    const { code, stdout } = await run('--change', `ssm:${BASE_PARAMETER}=${ami(2)}`);

    expect(code).toBe(0);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).toContain(`With\n  parameter ${BASE_PARAMETER}: ${ami(1)} ->`);
    expect(stdout).toMatch(/Wave 1: 1 image\n {2}PIPELINE .*\n {2}base +Build +now/);
    expect(stdout).toMatch(/Wave 2: 1 image\n.*\n {2}a-web-server-with/);
    expect(stdout).toContain('1 acc, 2 reg');
    expect(stdout).toMatch(/Would not start\n {2}manual: manual starts on request only/);
    expect(stdout).toMatch(/Costs +\$/);
    expect(stdout).toContain('Nothing was written.');
    expect(world.table.items()).toEqual(before);
  });

  it('prints the body of the API with --json', async () => {
    const { stdout } = await run('--json', '--change', `ssm:${BASE_PARAMETER}=${ami(2)}`);

    const preview = PreviewSchema.parse(JSON.parse(stdout));
    expect(preview.waves.map(({ bakes }) => bakes.map(({ pipeline }) => pipeline))).toEqual([
      ['base'],
      [LONG],
    ]);
  });

  it('says which region of a file it does not know', async () => {
    const targets = [{ account: '444455556666', regions: ['eu-west-7'] }];
    const definition = toDefinition({ name: 'edge', base: 'base', more: { distribution: { targets } } });
    writeFileSync(join(folder, 'edge.yml'), stringify(definition));

    const { code, stderr } = await run('edge.yml');

    expect(code).toBe(0);
    expect(stderr).toMatch(/^edge\.yml {2}eu-west-7 is no region that Ovenbird knows/);
  });

  it('takes files as apply does, parents first, and names file and line of what is wrong', async () => {
    const write = (name: string, base: string) =>
      writeFileSync(join(folder, `${name}.yml`), stringify(toDefinition({ name, base })));
    write('child', 'parent');
    write('parent', 'base');
    write('orphan', 'nobody');

    const good = await run('child.yml', 'parent.yml');
    const bad = await run('parent.yml', 'orphan.yml');

    expect(good.stdout).toMatch(/Wave 1: 1 image\n.*\n {2}parent .*\n\nWave 2: 1 image\n.*\n {2}child /);
    expect(bad.code).toBe(2);
    expect(bad.stderr).toMatch(/orphan\.yml:\d+ {2}base\.pipeline: There is no pipeline named "nobody"\./);
    expect(world.table.peek({ pk: 'PIPELINE#parent', sk: 'META' })).toBeUndefined();
  });

  it.each([
    [['--change', 'ssm:/x'], 2, 'SELECTOR=VERSION'],
    [['ssm:/x=y'], 2, '--change ssm:/x=y'],
    [['--change', 'ssm:/not/there=y'], 2, 'No pipeline uses ssm:/not/there'],
  ])('refuses %j', async (args, code, words) => {
    const ran = await run(...args);

    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr).toContain(words);
  });

  it('says so when nothing would bake', async () => {
    expect((await run()).stdout).toBe('Nothing would bake.\n\nNothing was written.\n');
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ami, BASE_PARAMETER, type ReconcileWorld, reconcileWorld } from '../support/reconcile-world.ts';
import { CALLER, serveWorld } from '../support/serve-world.ts';
import { ovenbird, type Ran } from './run.ts';

let world: ReconcileWorld;
let service: Awaited<ReturnType<typeof serveWorld>>;

beforeEach(async () => {
  world = reconcileWorld({ limits: { wave: 2 } });
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  for (const name of ['one', 'two']) await world.apply({ name, base: 'base' });
  for (let rounds = 0; rounds < 3; rounds += 1) {
    await world.runUntilIdle();
    for (const { id } of world.running()) await world.release(id);
  }
  await world.runUntilIdle();
  service = await serveWorld(world);
});
afterEach(async () => {
  await service.close();
});

async function run(...args: string[]): Promise<Ran> {
  const ran = await ovenbird(args, { url: service.url });
  for (const line of `${ran.stdout}${ran.stderr}`.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  return ran;
}

describe('ovenbird disable, enable', () => {
  it('says who disabled a pipeline and why, and what comes of enabling it', async () => {
    const disabled = await run('disable', 'one', '--reason', 'It waits for the new kernel.');
    const again = await run('disable', 'one');
    const shown = await run('status', 'one');
    const enabled = await run('enable', 'one');

    expect(disabled).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout.replaceAll('\n', ' ')).toContain(
      `one is disabled already, by ${CALLER} (It waits for the new kernel.).`,
    );
    expect(shown.stdout).toMatch(/Disabled +\S+ \S+ by/);
    expect(enabled.stdout).toBe('one is enabled. It is up to date.\n');
  });
});

describe('ovenbird delete', () => {
  it('names who is built on the pipeline; ends with 4 then, and with 3 when it is gone', async () => {
    const refused = await run('delete', 'base');
    const deleted = await run('delete', 'one');
    const gone = await run('delete', 'one');
    const history = await run('status', 'one', '--bakes');

    expect(refused).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('one and two are built on base.'),
    });
    expect([deleted.code, gone.code]).toEqual([0, 3]);
    expect(history.stdout).toContain(world.bakes('one')[0]?.id);
  });
});

describe('ovenbird waves, confirm', () => {
  it('lists what waits, starts it, and lists it no longer', async () => {
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(`ssm:eu-west-1:${BASE_PARAMETER}`);
    await world.runUntilIdle();

    const listed = await run('waves');
    const id = listed.stdout.slice(0, 26);
    const confirmed = await run('confirm', id);
    await world.runUntilIdle();
    const empty = await run('waves');
    const nothing = await run('confirm', world.changes()[0]?.id ?? '');

    expect(listed.stdout).toContain('more than 2 images\n  parameter');
    expect(confirmed.stdout).toContain('Confirmed: more than 2 images bake for parameter');
    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['base']);
    expect(empty.stdout).toBe('No wave waits for a confirmation.\n');
    expect(nothing.code).toBe(4);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Preview } from '../../../shared/domain/api/explanation.ts';
import { keys } from '../../../shared/domain/base/naming.ts';
import type { DefinitionInput } from '../../../shared/domain/definitions/definition.ts';
import { previewPlan } from '../../../shared/use-cases/preview/preview-plan.ts';
import {
  ami,
  BASE_PARAMETER,
  type ReconcileWorld,
  reconcileWorld,
  toDefinition,
} from '../../support/reconcile-world.ts';

const TOPIC = `ssm:eu-west-1:${BASE_PARAMETER}`;
const baseChange = (number: number) => ({ selector: `ssm:${BASE_PARAMETER}`, version: ami(number) });
const TOOL_CHANGE = { selector: 'component:tool/1.x.x', version: '1.1.0' };
/** Of an image of 8 GiB, for each that travels. */
const TRANSFER = 8 * 0.02;

let world: ReconcileWorld;
beforeEach(() => {
  world = reconcileWorld();
  world.publishComponent('tool', '1.0.0');
});

async function releaseAll(): Promise<void> {
  do {
    await world.runUntilIdle();
    for (const { id } of world.running()) await world.release(id);
    await world.runUntilIdle();
  } while (world.running().length > 0);
}

/** Minutes that the steps of all bakes so far have taken. */
async function recordDurations(
  minutes: { build?: number; test?: number; distribute?: number } = {},
  pipeline?: string,
) {
  const { build = 30, test = 1, distribute = 1 } = minutes;
  const steps = Object.entries({
    Preflight: 1,
    Build: build,
    Test: test,
    Distribute: distribute,
    Release: 1,
  });
  for (const { id, attempt, ...bake } of world.bakes()) {
    if (pipeline !== undefined && bake.pipeline !== pipeline) continue;
    for (const [name, length] of steps) {
      const startedAt = world.clock.now().toISOString();
      const endedAt = new Date(world.clock.now().getTime() + length * 60_000).toISOString();
      const step = { bake: id, attempt, name, state: 'succeeded', startedAt, endedAt, links: {} };
      await world.table.write([
        { put: { ...keys.step(id, attempt, name as Parameters<typeof keys.step>[2]), ...step } },
      ]);
    }
  }
}

async function runPreview(request: {
  definitions?: unknown[];
  changes?: { selector: string; version: string }[];
}): Promise<Preview> {
  return previewPlan(world.ports, { definitions: [], changes: [], ...request });
}
const listBakes = ({ waves }: Preview) => waves.flatMap(({ bakes }) => bakes);
const regions = (...names: string[]): Partial<DefinitionInput> => ({
  distribution: { targets: [{ account: '444455556666', regions: names }] },
});

describe('what a plan says that it costs', () => {
  it('is nothing for the copies of a release that is pointed to again', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER, more: regions('eu-west-1', 'us-east-1') });
    await releaseAll();
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(TOPIC);
    await releaseAll();
    world.clock.forward(7200);

    const [bake] = listBakes(await runPreview({ changes: [baseChange(1)] }));

    expect(bake).toMatchObject({ startsAt: 'Distribute', cost: { transfer: 0, monthly: 0 } });
  });

  it('is the new copy alone where a released image goes to one more region', async () => {
    const spec = { name: 'base', base: BASE_PARAMETER };
    await world.apply({ ...spec, more: regions('eu-west-1', 'us-east-1') });
    await releaseAll();

    const more = regions('eu-west-1', 'us-east-1', 'eu-north-1');
    const [bake] = listBakes(await runPreview({ definitions: [toDefinition({ ...spec, more })] }));

    expect(bake?.startsAt).toBe('Approve');
    expect(bake?.cost?.transfer).toBeCloseTo(TRANSFER);
  });

  it('is the tests alone where a retained image is judged in another way', async () => {
    const spec = { name: 'base', base: BASE_PARAMETER };
    await world.apply({ ...spec, more: regions('us-east-1') });
    await releaseAll();
    await recordDurations();

    const tests = { suites: [{ name: 'other', script: 'true' }] };
    const [bake] = listBakes(
      await runPreview({
        definitions: [toDefinition({ ...spec, more: { ...regions('us-east-1'), tests } })],
      }),
    );

    expect(bake).toMatchObject({ startsAt: 'Test', cost: { build: 0, transfer: 0, monthly: 0 } });
    expect(bake?.cost?.test).toBeGreaterThan(0);
  });

  it('counts no copies and no approval of what is overtaken', async () => {
    const more = { ...regions('us-east-1'), approval: { required: true, approvers: ['ann@example.com'] } };
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.apply({
      name: 'web',
      base: 'base',
      components: ['tool/1.x.x'],
      triggers: { maxHold: '0s' },
      more,
    });
    await releaseAll();
    await recordDurations({}, 'base');
    await recordDurations({ build: 60 }, 'web');

    const preview = await runPreview({ changes: [baseChange(2), TOOL_CHANGE] });

    const web = listBakes(preview).filter(({ pipeline }) => pipeline === 'web');
    expect(web.map(({ isSuperseded, cost }) => [isSuperseded, cost?.transfer])).toEqual([
      [true, 0],
      [false, TRANSFER],
    ]);
    expect(preview.approvals.count).toBe(1);
  });

  it('leaves out the tick of a schedule, which comes anyway', async () => {
    const schedule = { expression: 'cron(0 12 * * ? *)', startCondition: 'always' as const };
    await world.apply({ name: 'base', base: BASE_PARAMETER, components: ['tool/1.x.x'] });
    await world.apply({ name: 'daily', base: BASE_PARAMETER, triggers: { mode: 'schedule', schedule } });
    await releaseAll();
    world.clock.forward(5 * 3600);
    await world.sweep();
    await releaseAll();
    await recordDurations();

    const preview = await runPreview({ changes: [TOOL_CHANGE] });

    expect(listBakes(preview).map(({ pipeline, isAsked }) => [pipeline, isAsked])).toEqual([
      ['base', true],
      ['daily', false],
    ]);
    expect(preview.seconds).toBe(34 * 60);
  });
});

describe('how far a plan sees', () => {
  it('sees a bake to its end that has begun, and whatever follows, beyond the day that it waits', async () => {
    const schedule = { expression: 'cron(50 7 * * ? *)' };
    await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: { mode: 'schedule', schedule } });
    await world.apply({ name: 'web', base: 'base' });
    await world.request('base');
    await releaseAll();
    await recordDurations();

    const preview = await runPreview({ changes: [baseChange(2)] });

    expect(listBakes(preview).map(({ pipeline }) => pipeline)).toEqual(['base', 'web']);
    expect(preview.seconds).toBe((24 * 60 - 10 + 34 + 34) * 60);
  });

  it('overtakes no bake that is distributed by then', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.apply({
      name: 'web',
      base: 'base',
      components: ['tool/1.x.x'],
      triggers: { maxHold: '0s' },
    });
    await releaseAll();
    await recordDurations({ build: 30 }, 'base');
    await recordDurations({ build: 1, distribute: 60 }, 'web');

    const preview = await runPreview({ changes: [baseChange(2), TOOL_CHANGE] });

    expect(listBakes(preview).map(({ pipeline, isSuperseded }) => [pipeline, isSuperseded])).toEqual([
      ['base', false],
      ['web', false],
      ['web', false],
    ]);
  });

  it('takes up all that is due, and says so where that is more than it can', async () => {
    const due = async (from: number, to: number) => {
      for (let n = from; n < to; n += 1) {
        const name = `gone-${n}`;
        const at = world.clock.now().toISOString();
        const counts = { version: 1, supersededInRow: 0, consecutiveFailures: 0 };
        const marks = { dirty: true, changes: [], causes: [], dueAt: at, duePk: 'DUE#RECONCILE', dueSk: at };
        const row = { pipeline: name, ...counts, ...marks };
        await world.table.write([{ put: { ...keys.status(name), ...row } }]);
      }
    };
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await releaseAll();
    await due(0, 999);
    expect((await runPreview({ changes: [baseChange(2)] })).stopped).toBeUndefined();
    await due(999, 1001);

    expect((await runPreview({ changes: [baseChange(2)] })).stopped).toMatch(/^after 1,000 pipelines/);
  });
});

describe('a change that is given to a plan', () => {
  it.each([
    ['a pinned AMI', { ami: ami(9) }, `ami:${ami(9)}`],
    ['a version of a parameter', { ssm: `${BASE_PARAMETER}:3` }, `ssm:${BASE_PARAMETER}:3`],
  ])('cannot move %s', async (_what, base, selector) => {
    world.ports.images.describe = async () => ({
      artifact: {
        kind: 'ami',
        account: '999988887777',
        region: 'eu-west-1',
        imageId: ami(9),
        snapshotIds: [],
      },
      name: 'outside',
      state: 'available',
      architecture: 'x86_64',
      snapshots: [],
      tags: {},
    });
    world.parameters.set(`${BASE_PARAMETER}:3`, ami(3));
    await world.apply({ name: 'base', base: BASE_PARAMETER, more: { base } as Partial<DefinitionInput> });
    await releaseAll();

    await expect(runPreview({ changes: [{ selector, version: ami(10) }] })).rejects.toThrow('can never mean');
  });

  it('may name a container without its tag, as a definition may', async () => {
    const container = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/web';
    const { resolve } = world.ports.resolver;
    world.ports.resolver.resolve = async (selector) =>
      selector.kind === 'container' ? { found: true, version: 'sha256:1', detail: {} } : resolve(selector);
    await world.apply({ name: 'base', base: BASE_PARAMETER, more: { inputs: [{ container }] } });
    await releaseAll();

    const preview = await runPreview({
      changes: [{ selector: `container:${container}`, version: 'sha256:2' }],
    });

    expect(listBakes(preview)).toHaveLength(1);
  });
});

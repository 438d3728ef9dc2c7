import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Preview } from '../../../shared/domain/api/explanation.ts';
import { keys } from '../../../shared/domain/base/naming.ts';
import type { DefinitionInput } from '../../../shared/domain/definitions/definition.ts';
import { type PreviewDeps, previewPlan } from '../../../shared/use-cases/preview/preview-plan.ts';
import { confirmWave } from '../../../shared/use-cases/reconcile/confirm-wave.ts';
import { reconcileIfExists } from '../../../shared/use-cases/reconcile/reconcile-pipeline.ts';
import {
  ami,
  BASE_PARAMETER,
  type PipelineFixture,
  type ReconcileWorld,
  reconcileWorld,
  toDefinition,
} from '../../support/reconcile-world.ts';

const TOPIC = `ssm:eu-west-1:${BASE_PARAMETER}`;
const NEW_BASE = { selector: `ssm:${BASE_PARAMETER}`, version: ami(2) };

/** What the function is given: a table that can only be read. */
function readOnly(world: ReconcileWorld): PreviewDeps {
  const { get, getMany, query } = world.table;
  const { ports } = world;
  return {
    table: { get, getMany, query },
    clock: ports.clock,
    calendar: ports.calendar,
    ids: ports.ids,
    digest: ports.digest,
    limits: ports.limits,
    home: ports.home,
    locations: ports.locations,
    baseImages: ports.baseImages,
    components: ports.components,
    targetAccounts: ports.targetAccounts,
    instanceTypes: ports.instanceTypes,
    placements: ports.placements,
    resolver: ports.resolver,
  };
}
async function runPreview(
  world: ReconcileWorld,
  request: { definitions?: unknown[]; changes?: { selector: string; version: string }[] },
): Promise<Preview> {
  const before = world.table.items();
  const [plans, hints] = [world.reconcileRequests.length, world.hints.length];
  const preview = await previewPlan(readOnly(world), { definitions: [], changes: [], ...request });
  expect(world.table.items()).toEqual(before);
  expect([world.reconcileRequests.length, world.hints.length, world.executions.size]).toEqual([
    plans,
    hints,
    [...world.executions.keys()].length,
  ]);
  return preview;
}
const waves = ({ waves: all }: Preview) => all.map(({ bakes }) => bakes.map(({ pipeline }) => pipeline));

/** Bakes take no time here; what waits for time is reconciled when it comes. */
async function runForHours(world: ReconcileWorld, hours = 24): Promise<void> {
  const last = world.clock.now().getTime() + hours * 3_600_000;
  for (let rounds = 0; rounds < 2000; rounds += 1) {
    await world.runUntilIdle();
    await world.endStopped();
    for (const { id } of world.running()) await world.release(id);
    await world.runUntilIdle();
    await world.sweep();
    await world.runUntilIdle();
    if (world.running().length > 0) continue;
    const due = world.table
      .items()
      .flatMap(({ duePk, dueSk }) => (duePk === 'DUE#RECONCILE' ? [Date.parse(String(dueSk))] : []));
    const next = Math.min(...due, ...world.reconcileRequests.map(({ at }) => at));
    if (!Number.isFinite(next) || next > last) return;
    world.clock.forward(Math.max(1, (next - world.clock.now().getTime()) / 1000));
  }
  throw new Error('The world does not come to rest.');
}

let world: ReconcileWorld;
beforeEach(async () => {
  world = reconcileWorld();
  world.publishComponent('web-server', '1.0.0');
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await world.apply({ name: 'hardened', base: 'base' });
  await world.apply({ name: 'web', base: 'hardened', components: ['web-server/1.x.x'] });
  await world.apply({ name: 'batch', base: 'hardened' });
  await runForHours(world);
});

describe('a plan', () => {
  it('shows the bakes that a change leads to, wave by wave, and writes nothing', async () => {
    const preview = await runPreview(world, { changes: [NEW_BASE] });

    expect(waves(preview)).toEqual([['base'], ['hardened'], ['batch', 'web']]);
    expect(preview.moved).toMatchObject([{ selector: TOPIC, from: ami(1), to: ami(2) }]);
    expect(preview.held).toEqual([]);
    expect(preview.stopped).toBeUndefined();
  });

  it('understands selectors as definitions write them, and short versions', async () => {
    const preview = await runPreview(world, {
      changes: [{ selector: 'component:web-server/1.x.x', version: '1.1.0' }],
    });

    expect(waves(preview)).toEqual([['web']]);
    expect(preview.waves[0]?.bakes[0]?.reason).toContain('component web-server/1.x.x: 1.0.0/1 -> 1.1.0/1');
  });

  it('says what does not change, and refuses a selector that no pipeline uses or that only a release changes', async () => {
    const back = await runPreview(world, {
      changes: [{ selector: 'component:web-server/1.x.x', version: '1.0.0' }],
    });

    expect(back.waves).toEqual([]);
    expect(back.notes).toEqual([expect.stringContaining('would not move from 1.0.0/1 to 1.0.0/1')]);
    for (const selector of ['ssm:/not/there', 'pipeline:base'])
      await expect(runPreview(world, { changes: [{ selector, version: 'x' }] })).rejects.toMatchObject({
        code: 'invalid-request',
      });
    const other = { selector: 'component:web-server/1.x.x', version: '2.0.0' };
    await expect(runPreview(world, { changes: [other] })).rejects.toThrow('can never mean 2.0.0');
  });

  it('of definitions: shows what they would bake, with the errors of apply where they are wrong', async () => {
    const fresh = toDefinition({ name: 'fresh', base: 'hardened' });
    const child = toDefinition({ name: 'fresh-child', base: 'fresh' });

    const preview = await runPreview(world, { definitions: [fresh, child] });

    expect(preview.applied).toMatchObject([{ pipeline: 'fresh', outcome: 'created' }, { revision: 1 }]);
    expect(waves(preview)).toEqual([['fresh'], ['fresh-child']]);
    const orphan = toDefinition({ name: 'orphan', base: 'nobody' });
    await expect(runPreview(world, { definitions: [fresh, orphan] })).rejects.toMatchObject({
      code: 'invalid-definition',
      problems: [{ file: 'orphan', field: 'base.pipeline', message: 'There is no pipeline named "nobody".' }],
    });
  });

  it('names what would not start, and why', async () => {
    await world.apply({ name: 'batch', base: 'hardened', triggers: { mode: 'manual' } });
    await runForHours(world);

    const preview = await runPreview(world, { changes: [NEW_BASE] });

    expect(waves(preview)).toEqual([['base'], ['hardened'], ['web']]);
    expect(preview.held).toMatchObject([
      { pipeline: 'batch', reasons: [{ code: 'manual', remedies: [{ condition: 'request' }] }] },
    ]);
  });

  it('goes on as if a wave that is too large were confirmed, and says that it needs that', async () => {
    Object.assign(world.ports.limits, { wave: 2 });

    const preview = await runPreview(world, { changes: [NEW_BASE] });

    expect(preview.confirm).toMatchObject([{ selector: TOPIC, wave: { size: 2, isMore: true } }]);
    expect(waves(preview).flat()).toHaveLength(4);
  });

  it('does so too where a wave is counted when the pipeline that was changed is released', async () => {
    Object.assign(world.ports.limits, { wave: 2 });
    const definition = toDefinition({
      name: 'base',
      base: BASE_PARAMETER,
      more: { build: { rootVolumeGiB: 20 } },
    });

    const preview = await runPreview(world, { definitions: [definition] });

    expect(preview.confirm).toMatchObject([
      { selector: 'definition:base', wave: { size: 2, isMore: true, confirmed: { by: 'preview' } } },
    ]);
    expect(waves(preview)).toEqual([['base'], ['hardened'], ['batch', 'web']]);
    expect(preview.held).toEqual([]);
  });

  it('leaves a wave that others have to confirm to them', async () => {
    Object.assign(world.ports.limits, { wave: 2 });
    await world.request('base', true);
    await world.runUntilIdle();

    const preview = await runPreview(world, {
      changes: [{ selector: 'component:web-server/1.x.x', version: '1.1.0' }],
    });

    expect(preview.confirm).toEqual([]);
    expect(waves(preview)).toEqual([['web']]);
    expect(preview.held).toMatchObject([{ pipeline: 'hardened', reasons: [{ code: 'wave-unconfirmed' }] }]);
  });

  it('tells what happens anyway from what was asked', async () => {
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(TOPIC);
    await world.runUntilIdle();

    const preview = await runPreview(world, {
      changes: [{ selector: 'component:web-server/1.x.x', version: '1.1.0' }],
    });

    const asked = preview.waves.flatMap(({ bakes }) =>
      bakes.map(({ pipeline, isAsked }) => [pipeline, isAsked]),
    );
    expect(preview.running).toMatchObject([{ pipeline: 'base', state: 'queued' }]);
    expect(asked).toEqual([
      ['hardened', false],
      ['batch', false],
      ['web', true],
    ]);
  });

  it('takes times from bakes that were, prices from the table, and says what it does not know', async () => {
    const unknown = await runPreview(world, { changes: [NEW_BASE] });
    expect(unknown.seconds).toBeUndefined();
    expect([...unknown.unknownTime].sort()).toEqual(['base', 'batch', 'hardened', 'web']);

    for (const { id, attempt } of world.bakes())
      for (const [name, minutes] of [
        ['Preflight', 1],
        ['Build', 20],
        ['Test', 5],
      ] as const) {
        const startedAt = world.clock.now().toISOString();
        const endedAt = new Date(world.clock.now().getTime() + minutes * 60_000).toISOString();
        const step = { bake: id, attempt, name, state: 'succeeded', startedAt, endedAt, links: {} };
        await world.table.write([{ put: { ...keys.step(id, attempt, name), ...step } }]);
      }
    const targets = [{ account: '444455556666', regions: ['eu-west-1', 'us-east-1'] }];
    const spec = { name: 'web', base: 'hardened', components: ['web-server/1.x.x'] };
    const preview = await runPreview(world, {
      definitions: [
        toDefinition({ ...spec, more: { distribution: { targets }, build: { rootVolumeGiB: 10 } } }),
      ],
      changes: [NEW_BASE],
    });

    const web = preview.waves.flatMap(({ bakes }) => bakes).findLast(({ pipeline }) => pipeline === 'web');
    expect(web).toMatchObject({
      seconds: 26 * 60,
      timesFrom: 'pipeline',
      targets: [{}, { region: 'us-east-1' }],
    });
    // Three levels, 26 minutes each.
    expect(preview.seconds).toBe(3 * 26 * 60);
    Object.assign(world.ports.limits, { bakes: 1 });
    const inLine = await runPreview(world, { changes: [NEW_BASE] });
    expect(inLine.seconds).toBe(4 * 26 * 60);
    expect(web?.cost?.build).toBeCloseTo((0.0416 * 20) / 60);
    expect(web?.cost?.test).toBeCloseTo((0.0208 * 5) / 60);
    expect(web?.cost?.transfer).toBeCloseTo(10 * 0.02);
    expect(web?.cost?.monthly).toBeCloseTo(3 * 10 * 0.05);
  });

  it('stops after as many bakes as it may play, and says so', async () => {
    const many = Array.from({ length: 100 }, (_, n) => ({ name: `image-${n}`, base: 'hardened' }));
    for (const spec of many) await world.apply(spec);
    await runForHours(world);
    for (const spec of many) await world.apply({ ...spec, name: `${spec.name}-child`, base: spec.name });
    await runForHours(world);

    const preview = await runPreview(world, { changes: [NEW_BASE] });

    expect(preview.stopped).toBe('after 200 bakes');
  });
});

type Triggers = NonNullable<DefinitionInput['triggers']>;
const triggers = fc.constantFrom<Triggers>(
  { debounce: '0s' },
  { debounce: '5m' },
  { debounce: '0s', mode: 'manual' },
  { debounce: '0s', mode: 'schedule', schedule: { expression: 'cron(0 12 * * ? *)' } },
  { debounce: '0s', mode: 'schedule', schedule: { expression: 'rate(7 hours)' } },
  { debounce: '0s', freeze: [{ reason: 'Sale', from: '2026-03-02T00:00:00Z', to: '2026-03-02T20:00:00Z' }] },
);
const estate = fc.record({
  shapes: fc.array(
    fc.record({ parent: fc.nat(6), component: fc.boolean(), input: fc.nat(9), triggers, pinned: fc.nat(6) }),
    { minLength: 1, maxLength: 7 },
  ),
  isApplied: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
  moves: fc.subarray(['base', 'component'], { minLength: 0 }),
  bakes: fc.constantFrom(1, 2, 100),
  wave: fc.constantFrom(2, 100),
});

describe('a plan of any estate', () => {
  it('equals what is then executed', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(estate, async ({ shapes, isApplied, moves, bakes, wave }) => {
        const specs = shapes.map((shape, index): PipelineFixture => {
          const parent = (number: number) => `image-${number}`;
          const inputs = shape.input < index ? [{ pipeline: parent(shape.input) }] : [];
          const isSame = shape.parent < index && shape.parent === shape.input;
          return {
            name: `image-${index}`,
            base: shape.parent < index ? parent(shape.parent) : BASE_PARAMETER,
            components: shape.component ? ['tool/1.x.x'] : [],
            triggers: shape.triggers,
            more: { inputs: isSame ? [] : inputs, lifecycle: { pinned: shape.pinned === 0 } },
          };
        });
        const own = reconcileWorld();
        own.publishComponent('tool', '1.0.0');
        for (const spec of specs)
          await own.apply({
            ...spec,
            triggers: { debounce: '0s' },
            more: { inputs: spec.more?.inputs ?? [] },
          });
        await runForHours(own, 0);
        Object.assign(own.ports.limits, { bakes, wave });

        const chosen = specs.filter((_, index) => isApplied[index]);
        const changes = [
          ...(moves.includes('base') ? [NEW_BASE] : []),
          ...(moves.includes('component') && specs.some(({ components = [] }) => components.length > 0)
            ? [{ selector: 'component:tool/1.x.x', version: '1.1.0' }]
            : []),
        ];
        const preview = await runPreview(own, { definitions: chosen.map(toDefinition), changes });

        const before = new Set(own.bakes().map(({ id }) => id));
        for (const spec of chosen) await own.apply(spec);
        for (const { selector } of changes) {
          if (selector.startsWith('ssm')) own.parameters.set(BASE_PARAMETER, ami(2));
          else own.publishComponent('tool', '1.1.0');
        }
        for (const { selector } of preview.moved)
          await own.detect(selector.startsWith('ssm') ? TOPIC : own.publishComponent('tool', '1.1.0'));
        for (const { id, wave: found } of own.changes())
          if (found !== undefined) await confirmWave(own.ports, { change: id, by: 'anna' });
        await runForHours(own);

        const done = own.bakes().filter(({ id, state }) => !before.has(id) && state === 'released');
        const planned = preview.waves.flatMap((entry) => entry.bakes).filter((bake) => !bake.isSuperseded);
        const shown = ({ pipeline, startsAt }: { pipeline: string; startsAt: string }) =>
          `${pipeline} ${startsAt}`;
        expect(planned.map(shown).sort()).toEqual(done.map(shown).sort());
        // A record tells what held when it was written; who held it may rest by now.
        for (const { pipeline } of preview.held) await reconcileIfExists(own.ports, pipeline);
        const held = (name: string) => own.status(name)?.decision;
        for (const { pipeline, reasons } of preview.held)
          expect(held(pipeline)?.reasons.map(({ code }) => code)).toEqual(reasons.map(({ code }) => code));
        compared += done.length;
      }),
      { numRuns: 30 },
    );
    expect(compared).toBeGreaterThan(20);
  });
});

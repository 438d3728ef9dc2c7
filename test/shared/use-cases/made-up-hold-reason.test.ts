import { describe, expect, it, jest } from '@jest/globals';
import type { HoldReasonKind } from '../../../shared/domain/reconcile/hold-reason-kind.ts';
import type { ReconcileWorld } from '../../support/reconcile-world.ts';

const TABLE = '../../../shared/domain/reconcile/hold-reasons.ts';
const OPENS = '2026-03-02T20:00:00.000Z';
const HOUR = 3600;

/** A pipeline that has a release starts its next bake at night. */
const nightShift: HoldReasonKind<{ readonly until: string; readonly detail: string }> = {
  endedBy: 'event',
  settles: true,
  skipsSchedule: false,
  find: ({ observed, now }) =>
    observed.pipeline.name === 'parent' && observed.channel !== undefined && now.toISOString() < OPENS
      ? [{ until: OPENS, detail: 'Nights only' }]
      : [],
  message: ({ detail }, pipeline) => `${detail}: ${pipeline} waits.`,
  remedies: ({ until }) => [{ condition: 'time', sentence: 'when the night begins', until }],
  checkAgainAt: ({ until }) => until,
};
// The one line that a new hold reason takes.
jest.mock(TABLE, () => {
  const { HOLD_REASONS } = jest.requireActual<{ HOLD_REASONS: object }>(TABLE);
  return { HOLD_REASONS: { ...HOLD_REASONS, 'night-shift': nightShift } };
});

async function createWorld(): Promise<ReconcileWorld> {
  const { reconcileWorld, BASE_PARAMETER } = await import('../../support/reconcile-world.ts');
  const world = reconcileWorld();
  world.publishComponent('agents', '1.0.0');
  await world.apply({ name: 'parent', base: BASE_PARAMETER });
  await world.apply({ name: 'child', base: 'parent', components: ['agents/1.x.x'] });
  await world.runUntilIdle();
  const { releaseAll } = await import('../../support/reconcile-steps.ts');
  await releaseAll(world);
  return world;
}

describe('a hold reason that is added to the table', () => {
  it('holds a pipeline with its message, is explained with its remedies, and ends when it says', async () => {
    const world = await createWorld();
    const { changeBase, passTime, listRunning } = await import('../../support/reconcile-steps.ts');
    const { explainPipeline } = await import('../../../shared/use-cases/queries/explain-pipeline.ts');

    await changeBase(world, 2);

    expect(listRunning(world)).toEqual([]);
    expect(world.status('parent')).toMatchObject({
      dueAt: OPENS,
      decision: {
        kind: 'hold',
        reasons: [
          { code: 'night-shift', message: 'Nights only: parent waits.', detail: 'Nights only', until: OPENS },
        ],
      },
    });
    const { decision, dueAt } = await explainPipeline(world.ports, 'parent');
    expect(dueAt).toBe(OPENS);
    expect(decision?.reasons).toMatchObject([
      {
        code: 'night-shift',
        remedies: [{ condition: 'time', sentence: 'when the night begins', until: OPENS }],
      },
    ]);

    await passTime(world, 11 * HOUR);
    expect(listRunning(world)).toEqual([]);
    await passTime(world, HOUR);
    expect(listRunning(world)).toEqual(['parent']);
  });

  it('lets dependents start where it settles the pipeline', async () => {
    const world = await createWorld();
    const { changeBase, changeComponent, listRunning } = await import('../../support/reconcile-steps.ts');

    await changeBase(world, 2);
    await changeComponent(world, 'agents', '1.1.0');

    expect(listRunning(world)).toEqual(['child']);
  });

  it('gives way to a request', async () => {
    const world = await createWorld();
    const { changeBase } = await import('../../support/reconcile-steps.ts');
    await changeBase(world, 2);

    expect(await world.request('parent')).toMatchObject({ kind: 'started' });
  });
});

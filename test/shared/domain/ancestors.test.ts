import { describe, expect, it } from '@jest/globals';
import { advanceHeldByAncestors } from '../../../shared/domain/reconcile/ancestors.ts';
import { toHoldReason } from '../../../shared/domain/reconcile/holds.ts';
import type { HoldReason, PipelineStatus } from '../../../shared/domain/records/status.ts';
import { BASE_PARAMETER, reconcileWorld } from '../../support/reconcile-world.ts';

const SINCE = '2026-03-02T08:00:00.000Z';
const NOW = new Date('2026-03-02T08:10:00.000Z');
const UNTIL = '2026-03-02T09:00:00.000Z';

const ancestor = (until?: string) => toHoldReason('ancestor-in-progress', { pipeline: 'base', until }, 'web');
const usedUp = toHoldReason('concurrency', { capacity: 'account', used: 2 }, 'web');
const ahead = toHoldReason('concurrency', { capacity: 'team:web', pipeline: 'long' }, 'web');
const debounce = toHoldReason('debounce', { until: UNTIL }, 'web');

/** What is recorded of a pipeline that ancestors alone held at `SINCE`, after 100 seconds that had counted before. */
async function advance(
  reasons: readonly HoldReason[],
  heldByAncestors: PipelineStatus['heldByAncestors'] = { seconds: 100, since: SINCE },
) {
  const world = reconcileWorld();
  await world.apply({ name: 'web', base: BASE_PARAMETER });
  const { debounceUntil: _, ...status } = world.seen('web').status;
  const observed = { ...world.seen('web'), status: { ...status, heldByAncestors } };
  return advanceHeldByAncestors({ observed, now: NOW }, reasons);
}

describe('the time for which ancestors alone have held a pipeline', () => {
  it('goes on while they do', async () => {
    expect(await advance([ancestor(UNTIL)])).toEqual({ seconds: 700, since: NOW.toISOString() });
  });

  it.each([
    ['all slots are used', [usedUp]],
    ['another goes first', [ahead]],
    ['of both', [usedUp, ahead]],
  ])('counts up to where a slot alone is missing, and stands then: %s', async (_, reasons) => {
    const held = await advance(reasons);

    expect(held).toEqual({ seconds: 700 });
    expect(await advance(reasons, held)).toEqual({ seconds: 700 });
  });

  it.each([
    ['something else', [debounce, ancestor(UNTIL)]],
    ['a missing slot as well', [ancestor()]],
    ['something else and a missing slot', [debounce, usedUp]],
  ])('does not count up to where they hold it with %s', async (_, reasons) => {
    expect(await advance(reasons)).toEqual({ seconds: 100 });
  });
});

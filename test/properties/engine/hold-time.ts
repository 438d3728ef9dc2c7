/**
 * How long ancestors alone have held each pipeline (rule 3), counted by the world's clock: what is certain to hold it as well is taken off, by the
 * definitions and not by the reasons that the engine records.
 */
import type { PipelineStatus } from '../../../shared/domain/records/status.ts';
import type { ReconcileWorld } from '../../support/reconcile-world.ts';
import type { Entry } from './estate.ts';
import type { WatchedHistory } from './watch.ts';

export const HOLD_SECONDS = { '3d': 3 * 86_400, '2h': 2 * 3600, '0s': 0 } as const;
const HOUR_MS = 3_600_000;

/** Milliseconds and moments by pipeline. */
export interface HoldTimes {
  /** For at most so long, since it last had nothing to do, ancestors alone can have held it. */
  readonly most: Map<string, number>;
  /** Since then at the latest, and without a break, they are all that holds it. */
  readonly aloneSince: Map<string, number>;
}

/** Since when it has had something to do. */
export function computeStaleSince(world: ReconcileWorld, status: PipelineStatus): number {
  const times = [status.dirtySince, ...status.changes.map((id) => world.change(id)?.at)];
  const found = times.flatMap((at) => (at === undefined ? [] : [Date.parse(at)]));
  return found.length === 0 ? world.clock.now().getTime() : Math.min(...found);
}

/** Counts with every step of the world's clock. */
export function countHoldTimes(world: ReconcileWorld, entries: readonly Entry[], seen: WatchedHistory): void {
  const { clock } = world;
  const forward = clock.forward.bind(clock);
  clock.forward = (seconds) => {
    const from = clock.now().getTime();
    forward(seconds);
    const to = clock.now().getTime();
    const { bakes, bakesOfTeam } = world.ports.limits;
    const isFull = world.running().length >= Math.min(bakes, bakesOfTeam);
    for (const entry of entries) {
      if (isFull && seen.holdTimes.aloneSince.has(entry.name)) seen.holdTimes.aloneSince.set(entry.name, to);
      countMost(world, entry, seen, from, to);
    }
  };
}

function countMost(
  world: ReconcileWorld,
  entry: Entry,
  seen: WatchedHistory,
  from: number,
  to: number,
): void {
  const { most } = seen.holdTimes;
  const status = world.status(entry.name);
  if (status?.dirtySince === undefined || status.activeBake !== undefined) {
    most.delete(entry.name);
    return;
  }
  const start = Math.max(from, findOtherEnd(world, entry, seen, status));
  most.set(entry.name, (most.get(entry.name) ?? 0) + Math.max(0, to - start));
}

/** Until then something else holds the pipeline for certain. */
function findOtherEnd(
  world: ReconcileWorld,
  { name, given }: Entry,
  seen: WatchedHistory,
  status: PipelineStatus,
): number {
  if (status.request !== undefined) return 0;
  const row = world.pipeline(name);
  if (!row.enabled || given.pinned || given.mode === 'manual') return Number.POSITIVE_INFINITY;
  const staleSince = computeStaleSince(world, status);
  const marked = seen.lastMarkedAt.get(name);
  const debounce =
    marked === undefined
      ? 0
      : Math.min(marked + given.debounceSeconds * 1000, staleSince + given.longestWaitSeconds * 1000);
  if (given.mode !== 'hourly') return debounce;
  const anchor = Date.parse(row.spec.schedule?.since ?? '1970-01-01T00:00:00Z');
  const tick = anchor + Math.ceil((staleSince - anchor) / HOUR_MS) * HOUR_MS;
  return Math.max(debounce, tick);
}

/** Notes from when on ancestors are all that a recorded decision names; a mark begins a debounce, after which they are again. */
export function recordAlone(
  world: ReconcileWorld,
  { holdTimes: { aloneSince } }: Pick<WatchedHistory, 'holdTimes'>,
  entry: Entry,
  {
    before,
    after,
  }: { readonly before: PipelineStatus | undefined; readonly after: PipelineStatus | undefined },
): void {
  if (!isAlone(after)) {
    aloneSince.delete(entry.name);
    return;
  }
  const isDecided = after?.decision?.version === after?.version;
  if (isDecided && isAlone(before) && aloneSince.has(entry.name)) return;
  const debounce = isDecided ? 0 : entry.given.debounceSeconds * 1000;
  aloneSince.set(entry.name, world.clock.now().getTime() + debounce);
}

function isAlone(status: PipelineStatus | undefined): boolean {
  if (status === undefined || status.activeBake !== undefined || status.decision?.kind !== 'hold')
    return false;
  return status.decision.reasons.every(({ code }) => code === 'ancestor-in-progress');
}

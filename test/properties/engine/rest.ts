/** Changes stop and nothing fails any more; time passes until there is nothing left to do. */
import { due, keys } from '../../../shared/domain/base/naming.ts';
import { SelectorRecordSchema } from '../../../shared/domain/records/selectors.ts';
import { selectorKey } from '../../../shared/domain/selectors/selectors.ts';
import { listExternalDependencies, parsePipelineIndex, toSelector } from './estate.ts';
import { succeeds } from './handlers.ts';
import { checkNotHeldByIdleAncestors } from './judge.ts';
import type { Stage } from './stage.ts';
import { confirmWaves, drain } from './work.ts';

const MAX_ROUNDS = 400;

/** One look at everything that time or a lost message has left, without anybody's bake coming to its end. */
export async function runMaintenance(stage: Stage): Promise<void> {
  const { world, handlerPorts: process } = stage;
  await succeeds(() => world.resync(process()));
  if (stage.confirmsWaves) await confirmWaves(stage);
  await drain(stage);
  await succeeds(() => world.sweep(process()));
  await drain(stage);
  await succeeds(() => world.endStopped(process()));
  await drain(stage);
}

/** `isWordLate`: as far as can be without anybody's word. */
export async function runUntilIdle(stage: Stage, { isWordLate = false } = {}): Promise<void> {
  const { world } = stage;
  stage.losesQueueMessages = false;
  stage.remainingThrottles = 0;
  let quiet = 0;
  for (let round = 0; round < MAX_ROUNDS && quiet < 2; round += 1) {
    const before = describeActivity(stage);
    await runMaintenance(stage);
    if (isWordLate) stage.broken.push(...checkNotHeldByIdleAncestors(stage));
    else await confirmWaves(stage);
    for (const { id } of world.running())
      if (world.hasStarted(id)) await succeeds(() => world.release(id, stage.handlerPorts()));
    await drain(stage);
    const next = findNextDue(stage);
    quiet =
      describeActivity(stage) === before && next === undefined && world.running().length === 0
        ? quiet + 1
        : 0;
    advanceClock(stage, next);
  }
  if (quiet < 2) stage.broken.push(`1: it does not come to rest: ${describeUnfinished(stage)}`);
}

/** What changes whenever anybody does anything. */
function describeActivity({ world, seen }: Stage): string {
  return [
    seen.started.length,
    world.changes().length,
    world.hints.length,
    world.reconcileRequests.length,
  ].join(' ');
}

/** The next time at which a row is due. A pipeline that waits for a first release waits for a person, not for a time. */
function findNextDue(stage: Stage): number | undefined {
  const { world, entries } = stage;
  const dueRows = [due.reconcile, due.fanOut, due.outbox, due.confirmed, due.selectors].flatMap((pk) =>
    world.due(pk),
  );
  const timed = dueRows.filter(({ pipeline }) => {
    const row = typeof pipeline === 'string' ? world.status(pipeline) : undefined;
    // A settled pipeline is looked at with every tick of a schedule that has no end.
    if (row?.dirty === false && entries[parsePipelineIndex(row.pipeline)]?.given.mode === 'hourly')
      return false;
    return row?.decision?.reasons.some(({ code }) => code === 'unresolved') !== true;
  });
  const queued = world.running().length > 0 ? [world.clock.now().getTime() + 61_000] : [];
  const times = [
    ...timed.map(({ dueSk }) => Date.parse(String(dueSk))),
    ...world.reconcileRequests.map(({ at }) => at),
    ...queued,
    ...listUnsettledTimes(stage),
  ];
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Values that went to and fro count when they have stood still; the resync looks again. */
function listUnsettledTimes({ world, entries }: Stage): number[] {
  const keysUsed = new Set(
    entries
      .flatMap(listExternalDependencies)
      .map(({ source, range }) => selectorKey(toSelector(source, range))),
  );
  return [...keysUsed].flatMap((key) => {
    const row = world.table.peek(keys.selector(key));
    const until = row === undefined ? undefined : SelectorRecordSchema.parse(row).unsettled?.until;
    return until === undefined ? [] : [Date.parse(until)];
  });
}

/** A minute at least, which is how often the sweep comes. */
function advanceClock({ world }: Stage, next: number | undefined): void {
  const now = world.clock.now().getTime();
  world.clock.forward(Math.max(60, Math.ceil(((next ?? now) - now) / 1000) + 1));
}

function describeUnfinished({ world, entries }: Stage): string {
  return entries
    .flatMap(({ name }) => {
      const row = world.status(name);
      const why = row?.decision?.reasons.map(({ code }) => code).join('+');
      return row?.dirty || row?.activeBake ? [`${name} ${why ?? ''} ${row.activeBake ?? ''}`] : [];
    })
    .join('; ');
}

/** No approval is decided, for longer than any hold: dependents must not wait for ever (rule 3). */
export async function waitWithoutApprovals(stage: Stage): Promise<void> {
  const { world } = stage;
  for (const hours of [0, 1, 25, 48, 2]) {
    world.clock.forward(hours * 3600);
    for (let round = 0; round < 3; round += 1) {
      await runMaintenance(stage);
      world.clock.forward(901);
    }
    stage.broken.push(...checkNotHeldByIdleAncestors(stage));
  }
}

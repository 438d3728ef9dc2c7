/** What must hold when everything has come to rest. */

import { keys } from '../../../shared/domain/base/naming.ts';
import { isTerminal } from '../../../shared/domain/records/attempt-states.ts';
import type { BakeRecord } from '../../../shared/domain/records/bakes.ts';
import { CapacityRecordSchema } from '../../../shared/domain/records/status.ts';
import { selectorKey } from '../../../shared/domain/selectors/selectors.ts';
import { BAKE_STARTED } from '../../../shared/events/bake-started.ts';
import { type Entry, listExternalDependencies, TICKS, toSelector } from './estate.ts';
import { hasDesiredVersions, isFresh, readCurrentBake, readDesiredVersions } from './freshness.ts';
import { HOLD_SECONDS } from './hold-time.ts';
import { hasChanged } from './oracle.ts';
import { toOracleDependency } from './outside.ts';
import type { Stage } from './stage.ts';
import { toFingerprintKey } from './start-rules.ts';

export function checkFinalState(stage: Stage): string[] {
  return [
    ...stage.entries.flatMap((entry) => [
      ...checkChangesDetected(stage, entry),
      ...checkUpToDateOrExcused(stage, entry),
      ...checkScheduleTicks(stage, entry),
      ...checkTargetsReached(stage, entry),
      ...checkForcedRequests(stage, entry),
    ]),
    ...checkNothingLost(stage),
  ];
}

/** Rule 1, first half: what has moved outside is known. */
function checkChangesDetected({ world }: Stage, entry: Entry): string[] {
  return listExternalDependencies(entry).flatMap(({ source, range }) => {
    const selector = toSelector(source, range);
    const version = world.table.peek(keys.selector(selectorKey(selector)))?.version;
    const known = typeof version === 'string' ? version : undefined;
    return hasChanged(toOracleDependency(world.sources, selector, known))
      ? [`1: ${selectorKey(selector)} is ${world.sources.meaning(selector)}, but ${known} was detected`]
      : [];
  });
}

/** Rules 1 and 7: a stale pipeline has a reason that is true, and a fresh one says so. */
function checkUpToDateOrExcused(stage: Stage, entry: Entry): string[] {
  const { world, seen } = stage;
  const { name } = entry;
  const decision = world.status(name)?.decision;
  if (decision === undefined) return [`7: nothing is recorded of ${name}`];
  const isNow = isFresh(stage, entry);
  const codes = new Set(decision.reasons.map(({ code }) => code));
  const said = `${decision.kind}: ${[...codes].join(', ')}`;
  if (isNow === true) return [];
  const expected = listAllowedHoldReasons(stage, entry, isNow);
  const isExcused = expected.some((code) => (codes as Set<string>).has(code));
  if (isExcused) return [];
  const refused = [...seen.refused].filter((key) => key.startsWith(`${name} `)).length;
  return [
    `${expected.length > 0 ? 7 : 1}: ${name} is stale and says ${said}; it may say ${expected.join(', ') || 'nothing'}${refused > 0 ? ' (something was refused)' : ''}`,
  ];
}

/** Reasons for which a stale pipeline may rest, by what is known of it. */
function listAllowedHoldReasons(stage: Stage, entry: Entry, isNow: boolean | undefined): string[] {
  const { world } = stage;
  const { name, given } = entry;
  const row = world.pipeline(name);
  const status = world.status(name);
  const isOver = given.mode === 'always' && world.clock.now().getTime() > (TICKS.at(-1) ?? 0);
  return [
    ...(isNow === undefined ? ['unresolved'] : []),
    ...(row.enabled ? [] : ['disabled']),
    ...(given.pinned ? ['pinned'] : []),
    ...(given.mode === 'manual' ? ['manual'] : []),
    ...(isRefused(stage, entry) ? ['refused'] : []),
    ...((status?.consecutiveFailures ?? 0) >= given.maxFailures ? ['too-many-failures'] : []),
    ...(isOver ? ['schedule'] : []),
  ];
}

/** True when a person, or too many failures, decided against exactly what it would be made of now. */
function isRefused(stage: Stage, entry: Entry): boolean {
  const wanted = readDesiredVersions(stage, entry);
  return stage.world
    .bakes(entry.name)
    .some(
      (bake) =>
        stage.seen.refused.has(toFingerprintKey(bake)) && hasDesiredVersions(stage, entry, bake, wanted),
    );
}

/** An up-to-date release is in every target of the definition, unless a person refused that target. */
function checkTargetsReached(stage: Stage, entry: Entry): string[] {
  const { world } = stage;
  const { name } = entry;
  if (isFresh(stage, entry) !== true || listAllowedHoldReasons(stage, entry, true).length > 0) return [];
  const targets = world.channel(name)?.targets ?? [];
  const refused = world.status(name)?.refusedTargets ?? [];
  const missing = world.pipeline(name).spec.targets.filter((target) => !targets.includes(target));
  const reasons = world.status(name)?.decision?.reasons.map(({ code }) => code) ?? [];
  if (missing.every((target) => refused.includes(target)) || reasons.includes('refused')) return [];
  return [`1: ${name} is not in ${missing.join(', ')}, and says ${reasons.join(', ')}`];
}

/** A forced request is baked. */
function checkForcedRequests({ world }: Stage, { name }: Entry): string[] {
  const baked = new Set(world.bakes(name).flatMap(({ changes }) => changes));
  const reasons = world.status(name)?.decision?.reasons.map(({ code }) => code) ?? [];
  if (reasons.includes('unresolved')) return [];
  return world
    .changes()
    .filter(
      ({ selector, to, id }) => selector === `request:${name}` && to.startsWith('forced') && !baked.has(id),
    )
    .map(({ id }) => `2: the forced request ${id} of ${name} was never baked`);
}

/** A schedule that always bakes has baked since its last tick while it was enabled, unless something excuses it. */
function checkScheduleTicks(stage: Stage, entry: Entry): string[] {
  const { world, enabledAt } = stage;
  const { name, given } = entry;
  const now = world.clock.now().getTime();
  const since = Math.max(Date.parse(world.pipeline(name).updatedAt), enabledAt.get(name) ?? 0);
  const last = TICKS.filter((at) => at <= now && at > since).at(-1);
  if (given.mode !== 'always' || last === undefined) return [];
  const excused = listAllowedHoldReasons(stage, entry, isFresh(stage, entry)).some((excuse) =>
    REASONS_TO_MISS_A_TICK.has(excuse),
  );
  if (excused || readCurrentBake(world, name) === undefined) return [];
  const latest = world.bakes(name).at(-1);
  return Date.parse(latest?.createdAt ?? '') >= last
    ? []
    : [`1: ${name} missed its tick of ${new Date(last).toISOString()}`];
}

const REASONS_TO_MISS_A_TICK = new Set(['unresolved', 'disabled', 'pinned', 'too-many-failures']);

/** Rule 5: everything that was begun was brought to its end, and every event was published. */
function checkNothingLost({ world }: Stage): string[] {
  const found: string[] = [];
  const bakes = world.bakes();
  for (const { id, state } of bakes) if (!isTerminal(state)) found.push(`5: ${id} is still ${state}`);
  const told = new Set(
    world.events.flatMap(({ detailType, detail }) =>
      detailType === 'Ovenbird Image Released' ? [String(detail.bake)] : [],
    ),
  );
  for (const { id, state } of bakes)
    if (state === 'released' && !told.has(id)) found.push(`5: no event tells of the release of ${id}`);
  if (world.changes().some(({ fanOut }) => fanOut === 'open')) found.push('5: a fan-out is still open');
  const rows = world.table.items();
  for (const row of rows) {
    if (row.pk.startsWith('OUTBOX#') && row.published !== true)
      found.push(`5: ${row.pk} was never published`);
    if (row.sk.startsWith('ATTEMPT#') && row.endRequested === undefined && row.startedAt !== undefined) {
      const arn = row.execution ?? world.ports.workflows.executionArn('bake', '');
      if (row.execution !== undefined && !world.executions.has(String(arn)) && row.state === 'queued')
        found.push(`5: ${String(arn)} was never started`);
    }
    if (row.pk.startsWith('CAPACITY#') && CapacityRecordSchema.parse(row).used !== 0)
      found.push(`5: ${row.pk} still says ${String(row.used)} bakes`);
  }
  return [...found, ...findMissingEvents(world.events, bakes)];
}

function findMissingEvents(
  events: readonly { readonly detailType: string; readonly detail: Readonly<Record<string, unknown>> }[],
  bakes: readonly BakeRecord[],
): string[] {
  const told = new Map<unknown, Set<string>>();
  for (const { detail, detailType } of events) {
    const known = told.get(detail.bake) ?? new Set();
    told.set(detail.bake, known.add(detailType));
  }
  return bakes.flatMap(({ id, state }) => {
    const types = told.get(id) ?? new Set();
    if (!types.has(BAKE_STARTED)) return [`5: no event tells that ${id} began`];
    return types.size > 1 ? [] : [`5: no event tells that ${id} is ${state}`];
  });
}

/** Rule 3: a pipeline that waits for a person holds no dependent. */
export function checkNotHeldByIdleAncestors({ world, entries }: Stage): string[] {
  return entries.flatMap(({ name }) => {
    const decision = world.status(name)?.decision;
    const reasons = decision?.kind === 'hold' ? decision.reasons : [];
    if (reasons.some(({ code }) => code !== 'ancestor-in-progress')) return [];
    return reasons.flatMap(({ pipeline = '' }) => {
      const ancestor = world.status(pipeline);
      if (ancestor === undefined || ancestor.activeBake !== undefined || ancestor.dirty) return [];
      const rests = ancestor.decision?.kind === 'hold' ? ancestor.decision.reasons : [];
      const why = rests.find(({ code }) => HOLDS_ENDED_BY_PERSON.has(code));
      return why === undefined
        ? []
        : [`3: ${name} waits for ${pipeline}, which waits for a person: ${why.code}`];
    });
  });
}

const HOLDS_ENDED_BY_PERSON = new Set([
  'manual',
  'disabled',
  'pinned',
  'refused',
  'too-many-failures',
  'wave-unconfirmed',
]);

/** Rule 3: while everything stands still, ancestors alone hold no pipeline for longer than its `maxHold`. */
export function checkMaxHold({ world, entries, seen }: Stage): string[] {
  const now = world.clock.now().getTime();
  const LATE_MS = 3_600_000;
  return entries.flatMap(({ name, given }) => {
    const since = seen.holdTimes.aloneSince.get(name);
    if (since === undefined) return [];
    const late = now - since - HOLD_SECONDS[given.maxHold] * 1000;
    return late > LATE_MS ? [`3: ${name} waits for an ancestor though its maxHold is over`] : [];
  });
}

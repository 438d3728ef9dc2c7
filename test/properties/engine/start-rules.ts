/** What must hold when a bake begins. */

import { keys } from '../../../shared/domain/base/naming.ts';
import type { BakeRecord } from '../../../shared/domain/records/bakes.ts';
import type { Lock } from '../../../shared/domain/records/locks.ts';
import { PipelineRecordSchema } from '../../../shared/domain/records/pipelines.ts';
import type { PipelineStatus } from '../../../shared/domain/records/status.ts';
import type { ReconcileWorld } from '../../support/reconcile-world.ts';
import { type Entry, listParents } from './estate.ts';
import { isFresh } from './freshness.ts';
import { computeStaleSince, HOLD_SECONDS } from './hold-time.ts';
import type { WatchedHistory } from './watch.ts';

export interface BakeStart {
  readonly world: ReconcileWorld;
  readonly entries: readonly Entry[];
  readonly seen: WatchedHistory;
  readonly bake: BakeRecord;
  readonly entry: Entry;
  /** The status row as it was before. */
  readonly reconciled: PipelineStatus;
}

export function checkBakeStart(start: BakeStart): string[] {
  return [
    ...checkOneAtATime(start),
    ...checkNotRepeated(start),
    ...checkNewestVersions(start),
    ...checkAncestorsIdle(start),
    ...checkDebounce(start),
    ...checkReason(start),
    ...checkWaveConfirmed(start),
    ...checkWaveCounted(start),
    ...checkSchedule(start),
  ];
}

export function toFingerprintKey({ pipeline, bits, proof }: BakeRecord): string {
  return `${pipeline} ${bits} ${proof}`;
}

/** What a bake tries: an image, or where the image is released already, to bring it to just these targets. */
export function toRefusalKey(seen: Pick<WatchedHistory, 'rows'>, bake: BakeRecord): string {
  if (bake.startsAt !== 'Approve') return toFingerprintKey(bake);
  const row = PipelineRecordSchema.parse(seen.rows.get(`${bake.pipeline}#${bake.revision}`));
  return `${toFingerprintKey(bake)} ${row.spec.targets.join(' ')}`;
}

function checkOneAtATime({ world, bake }: BakeStart): string[] {
  const beside = world.running().find(({ pipeline, id }) => pipeline === bake.pipeline && id !== bake.id);
  return beside === undefined ? [] : [`2: ${bake.id} began beside ${beside.id} of ${bake.pipeline}`];
}

/** A lock is baked once, unless it failed; a retained image is not built again, and a refused fingerprint is not tried again. */
function checkNotRepeated({ world, seen, bake }: BakeStart): string[] {
  const found: string[] = [];
  const own = world.bakes(bake.pipeline).filter(({ id, state }) => id !== bake.id && state === 'released');
  if (bake.startsAt === 'Build' && own.some(({ bits }) => bits === bake.bits))
    found.push(`2: ${bake.id} builds ${bake.pipeline} again, though an image of the same bits is retained`);
  const same = own.some((other) => toFingerprintKey(other) === toFingerprintKey(bake));
  if (same && (bake.startsAt === 'Build' || bake.startsAt === 'Test'))
    found.push(`2: ${bake.id} bakes a fingerprint of ${bake.pipeline} that has a retained release`);
  const isRefused = [toFingerprintKey(bake), toRefusalKey(seen, bake)].some((tried) =>
    seen.refused.has(tried),
  );
  if (bake.requestedBy === undefined && isRefused)
    found.push(`2: ${bake.id} tries again what was refused of ${bake.pipeline}`);
  return found;
}

/** What it is made of is what was known when it began. */
function checkNewestVersions({ world, bake }: BakeStart): string[] {
  return listLockEntries(bake.lock).flatMap(({ key, selector, version }) => {
    // An inventory stands for the release.
    if (version.startsWith('inventory:')) return [];
    const now =
      selector.kind === 'pipeline'
        ? world.channel(selector.pipeline)?.release
        : world.table.peek(keys.selector(key))?.version;
    return now === version
      ? []
      : [`2: ${bake.id} of ${bake.pipeline} began with ${key} ${version}, which is ${now}`];
  });
}

export function listLockEntries(lock: Lock): Lock['components'] {
  return [lock.base, ...lock.components, ...lock.inputs, ...lock.tests];
}

/** Rule 3. Of ancestors that are about to bake only those count that surely are: nothing but a moment holds them. */
function checkAncestorsIdle({ world, entries, seen, bake, entry }: BakeStart): string[] {
  const held = seen.holdTimes.most.get(bake.pipeline) ?? 0;
  if (held >= HOLD_SECONDS[entry.given.maxHold] * 1000) return [];
  return listAncestors(entries, entry).flatMap((ancestor) => {
    if (world.running().some(({ pipeline }) => pipeline === ancestor.name))
      return [`3: ${bake.id} of ${bake.pipeline} began while ${ancestor.name} bakes`];
    if (entry.given.maxHold === '3d' && isCertainToStart(world, entries, seen, ancestor))
      return [`3: ${bake.id} of ${bake.pipeline} began while ${ancestor.name} is about to bake`];
    return [];
  });
}

export function listAncestors(entries: readonly Entry[], entry: Entry): Entry[] {
  const found = new Map<number, Entry>();
  const open = listParents(entry);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const parent = entries[next];
    if (parent === undefined || found.has(next)) continue;
    found.set(next, parent);
    open.push(...listParents(parent));
  }
  return [...found.values()];
}

function isCertainToStart(
  world: ReconcileWorld,
  entries: readonly Entry[],
  seen: WatchedHistory,
  ancestor: Entry,
): boolean {
  const { given, name } = ancestor;
  const row = world.pipeline(name);
  if (given.mode !== 'immediate' || given.pinned || !row.enabled || world.ports.limits.wave < 1000)
    return false;
  const hasTrouble = [...seen.refused, ...seen.failures.keys()].some((key) => key.startsWith(`${name} `));
  if (hasTrouble) return false;
  return isFresh({ world, entries, seen }, ancestor) === false;
}

/** Changes come in groups: nothing begins by itself before the debounce is over, or the longest wait. */
function checkDebounce({ world, seen, bake, entry, reconciled }: BakeStart): string[] {
  const marked = seen.lastMarkedAt.get(bake.pipeline);
  if (bake.requestedBy !== undefined || marked === undefined) return [];
  const { debounceSeconds, longestWaitSeconds } = entry.given;
  const due = Math.min(
    marked + debounceSeconds * 1000,
    computeStaleSince(world, reconciled) + longestWaitSeconds * 1000,
  );
  return due <= world.clock.now().getTime()
    ? []
    : [`3: ${bake.id} of ${bake.pipeline} began before its debounce was over`];
}

/** Rule 7: a reason that leads to its cause. */
function checkReason({ world, bake }: BakeStart): string[] {
  const found: string[] = [];
  if (bake.changes.length === 0 || bake.reason === '')
    found.push(`7: ${bake.id} of ${bake.pipeline} has no reason`);
  for (const id of bake.changes)
    if (world.change(id) === undefined) found.push(`7: ${bake.id} leads to ${id}, which is nowhere`);
  for (const id of bake.causes) {
    const cause = world.change(id);
    if (cause === undefined || cause.cause !== id)
      found.push(`7: ${bake.id} names ${id} as its cause, which is no first change`);
  }
  return found;
}

/** Rule 8: a wave above the cap waits for a person. */
function checkWaveConfirmed({ world, bake }: BakeStart): string[] {
  if (bake.requestedBy !== undefined) return [];
  const waiting = bake.causes
    .map((id) => world.change(id))
    .find((change) => change?.wave !== undefined && change.wave.confirmed === undefined);
  return waiting === undefined
    ? []
    : [`8: ${bake.id} belongs to the wave of ${waiting.id}, which waits for a person`];
}

/**
 * Rule 8, counted again: what one pipeline's own change leads to through its release carries its wave where that is above the cap. Nothing is
 * said where dependencies were edited meanwhile.
 */
function checkWaveCounted({ world, entries, bake }: BakeStart): string[] {
  if (bake.requestedBy !== undefined || entries.some(({ edits }) => edits.parents.length > 0)) return [];
  const releases = bake.changes
    .flatMap((id) => world.change(id) ?? [])
    .filter(({ selector, from }) => selector.startsWith('pipeline:') && from !== undefined);
  return releases.flatMap(({ selector, follows }) => {
    const parent = entries.find(({ name }) => selector === `pipeline:${name}/stable`);
    const own = follows
      .flatMap((id) => world.change(id) ?? [])
      .findLast((change) => /^(?:definition|request|schedule):/.test(change.selector));
    if (parent === undefined || own === undefined || own.wave !== undefined) return [];
    const below = entries.filter((entry) => listAncestors(entries, entry).includes(parent)).length;
    return below > world.ports.limits.wave
      ? [`8: ${bake.id} follows ${own.selector}, which leads to ${below} images, and no person was asked`]
      : [];
  });
}

const HOUR_MS = 3_600_000;

/** A schedule that waits for newer versions starts at a tick that came after the first of them. */
function checkSchedule({ world, entry, bake, reconciled }: BakeStart): string[] {
  if (entry.given.mode !== 'hourly' || bake.requestedBy !== undefined) return [];
  const anchor = Date.parse(world.pipeline(entry.name).spec.schedule?.since ?? '1970-01-01T00:00:00Z');
  const now = world.clock.now().getTime();
  const lastTick = anchor + Math.floor((now - anchor) / HOUR_MS) * HOUR_MS;
  return lastTick >= computeStaleSince(world, reconciled)
    ? []
    : [`3: ${bake.id} of ${bake.pipeline} began between two times of its schedule`];
}

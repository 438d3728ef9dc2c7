/** What must hold at every moment: looked at with every write, by the words of the design and not by the engine's own judgement. */
import { keys } from '../../../shared/domain/base/naming.ts';
import { isTerminal, TERMINAL_STATES } from '../../../shared/domain/records/attempt-states.ts';
import {
  AttemptRecordSchema,
  type BakeRecord,
  BakeRecordSchema,
} from '../../../shared/domain/records/bakes.ts';
import { ChannelRecordSchema } from '../../../shared/domain/records/releases.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../../shared/domain/records/selectors.ts';
import { type PipelineStatus, PipelineStatusSchema } from '../../../shared/domain/records/status.ts';
import type { Item } from '../../../shared/ports/table.ts';
import type { ReconcileWorld } from '../../support/reconcile-world.ts';
import { type Entry, parsePipelineIndex } from './estate.ts';
import { type HoldTimes, recordAlone } from './hold-time.ts';
import { hasChanged } from './oracle.ts';
import { checkBakeStart, toFingerprintKey, toRefusalKey } from './start-rules.ts';

export interface WatchedHistory {
  /** Fingerprints, as `pipeline bits proof`, that a person or too many failures decided against. */
  readonly refused: Set<string>;
  /** Of those, what a person decided against last, however often it had failed before. */
  readonly rejected: Set<string>;
  readonly failures: Map<string, number>;
  /** How many attempts of a pipeline in a row gave way to newer versions. */
  readonly superseded: Map<string, number>;
  /** When the pipeline was last told of a change that it has not taken up. */
  readonly lastMarkedAt: Map<string, number>;
  /** What a revision says about the image and about how it is judged, by `pipeline#revision`. */
  readonly revisions: Map<string, string>;
  /** The pipeline's row as each revision wrote it, by `pipeline#revision`. */
  readonly rows: Map<string, Item>;
  readonly holdTimes: HoldTimes;
  /** Bakes in the order in which they began. */
  readonly started: BakeRecord[];
  /** Told of each bake that begins, with the status row from before. */
  onStart: (bake: BakeRecord, before: PipelineStatus) => void;
  /** Told of each status row that now says why nothing starts. */
  onHold: (status: PipelineStatus) => void;
}

interface RowChange {
  readonly before?: Item;
  readonly after?: Item;
}

export function watchTable(
  world: ReconcileWorld,
  entries: readonly Entry[],
  broken: string[],
): WatchedHistory {
  const seen: WatchedHistory = {
    refused: new Set(),
    rejected: new Set(),
    failures: new Map(),
    superseded: new Map(),
    lastMarkedAt: new Map(),
    revisions: new Map(),
    rows: new Map(),
    holdTimes: { most: new Map(), aloneSince: new Map() },
    started: [],
    onStart: () => {},
    onHold: () => {},
  };
  world.table.onWrite((changes) => {
    for (const change of changes) {
      broken.push(...checkAttempt(world, entries, seen, change));
      broken.push(...checkChange(change));
      broken.push(...checkChannelSelector(world, change));
      recordRevision(entries, seen, change);
      recordEnabling(seen, change);
    }
    const reconciled = readStatusRows(changes);
    for (const { before, after } of changes) {
      if (before !== undefined || after?.sk !== 'META' || !after.pk.startsWith('BAKE#')) continue;
      const bake = BakeRecordSchema.parse(after);
      const row = reconciled.get(bake.pipeline)?.before;
      const entry = entries[parsePipelineIndex(bake.pipeline)];
      if (row === undefined || entry === undefined) {
        broken.push(`2: ${bake.id} began without its pipeline`);
        continue;
      }
      broken.push(...checkBakeStart({ world, entries, seen, bake, entry, reconciled: row }));
      // It was requested: it is wanted again, and tried again should it fail.
      if (bake.requestedBy !== undefined)
        for (const known of [toFingerprintKey(bake), toRefusalKey(seen, bake)]) seen.refused.delete(known);
      seen.holdTimes.most.delete(bake.pipeline);
      seen.started.push(bake);
      seen.onStart(bake, row);
    }
    for (const [name, rows] of reconciled) {
      recordDebounce(world, seen, name, rows);
      const entry = entries[parsePipelineIndex(name)];
      if (entry !== undefined) recordAlone(world, seen, entry, rows);
      if (rows.after?.decision?.kind === 'hold' && rows.after.decision.at !== rows.before?.decision?.at)
        seen.onHold(rows.after);
    }
  });
  return seen;
}

/** Rule 9, and what the end of an attempt says about its fingerprint. */
function checkAttempt(
  world: ReconcileWorld,
  entries: readonly Entry[],
  seen: WatchedHistory,
  { before, after }: RowChange,
): string[] {
  if (after?.sk.startsWith('ATTEMPT#') !== true || before?.state === after.state) return [];
  const is = AttemptRecordSchema.parse(after);
  const was = before === undefined ? undefined : AttemptRecordSchema.parse(before).state;
  if (was !== undefined && isTerminal(was))
    return [`9: attempt ${is.attempt} of ${is.bake} went from ${was} to ${is.state}`];
  const bake = world.bake(is.bake);
  if (bake === undefined) return [];
  const fingerprint = toFingerprintKey(bake);
  const limit = entries[parsePipelineIndex(bake.pipeline)]?.given.maxFailures ?? 0;
  // A retry: it is wanted again.
  if (before === undefined && is.attempt > 1)
    for (const known of [fingerprint, toRefusalKey(seen, bake)]) seen.refused.delete(known);
  const tried = toRefusalKey(seen, bake);
  if (is.state === 'released')
    for (const known of [fingerprint, tried]) {
      seen.refused.delete(known);
      seen.failures.delete(known);
    }
  // A refusal of new targets says nothing about the image.
  const isDecided = ['rejected', 'expired', 'cancelled'].includes(is.state) && bake.startsAt !== 'Approve';
  if (isDecided) for (const known of [seen.refused, seen.rejected]) known.add(fingerprint);
  else if (isTerminal(is.state)) seen.rejected.delete(fingerprint);
  if (is.state === 'failed') {
    const failures = (seen.failures.get(tried) ?? 0) + 1;
    seen.failures.set(tried, failures);
    if (failures >= limit) seen.refused.add(tried);
  }
  return checkSupersededInRow(seen, bake, is.state);
}

/** Rule 8: two in a row, and the next one comes to an end of its own. */
function checkSupersededInRow(
  { superseded }: WatchedHistory,
  { pipeline }: BakeRecord,
  state: string,
): string[] {
  if (!(TERMINAL_STATES as readonly string[]).includes(state)) return [];
  const inRow = state === 'superseded' ? (superseded.get(pipeline) ?? 0) + 1 : 0;
  superseded.set(pipeline, inRow);
  return inRow > 2 ? [`8: ${pipeline} was superseded ${inRow} times in a row`] : [];
}

/** Rule 5: the selector of a channel names its current release at every moment, so no event has to tell of it. */
function checkChannelSelector({ table }: ReconcileWorld, { after }: RowChange): string[] {
  const channel = after?.sk.startsWith('CHANNEL#') === true ? ChannelRecordSchema.parse(after) : undefined;
  const key = channel === undefined ? after?.key : `pipeline:${channel.pipeline}/${channel.channel}`;
  if (after === undefined || typeof key !== 'string' || !key.startsWith('pipeline:')) return [];
  const row = table.peek(keys.selector(key));
  const [pipeline = '', name = ''] = key.slice('pipeline:'.length).split('/');
  const current = table.peek(keys.channel(pipeline, name))?.release;
  return row === undefined || row.version === current
    ? []
    : [`5: ${key} is ${String(row.version)}, but its channel holds ${String(current)}`];
}

/** A change is a move: what is as it was has not changed, and a semantic version never goes back. */
function checkChange({ before, after }: RowChange): string[] {
  if (before !== undefined || after?.pk.startsWith('CHANGE#') !== true || after.sk !== 'META') return [];
  const change: ChangeRecord = ChangeRecordSchema.parse(after);
  const { selector, from, to } = change;
  if (from === to) return [`5: ${change.id} says that ${selector} moved from ${from} to itself`];
  if (from === undefined || !/^(?:image|component):/.test(selector)) return [];
  const [old, build] = [from, to].map((arn) => arn.split('/').slice(2));
  const published = [{ version: build?.[0] ?? '', build: Number(build?.[1]), deprecated: false }];
  const isForward = hasChanged({ kind: 'semver', pattern: 'x.x.x', before: old?.join('/'), published });
  return isForward ? [] : [`1: ${selector} moved back from ${from} to ${to}`];
}

function recordRevision(entries: readonly Entry[], seen: WatchedHistory, { before, after }: RowChange): void {
  if (after?.sk !== 'META' || !after.pk.startsWith('PIPELINE#') || before?.revision === after.revision)
    return;
  const entry = entries[parsePipelineIndex(String(after.name))];
  if (entry === undefined) return;
  seen.revisions.set(`${entry.name}#${String(after.revision)}`, describeDefinition(entry));
  seen.rows.set(`${entry.name}#${String(after.revision)}`, after);
}

/** After enabling, what failed too often is tried as if for the first time; what a person decided against stays refused. */
function recordEnabling(seen: WatchedHistory, { before, after }: RowChange): void {
  if (after?.sk !== 'META' || before?.enabled !== false || after.enabled !== true) return;
  for (const fingerprint of [...seen.failures.keys()])
    if (fingerprint.startsWith(`${String(after.name)} `) && !seen.rejected.has(fingerprint)) {
      seen.refused.delete(fingerprint);
      seen.failures.delete(fingerprint);
    }
}

/** What the definition says now about the image and about how it is judged. */
export function describeDefinition({ edits }: Entry): string {
  return `${edits.volume}/${edits.suite}`;
}

interface StatusRows {
  readonly before: PipelineStatus | undefined;
  readonly after: PipelineStatus | undefined;
}

function readStatusRows(changes: readonly RowChange[]): Map<string, StatusRows> {
  const parse = (row: Item | undefined) => (row === undefined ? undefined : PipelineStatusSchema.parse(row));
  return new Map(
    changes
      .filter(({ before, after }) => (after ?? before)?.sk === 'STATUS')
      .map(({ before, after }) => {
        const rows = { before: parse(before), after: parse(after) };
        return [(rows.after ?? rows.before)?.pipeline ?? '', rows] as const;
      }),
  );
}

/** Each change that comes puts the debounce off; when nothing is left to take up, or a bake has ended, it is over. */
function recordDebounce(
  world: ReconcileWorld,
  seen: WatchedHistory,
  name: string,
  { before, after }: StatusRows,
): void {
  if (after === undefined) return;
  const known = new Set(before?.changes ?? []);
  const isEnd = before?.activeBake !== undefined && after.activeBake === undefined;
  if (after.changes.length === 0 || isEnd) seen.lastMarkedAt.delete(name);
  else if (after.changes.some((id) => !known.has(id)) && after.request?.id === before?.request?.id)
    seen.lastMarkedAt.set(name, world.clock.now().getTime());
}

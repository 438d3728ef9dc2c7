/**
 * A function that stays warm remembers what it last read of a topic, and asks for what it will need while it reads that again. If the second
 * reading names the same selectors and pipelines, what was asked for early is as good as if it had been asked for now; if not, it is thrown away.
 * A topic of few pipelines is not even listed again: its rows are read by their keys, with what counts who has come.
 */
import { keys } from '../../domain/naming.ts';
import {
  type ChangeRecord,
  LookersRecordSchema,
  type SelectorRecord,
  SelectorRecordSchema,
  type SelectorUserRecord,
  SelectorUserRecordSchema,
} from '../../domain/records/selectors.ts';
import type { Limits, Resolution, SelectorResolver, Table } from '../../ports.ts';
import { ReadBatch } from '../store/read-batch.ts';
import { countWave } from './count-wave.ts';
import { EXPRESS_USERS, type ExpressRead, wantExpress } from './notice-express.ts';
import type { UserPage } from './notice-moves.ts';

/** A selector's row and the first pipelines that use it. */
export interface Found {
  readonly row: SelectorRecord;
  readonly users: UserPage;
}

/** When a topic was listed, and what counted its pipelines and selectors then, since when that count is known. Times of the function's clock. */
export interface Listing {
  readonly at: number;
  readonly count?: { readonly text: string; readonly since: number } | undefined;
}

export interface Remembered {
  readonly found: readonly Found[];
  readonly listing: Listing;
  /** Others are built on the pipelines that use it, so that counting its wave takes reads of its own. */
  readonly isBuiltOn: boolean;
}

/** By topic; lives as long as the function's instance. */
export type Memory = Map<string, Remembered>;

/** A topic that has only one selector, read by the keys of that and of the pipelines that were known to use it. */
export interface Again {
  readonly found: readonly Found[];
  /** Another one once a pipeline has begun to use the selector, or another selector is listed under the topic. */
  readonly count: string;
}

export interface Early {
  /** Undefined where it cannot be read like that, or where one of those pipelines has left. */
  readonly again: Promise<Again | undefined>;
  readonly ahead: Promise<Ahead>;
}

export interface Ahead {
  /** By the selector's key, as are the resolutions. */
  readonly waves: ReadonlyMap<string, ChangeRecord['wave']>;
  readonly resolutions: ReadonlyMap<string, Resolution>;
  readonly express: ExpressRead;
}

interface AheadDeps {
  readonly table: Table;
  readonly limits: Limits;
  readonly resolver: SelectorResolver;
}

/** Topics of one selector are those that hurry: a parameter, or a component that is named in one way only. */
const MOST_SELECTORS = 2;
const MOST_TOPICS = 500;
/** Clocks of functions, and that of the queue, differ by far less. */
export const CLOCK_MARGIN_MS = 250;

export function readAhead(deps: AheadDeps, topic: string, { found, isBuiltOn }: Remembered): Early {
  const batch = new ReadBatch();
  const express = wantExpress(batch, expressUsers(found));
  const again = wantAgain(batch, topic, found);
  const reading = batch.send(deps.table);
  return { again: reading.then(again), ahead: lookAhead(deps, found, isBuiltOn, reading.then(express)) };
}

async function lookAhead(
  deps: AheadDeps,
  found: readonly Found[],
  isBuiltOn: boolean,
  reading: Promise<ExpressRead>,
): Promise<Ahead> {
  // What a channel holds is in the table, and read in its own way.
  const asked = found.filter(({ row }) => row.selector.kind !== 'pipeline');
  const few = asked.length > MOST_SELECTORS ? [] : asked;
  const wavesOf = (leaves: ReadonlySet<string>) =>
    Promise.all(
      few.map(async ({ row, users }) => [row.key, await countWave(deps, row.key, users, leaves)] as const),
    );
  const [express, waves, resolutions] = await Promise.all([
    reading,
    isBuiltOn ? wavesOf(new Set()) : reading.then(({ leaves }) => wavesOf(leaves)),
    Promise.all(few.map(async ({ row }) => [row.key, await deps.resolver.resolve(row.selector)] as const)),
  ]);
  return { waves: new Map(waves), resolutions: new Map(resolutions), express };
}

function wantAgain(batch: ReadBatch, topic: string, found: readonly Found[]): () => Again | undefined {
  const [only, another] = found;
  const isAlone = only?.row.key === topic && another === undefined && only.users.cursor === undefined;
  if (!isAlone || only.users.users.length > EXPRESS_USERS) return () => undefined;
  const own = batch.want(keys.selector(topic), SelectorRecordSchema);
  const users = only.users.users.map(({ pipeline }) =>
    batch.want(keys.selectorUser(topic, pipeline), SelectorUserRecordSchema),
  );
  const list =
    only.row.selector.kind === 'ssm' ? batch.want(keys.topicLookers(topic), LookersRecordSchema) : undefined;
  return () => {
    const row = own();
    const still = users.flatMap((user) => user() ?? []);
    if (row === undefined || still.length < users.length) return undefined;
    return {
      found: [{ row, users: { users: still, cursor: undefined } }],
      count: `${row.namedAt}/${row.uses ?? 0}/${list?.()?.version ?? 0}`,
    };
  };
}

/**
 * Rows of one transaction are not seen to change at one moment (amazondynamodb/latest/developerguide/transaction-apis, "Isolation levels"): a
 * list that was read right after its count may still lack who had been counted. One that was read so long after has all of them.
 */
const COUNTED_MS = 10_000;
/** Should a list be wrong after all, it is not so for as long as the function stays warm. */
const LISTED_MS = 600_000;

/** Whether the list that is remembered is complete as long as the count stays what it was. */
export function isComplete({ listing: { at, count } }: Remembered, now: number): boolean {
  return count !== undefined && at - count.since >= COUNTED_MS && Math.abs(now - at) < LISTED_MS;
}

/** What is known of a list that was read `at`; its count came with a reading that ended `now`. */
export function listingOf(
  before: Remembered | undefined,
  count: string | undefined,
  { at, now }: { readonly at: number; readonly now: number },
): Listing {
  if (count === undefined) return { at };
  const known = before?.listing.count;
  return { at, count: known?.text === count ? known : { text: count, since: now } };
}

/** Pipelines that may take the short way, where there are few. */
export function expressUsers(found: readonly Found[]): SelectorUserRecord[] {
  const users = new Map(found.flatMap((entry) => entry.users.users).map((user) => [user.pipeline, user]));
  return users.size > EXPRESS_USERS ? [] : [...users.values()];
}

/**
 * Whether what was asked for at `asked` may be used with what was read since: the same selectors and users, and nobody has recorded a move
 * after the question. An answer from before such a move could undo it. A move that was known before is none; of another one only the time
 * is known, and clocks of functions differ by far less than the margin.
 */
export function isStillGood(before: readonly Found[], now: readonly Found[], asked: Date): boolean {
  const latest = new Date(asked.getTime() - CLOCK_MARGIN_MS).toISOString();
  const hasSettled = now.every(
    ({ row }, index) =>
      row.since === undefined || row.since < latest || row.change === before[index]?.row.change,
  );
  return hasSettled && JSON.stringify(before.map(shape)) === JSON.stringify(now.map(shape));
}

function shape({ row, users }: Found): unknown {
  return [row.key, users];
}

/** What was read of the topic, and the moves that this instance itself has recorded since. */
export function remember(
  memory: Memory,
  topic: string,
  { found, listing }: Pick<Remembered, 'found' | 'listing'>,
  { moves = [], isBuiltOn }: { readonly moves?: readonly ChangeRecord[]; readonly isBuiltOn?: boolean } = {},
): void {
  const changes = new Map(moves.map(({ selector, id }) => [selector, id]));
  const known = found.map((entry) => {
    const change = changes.get(entry.row.key);
    return change === undefined ? entry : { ...entry, row: { ...entry.row, change } };
  });
  const before = memory.get(topic)?.isBuiltOn ?? true;
  memory.delete(topic);
  memory.set(topic, { found: known, listing, isBuiltOn: isBuiltOn ?? before });
  const [oldest] = memory.keys();
  if (memory.size > MOST_TOPICS && oldest !== undefined) memory.delete(oldest);
}

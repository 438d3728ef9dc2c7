/**
 * A function that stays warm remembers what it last read of a topic, and asks for what it will need while it reads that again. If the second
 * reading names the same selectors and pipelines, what was asked for early is as good as if it had been asked for now; if not, it is thrown away.
 */
import type { ChangeRecord, SelectorRecord, SelectorUserRecord } from '../../domain/records/selectors.ts';
import type { Limits, Resolution, SelectorResolver, Table } from '../../ports.ts';
import { countWave } from './count-wave.ts';
import { EXPRESS_USERS, type ExpressRead, readExpress } from './notice-express.ts';
import type { UserPage } from './notice-moves.ts';

/** A selector's row and the first pipelines that use it. */
export interface Found {
  readonly row: SelectorRecord;
  readonly users: UserPage;
}

interface Remembered {
  readonly found: readonly Found[];
  /** Others are built on the pipelines that use it, so that counting its wave takes reads of its own. */
  readonly isBuiltOn: boolean;
}

/** By topic; lives as long as the function's instance. */
export type Memory = Map<string, Remembered>;

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

export async function readAhead(deps: AheadDeps, { found, isBuiltOn }: Remembered): Promise<Ahead> {
  // What a channel holds is in the table, and read in its own way.
  const asked = found.filter(({ row }) => row.selector.kind !== 'pipeline');
  const few = asked.length > MOST_SELECTORS ? [] : asked;
  const wavesOf = (leaves: ReadonlySet<string>) =>
    Promise.all(
      few.map(async ({ row, users }) => [row.key, await countWave(deps, row.key, users, leaves)] as const),
    );
  const reading = readExpress(deps, expressUsers(found));
  const [express, waves, resolutions] = await Promise.all([
    reading,
    isBuiltOn ? wavesOf(new Set()) : reading.then(({ leaves }) => wavesOf(leaves)),
    Promise.all(few.map(async ({ row }) => [row.key, await deps.resolver.resolve(row.selector)] as const)),
  ]);
  return { waves: new Map(waves), resolutions: new Map(resolutions), express };
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
  found: readonly Found[],
  { moves = [], isBuiltOn }: { readonly moves?: readonly ChangeRecord[]; readonly isBuiltOn?: boolean } = {},
): void {
  const changes = new Map(moves.map(({ selector, id }) => [selector, id]));
  const known = found.map((entry) => {
    const change = changes.get(entry.row.key);
    return change === undefined ? entry : { ...entry, row: { ...entry.row, change } };
  });
  const before = memory.get(topic)?.isBuiltOn ?? true;
  memory.delete(topic);
  memory.set(topic, { found: known, isBuiltOn: isBuiltOn ?? before });
  const [oldest] = memory.keys();
  if (memory.size > MOST_TOPICS && oldest !== undefined) memory.delete(oldest);
}

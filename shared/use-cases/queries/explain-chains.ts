/** From a bake back to what began it, over recorded rows alone: the changes that it took up, the bake whose release a change tells of, and so on. */
import { keys } from '../../domain/base/naming.ts';
import { type BakeRecord, BakeRecordSchema } from '../../domain/records/bakes.ts';
import { ReleaseRecordSchema } from '../../domain/records/releases.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import type { Table } from '../../ports/table.ts';
import { readFound, readMany } from '../store/read.ts';

type Rows = Pick<Table, 'getMany'>;

export type ChainLink =
  | { readonly kind: 'change'; readonly change: ChangeRecord }
  /** The bake whose release the next change tells of. */
  | {
      readonly kind: 'bake';
      readonly bake: string;
      readonly pipeline: string;
      readonly release: string;
    };

/** First change first; the last link is a change that the bake took up. */
export type Chain = readonly ChainLink[];

export interface Chains {
  readonly chains: readonly Chain[];
  /** Changes of the bake that are not followed here, because there are so many. */
  readonly more: number;
  /** First changes of those that are followed whose way is not told, because there are so many. */
  readonly moreCauses: number;
}

const CHANGES_FOLLOWED = 20;
const CHAINS_OF_CHANGE = 3;
const CHANGES_READ = 400;
const LONGEST_CHAIN = 50;

export async function readChains(
  table: Rows,
  bake: Pick<BakeRecord, 'pipeline' | 'changes'>,
): Promise<Chains> {
  const own = [...new Set(bake.changes)];
  const followed = own.slice(-CHANGES_FOLLOWED);
  const changes = await readEarlierChanges(table, followed);
  const releases = await readOrigins(table, [...changes.values()]);
  const paths = followed.map((id) => findPaths(id, changes));
  const told = paths.flatMap((ways) => ways.slice(0, CHAINS_OF_CHANGE));
  return {
    chains: told.map((path) => path.flatMap((change) => toChainLinks(change, releases))),
    more: own.length - followed.length,
    moreCauses: listFirstChanges(paths.flat()).size - listFirstChanges(told).size,
  };
}

function listFirstChanges(paths: readonly ChangeRecord[][]): ReadonlySet<string> {
  return new Set(paths.flatMap(([first]) => (first === undefined ? [] : [first.id])));
}

/** The changes named and all that they follow, level by level. */
async function readEarlierChanges(table: Rows, ids: readonly string[]): Promise<Map<string, ChangeRecord>> {
  const found = new Map<string, ChangeRecord>();
  const seen = new Set(ids);
  let level = ids;
  for (let depth = 0; level.length > 0 && depth < LONGEST_CHAIN && found.size < CHANGES_READ; depth += 1) {
    const next: string[] = [];
    for (const row of await readFound(table, level.map(keys.change), ChangeRecordSchema)) {
      found.set(row.id, row);
      for (const id of row.follows) {
        if (seen.has(id)) continue;
        seen.add(id);
        next.push(id);
      }
    }
    level = next;
  }
  return found;
}

/** One shortest path from each first change, the change itself at its end. */
function findPaths(id: string, changes: ReadonlyMap<string, ChangeRecord>): ChangeRecord[][] {
  const paths: ChangeRecord[][] = [];
  const visited = new Set([id]);
  let level = [{ id, path: [] as ChangeRecord[] }];
  while (level.length > 0) {
    const next: typeof level = [];
    for (const entry of level) {
      const change = changes.get(entry.id);
      if (change === undefined) continue;
      const path = [change, ...entry.path];
      const follows = change.follows.filter((earlier) => changes.has(earlier));
      if (follows.length === 0) paths.push(path);
      for (const earlier of follows) {
        if (visited.has(earlier)) continue;
        visited.add(earlier);
        next.push({ id: earlier, path });
      }
    }
    level = next;
  }
  return paths;
}

interface Origin {
  readonly bake: string;
  readonly pipeline: string;
}

/** Which bake made each release that a change tells of. */
async function readOrigins(table: Rows, changes: readonly ChangeRecord[]): Promise<Map<string, Origin>> {
  const named = changes.flatMap(({ selector, release }) => {
    const [, pipeline, channel] = /^pipeline:([^/]+)\/(.+)$/.exec(selector) ?? [];
    return release === undefined || pipeline === undefined || channel === undefined
      ? []
      : [keys.release(pipeline, channel, release)];
  });
  const rows = await readFound(table, named, ReleaseRecordSchema);
  return new Map(rows.map(({ id, bake, pipeline }) => [id, { bake, pipeline }]));
}

function toChainLinks(change: ChangeRecord, releases: ReadonlyMap<string, Origin>): ChainLink[] {
  const origin = change.release === undefined ? undefined : releases.get(change.release);
  return [
    ...(origin === undefined || change.release === undefined
      ? []
      : [{ kind: 'bake' as const, ...origin, release: change.release }]),
    { kind: 'change', change },
  ];
}

/** The newest bake of a pipeline. */
export async function readLastBake(
  table: Pick<Table, 'query' | 'getMany'>,
  pipeline: string,
): Promise<BakeRecord | undefined> {
  const { pk, sk: prefix } = keys.pipelineBake(pipeline, '');
  const { items } = await table.query({ pk, prefix, descending: true, limit: 1 });
  const ids = items.map((item) => item.sk.slice(prefix.length));
  const [bake] = await readMany(table, ids.map(keys.bake), BakeRecordSchema);
  return bake;
}

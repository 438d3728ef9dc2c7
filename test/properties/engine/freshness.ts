/** Whether a pipeline has what it should have, told from the rows of selectors and channels and from what the world gave it to depend on. */
import { keys } from '../../../shared/domain/base/naming.ts';
import type { BakeRecord } from '../../../shared/domain/records/bakes.ts';
import { type Selector, selectorKey } from '../../../shared/domain/selectors/selectors.ts';
import type { ReconcileWorld } from '../../support/reconcile-world.ts';
import { type Entry, listExternalDependencies, listParents, toPipelineName, toSelector } from './estate.ts';
import { listLockEntries } from './start-rules.ts';
import { describeDefinition, type WatchedHistory } from './watch.ts';

export interface FreshnessInputs {
  readonly world: ReconcileWorld;
  readonly entries: readonly Entry[];
  readonly seen: WatchedHistory;
}

/** The versions that it should be made of, by selector key; undefined where one has none yet. */
export function readDesiredVersions(
  { world }: FreshnessInputs,
  entry: Entry,
): Map<string, string | undefined> {
  const outside = listExternalDependencies(entry).map(({ source, range }): [string, string | undefined] => {
    const key = selectorKey(toSelector(source, range));
    const version = world.table.peek(keys.selector(key))?.version;
    return [key, typeof version === 'string' ? version : undefined];
  });
  const parents = listParents(entry).map((index): [string, string | undefined] => {
    const selector: Selector = { kind: 'pipeline', pipeline: toPipelineName(index), channel: 'stable' };
    return [selectorKey(selector), world.channel(toPipelineName(index))?.release];
  });
  return new Map([...outside, ...parents]);
}

/** Undefined where something that it depends on has no version yet. */
export function isFresh(looked: FreshnessInputs, entry: Entry): boolean | undefined {
  const wanted = readDesiredVersions(looked, entry);
  if ([...wanted.values()].includes(undefined)) return undefined;
  const current = readCurrentBake(looked.world, entry.name);
  return current !== undefined && hasDesiredVersions(looked, entry, current, wanted);
}

export function readCurrentBake(world: ReconcileWorld, name: string): BakeRecord | undefined {
  const channel = world.channel(name);
  return channel === undefined ? undefined : world.bake(channel.bake);
}

export function hasDesiredVersions(
  { seen }: FreshnessInputs,
  entry: Entry,
  bake: BakeRecord,
  wanted: ReadonlyMap<string, string | undefined>,
): boolean {
  const made = new Map(listLockEntries(bake.lock).map(({ key, version }) => [key, version]));
  const isSame = [...wanted].every(([key, version]) => {
    const own = made.get(key);
    return own === version || own?.startsWith('inventory:') === true;
  });
  return isSame && seen.revisions.get(`${entry.name}#${bake.revision}`) === describeDefinition(entry);
}

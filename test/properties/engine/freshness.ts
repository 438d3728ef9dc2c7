/** Whether a pipeline has what it should have, told from the rows of selectors and channels and from what the world gave it to depend on. */
import { keys } from '../../../shared/domain/naming.ts';
import type { BakeRecord } from '../../../shared/domain/records/bakes.ts';
import { type Selector, selectorKey } from '../../../shared/domain/versions/selectors.ts';
import type { PlanningWorld } from '../../support/planning-world.ts';
import { type Entry, nameOf, outsideOf, parentsOf, selectorOf } from './estate.ts';
import { entriesOf } from './start-rules.ts';
import { meaningOf, type Watched } from './watch.ts';

export interface Looked {
  readonly world: PlanningWorld;
  readonly entries: readonly Entry[];
  readonly seen: Watched;
}

/** The versions that it should be made of, by selector key; undefined where one has none yet. */
export function wantedOf({ world }: Looked, entry: Entry): Map<string, string | undefined> {
  const outside = outsideOf(entry).map(({ source, range }): [string, string | undefined] => {
    const key = selectorKey(selectorOf(source, range));
    const version = world.table.peek(keys.selector(key))?.version;
    return [key, typeof version === 'string' ? version : undefined];
  });
  const parents = parentsOf(entry).map((index): [string, string | undefined] => {
    const selector: Selector = { kind: 'pipeline', pipeline: nameOf(index), channel: 'stable' };
    return [selectorKey(selector), world.channel(nameOf(index))?.release];
  });
  return new Map([...outside, ...parents]);
}

/** Undefined where something that it depends on has no version yet. */
export function isFresh(looked: Looked, entry: Entry): boolean | undefined {
  const wanted = wantedOf(looked, entry);
  if ([...wanted.values()].includes(undefined)) return undefined;
  const current = currentBake(looked.world, entry.name);
  return current !== undefined && isMadeOf(looked, entry, current, wanted);
}

export function currentBake(world: PlanningWorld, name: string): BakeRecord | undefined {
  const channel = world.channel(name);
  return channel === undefined ? undefined : world.bake(channel.bake);
}

export function isMadeOf(
  { seen }: Looked,
  entry: Entry,
  bake: BakeRecord,
  wanted: ReadonlyMap<string, string | undefined>,
): boolean {
  const made = new Map(entriesOf(bake.lock).map(({ key, version }) => [key, version]));
  const isSame = [...wanted].every(([key, version]) => {
    const own = made.get(key);
    return own === version || own?.startsWith('inventory:') === true;
  });
  return isSame && seen.revisions.get(`${entry.name}#${bake.revision}`) === meaningOf(entry);
}

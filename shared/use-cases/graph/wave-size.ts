/**
 * How many images a change leads to, level by level over those who build on whom. Counting stops as soon as there are more than may start
 * without a person, so that it costs no more for a change that affects everything.
 */
import type { ChangeRecord, SelectorDependentRecord } from '../../domain/records/selectors.ts';
import type { Limits } from '../../ports/limits.ts';
import type { Table } from '../../ports/table.ts';
import type { RecordPage } from '../store/read.ts';
import { readDependentNames, readDirectDependents } from './dependents.ts';

interface CountDeps {
  readonly table: Table;
  readonly limits: Pick<Limits, 'wave'>;
}

/** Undefined where the wave is within the cap. `firstDependents`: the first page of those of the selector. */
export async function countWave(
  deps: CountDeps,
  selector: string,
  firstDependents: RecordPage<SelectorDependentRecord>,
): Promise<ChangeRecord['wave']> {
  const { items, cursor } = firstDependents;
  const names =
    cursor === undefined
      ? items.map(({ pipeline }) => pipeline)
      : await readDependentNames(deps.table, selector, deps.limits.wave + 1);
  return countWaveFrom(deps, names);
}

/** The same for a change that begins at these pipelines; of more than the cap it is enough to name one more. */
export async function countWaveFrom(
  { table, limits }: CountDeps,
  first: readonly string[],
): Promise<ChangeRecord['wave']> {
  const cap = limits.wave;
  const found = new Set<string>();
  let level = first;
  while (level.length > 0) {
    for (const name of level) found.add(name);
    if (found.size > cap) return { size: cap, isMore: true };
    level = (await readDirectDependents(table, level, cap)).filter((name) => !found.has(name));
  }
  return undefined;
}

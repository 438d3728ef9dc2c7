/**
 * How many images a change leads to, level by level over those who build on whom. Counting stops as soon as there are more than may start
 * without a person, so that it costs no more for a change that affects everything.
 */
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import type { Limits } from '../../ports/limits.ts';
import type { Table } from '../../ports/table.ts';
import { readChildren, type readSelectorUsers, readUserNames } from './dependents.ts';

interface CountDeps {
  readonly table: Table;
  readonly limits: Pick<Limits, 'wave'>;
}

type UserPage = Awaited<ReturnType<typeof readSelectorUsers>>;

/** Undefined where the wave is within the cap. `firstUsers`: the first page of the pipelines that use the selector. */
export async function countWave(
  deps: CountDeps,
  selector: string,
  firstUsers: UserPage,
): Promise<ChangeRecord['wave']> {
  const { users, cursor } = firstUsers;
  const names =
    cursor === undefined
      ? users.map(({ pipeline }) => pipeline)
      : await readUserNames(deps.table, selector, deps.limits.wave + 1);
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
    level = (await readChildren(table, level, cap)).filter((name) => !found.has(name));
  }
  return undefined;
}

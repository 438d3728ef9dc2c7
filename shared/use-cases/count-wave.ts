/**
 * How many images a change leads to, level by level over those who build on whom. Counting stops as soon as there are more than may start
 * without a person, so that it costs no more for a change that affects everything.
 */
import { keys } from '../domain/naming.ts';
import { type ChangeRecord, PipelineRecordSchema } from '../domain/records.ts';
import { selectorKey } from '../domain/selectors.ts';
import type { Limits, Table } from '../ports.ts';
import { usersOf } from './fan-out-change.ts';
import { readMany } from './store/read.ts';

interface CountDeps {
  readonly table: Table;
  readonly limits: Limits;
}

type Users = Awaited<ReturnType<typeof usersOf>>;

/** Undefined where the wave is within the cap. */
export async function countWave(
  { table, limits }: CountDeps,
  selector: string,
  firstUsers: Users,
): Promise<ChangeRecord['wave']> {
  const cap = limits.wave;
  const found = new Set<string>();
  let level = await namesOf(table, selector, firstUsers, cap);
  while (level.length > 0) {
    for (const name of level) found.add(name);
    if (found.size > cap) return { size: cap, isMore: true };
    level = await childrenOf(table, level, found, cap);
  }
  return undefined;
}

async function namesOf(
  table: Pick<Table, 'query'>,
  selector: string,
  first: Users,
  cap: number,
): Promise<string[]> {
  const names = first.users.map((user) => user.pipeline);
  let { cursor } = first;
  while (cursor !== undefined && names.length <= cap) {
    const page = await usersOf(table, selector, { limit: cap, after: cursor });
    names.push(...page.users.map((user) => user.pipeline));
    cursor = page.cursor;
  }
  return names;
}

async function childrenOf(
  table: Table,
  parents: readonly string[],
  known: ReadonlySet<string>,
  cap: number,
): Promise<string[]> {
  const rows = await readMany(
    table,
    parents.map((name) => keys.pipeline(name)),
    PipelineRecordSchema,
  );
  const children = await Promise.all(
    rows.map(async (row) => {
      if (row === undefined) return [];
      const key = selectorKey({ kind: 'pipeline', pipeline: row.name, channel: row.plan.channel });
      return namesOf(table, key, await usersOf(table, key, { limit: cap }), cap);
    }),
  );
  return [...new Set(children.flat())].filter((name) => !known.has(name));
}

/**
 * How many images a change leads to, level by level over those who build on whom. Counting stops as soon as there are more than may start
 * without a person, so that it costs no more for a change that affects everything.
 */
import { keys } from '../../domain/base/naming.ts';
import { PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import { selectorKey } from '../../domain/selectors/selectors.ts';
import type { Limits } from '../../ports/limits.ts';
import type { Table } from '../../ports/table.ts';
import { readSelectorUsers } from '../detect/fan-out-change.ts';
import { readMany } from '../store/read.ts';

interface CountDeps {
  readonly table: Table;
  readonly limits: Pick<Limits, 'wave'>;
}

type Users = Awaited<ReturnType<typeof readSelectorUsers>>;

/** Undefined where the wave is within the cap. */
export async function countWave(
  deps: CountDeps,
  selector: string,
  firstUsers: Users,
): Promise<ChangeRecord['wave']> {
  return countWaveFrom(deps, await readUserNames(deps.table, selector, firstUsers, deps.limits.wave));
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
    level = await readChildren(table, await readReleaseSelectors(table, level), found, cap);
  }
  return undefined;
}

async function readUserNames(
  table: Pick<Table, 'query'>,
  selector: string,
  first: Users,
  cap: number,
): Promise<string[]> {
  const names = first.users.map((user) => user.pipeline);
  let { cursor } = first;
  while (cursor !== undefined && names.length <= cap) {
    const page = await readSelectorUsers(table, selector, { limit: cap, after: cursor });
    names.push(...page.users.map((user) => user.pipeline));
    cursor = page.cursor;
  }
  return names;
}

/** What others build on: the channels that the pipelines release into. */
async function readReleaseSelectors(table: Table, pipelines: readonly string[]): Promise<string[]> {
  const rows = await readMany(
    table,
    pipelines.map((name) => keys.pipeline(name)),
    PipelineRecordSchema,
  );
  return rows.flatMap((row) =>
    row === undefined
      ? []
      : [selectorKey({ kind: 'pipeline', pipeline: row.name, channel: row.spec.channel })],
  );
}

async function readChildren(
  table: Pick<Table, 'query'>,
  releases: readonly string[],
  known: ReadonlySet<string>,
  cap: number,
): Promise<string[]> {
  const children = await Promise.all(
    releases.map(async (key) =>
      readUserNames(table, key, await readSelectorUsers(table, key, { limit: cap }), cap),
    ),
  );
  return [...new Set(children.flat())].filter((name) => !known.has(name));
}

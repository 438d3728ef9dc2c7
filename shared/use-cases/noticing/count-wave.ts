/**
 * How many images a change leads to, level by level over those who build on whom. Counting stops as soon as there are more than may start
 * without a person, so that it costs no more for a change that affects everything.
 */
import { keys } from '../../domain/naming.ts';
import { PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import { selectorKey } from '../../domain/versions/selectors.ts';
import type { Limits, Table } from '../../ports.ts';
import { readMany } from '../store/read.ts';
import { usersOf } from './fan-out-change.ts';

interface CountDeps {
  readonly table: Table;
  readonly limits: Limits;
}

/** As the first users of a selector are read together with its row: one page follows the other. */
const BACKWARDS = { descending: true } as const;

type Users = Awaited<ReturnType<typeof usersOf>>;

/** Undefined where the wave is within the cap. `leaves`: users of whom it is known that nobody builds on them. */
export async function countWave(
  deps: CountDeps,
  selector: string,
  firstUsers: Users,
  leaves: ReadonlySet<string> = new Set(),
): Promise<ChangeRecord['wave']> {
  const { table, limits } = deps;
  // Who may take the short way is known with all that planning needs of it.
  const channels = new Map(
    firstUsers.users.flatMap(({ pipeline, express }) =>
      express === undefined ? [] : [[pipeline, express.plan.channel] as const],
    ),
  );
  const names = await namesOf(table, selector, firstUsers, limits.wave);
  return countWaveFrom(deps, names, { channels, leaves });
}

interface Known {
  readonly channels?: ReadonlyMap<string, string>;
  readonly leaves?: ReadonlySet<string>;
}

/** The same for a change that begins at these pipelines; of more than the cap it is enough to name one more. */
export async function countWaveFrom(
  { table, limits }: CountDeps,
  first: readonly string[],
  { channels = new Map(), leaves = new Set() }: Known = {},
): Promise<ChangeRecord['wave']> {
  const cap = limits.wave;
  const found = new Set<string>();
  let level = first;
  while (level.length > 0) {
    for (const name of level) found.add(name);
    if (found.size > cap) return { size: cap, isMore: true };
    const parents = level.filter((name) => !leaves.has(name));
    level = await childrenOf(table, await releasesOf(table, parents, channels), found, cap);
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
    const page = await usersOf(table, selector, { limit: cap, after: cursor, ...BACKWARDS });
    names.push(...page.users.map((user) => user.pipeline));
    cursor = page.cursor;
  }
  return names;
}

/** What others build on: the channels that the pipelines release into. */
async function releasesOf(
  table: Table,
  pipelines: readonly string[],
  channels: ReadonlyMap<string, string>,
): Promise<string[]> {
  const unknown = pipelines.filter((name) => !channels.has(name));
  const rows = await readMany(
    table,
    unknown.map((name) => keys.pipeline(name)),
    PipelineRecordSchema,
  );
  const read = rows.flatMap((row) => (row === undefined ? [] : [[row.name, row.plan.channel] as const]));
  return [...channels, ...read]
    .filter(([pipeline]) => pipelines.includes(pipeline))
    .map(([pipeline, channel]) => selectorKey({ kind: 'pipeline', pipeline, channel }));
}

async function childrenOf(
  table: Pick<Table, 'query'>,
  releases: readonly string[],
  known: ReadonlySet<string>,
  cap: number,
): Promise<string[]> {
  const children = await Promise.all(
    releases.map(async (key) =>
      namesOf(table, key, await usersOf(table, key, { limit: cap, ...BACKWARDS }), cap),
    ),
  );
  return [...new Set(children.flat())].filter((name) => !known.has(name));
}

/** How long bakes took: of the pipeline itself, else of all. */
import { type Durations, mediansOf } from '../../domain/estimating/estimates.ts';
import { keys, lists } from '../../domain/naming.ts';
import { type BakeRecord, BakeRecordSchema, StepRecordSchema } from '../../domain/records/bakes.ts';
import type { Table } from '../../ports.ts';
import { readAll, readMany } from '../store/read.ts';

type Rows = Pick<Table, 'getMany' | 'query'>;

export interface History {
  readonly durations: Durations;
  readonly from: 'pipeline' | 'all' | 'nothing';
}

const BAKES_LOOKED_AT = 15;
const BAKES_COUNTED = 5;

export function historyReader(table: Rows): (pipeline: string) => Promise<History> {
  const known = new Map<string, Promise<History>>();
  let all: Promise<Durations> | undefined;
  const look = async (pipeline: string): Promise<History> => {
    const own = await durationsOf(table, await bakesOf(table, pipeline));
    if (own.Build !== undefined) return { durations: own, from: 'pipeline' };
    // A pipeline that was not built lately has steps of its own all the same.
    all ??= newestBakes(table).then((bakes) => durationsOf(table, bakes));
    const durations = { ...(await all), ...own };
    return { durations, from: durations.Build === undefined ? 'nothing' : 'all' };
  };
  return (pipeline) => {
    const found = known.get(pipeline) ?? look(pipeline);
    known.set(pipeline, found);
    return found;
  };
}

async function bakesOf(table: Rows, pipeline: string): Promise<BakeRecord[]> {
  const { pk, sk: prefix } = keys.bakeOfPipeline(pipeline, '');
  const page = await table.query({ pk, prefix, descending: true, limit: BAKES_LOOKED_AT });
  const ids = page.items.map((item) => keys.bake(item.sk.slice(prefix.length)));
  return (await readMany(table, ids, BakeRecordSchema)).filter((bake) => bake !== undefined);
}

async function newestBakes(table: Rows): Promise<BakeRecord[]> {
  const query = { index: 'list', pk: lists.bakes, descending: true, limit: BAKES_LOOKED_AT } as const;
  return (await table.query(query)).items.map((item) => BakeRecordSchema.parse(item));
}

/** Of those that went to their end. */
async function durationsOf(table: Rows, bakes: readonly BakeRecord[]): Promise<Durations> {
  const done = bakes.filter(({ state }) => state === 'released').slice(0, BAKES_COUNTED);
  const steps = await Promise.all(
    done.map(({ id }) => readAll(table, { pk: keys.bake(id).pk, prefix: 'STEP#' }, StepRecordSchema)),
  );
  return mediansOf(steps.flat());
}

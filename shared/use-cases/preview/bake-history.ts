/** Reads how long bakes took: those of the pipeline itself, or the newest of all pipelines. */

import { keys, lists } from '../../domain/base/naming.ts';
import { computeMedianDurations, type Durations } from '../../domain/estimates/estimates.ts';
import { type BakeRecord, BakeRecordSchema, StepRecordSchema } from '../../domain/records/bakes.ts';
import type { Table } from '../../ports/table.ts';
import { readAll, readFound, readPage } from '../store/read.ts';

type Rows = Pick<Table, 'getMany' | 'query'>;

export interface BakeHistory {
  readonly durations: Durations;
  readonly from: 'pipeline' | 'all' | 'nothing';
}

const MAX_BAKES_READ = 15;
const MAX_BAKES_COUNTED = 5;

export function createHistoryReader(table: Rows): (pipeline: string) => Promise<BakeHistory> {
  const known = new Map<string, Promise<BakeHistory>>();
  let all: Promise<Durations> | undefined;
  const look = async (pipeline: string): Promise<BakeHistory> => {
    const own = await readDurations(table, await readLatestBakes(table, pipeline));
    if (own.Build !== undefined) return { durations: own, from: 'pipeline' };
    // A pipeline that was not built lately may have durations of other steps.
    all ??= readNewestBakes(table).then((bakes) => readDurations(table, bakes));
    const durations = { ...(await all), ...own };
    return { durations, from: durations.Build === undefined ? 'nothing' : 'all' };
  };
  return (pipeline) => {
    const found = known.get(pipeline) ?? look(pipeline);
    known.set(pipeline, found);
    return found;
  };
}

async function readLatestBakes(table: Rows, pipeline: string): Promise<BakeRecord[]> {
  const { pk, sk: prefix } = keys.pipelineBake(pipeline, '');
  const page = await table.query({ pk, prefix, descending: true, limit: MAX_BAKES_READ });
  const ids = page.items.map((item) => keys.bake(item.sk.slice(prefix.length)));
  return readFound(table, ids, BakeRecordSchema);
}

async function readNewestBakes(table: Rows): Promise<BakeRecord[]> {
  const query = { index: 'list', pk: lists.bakes, descending: true, limit: MAX_BAKES_READ } as const;
  return (await readPage(table, query, BakeRecordSchema)).items;
}

/** Median durations of the steps of released bakes. */
async function readDurations(table: Rows, bakes: readonly BakeRecord[]): Promise<Durations> {
  const done = bakes.filter(({ state }) => state === 'released').slice(0, MAX_BAKES_COUNTED);
  const steps = await Promise.all(
    done.map(({ id }) => readAll(table, { pk: keys.bake(id).pk, prefix: 'STEP#' }, StepRecordSchema)),
  );
  return computeMedianDurations(steps.flat());
}

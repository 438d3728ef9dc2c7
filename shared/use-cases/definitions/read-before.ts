/** What is there of a pipeline before it is changed. */
import { keys } from '../../domain/naming.ts';
import {
  type PipelineRecord,
  PipelineRecordSchema,
  type RevisionRecord,
  RevisionRecordSchema,
} from '../../domain/records/pipelines.ts';
import { type PlanningRecord, PlanningRecordSchema } from '../../domain/records/planning.ts';
import type { Table } from '../../ports.ts';
import { read } from '../store/read.ts';

export interface Before {
  readonly pipeline: PipelineRecord;
  readonly planning: PlanningRecord;
  readonly revision: RevisionRecord;
}

export async function readBefore(table: Table, name: string): Promise<Before | undefined> {
  const [pipeline, planning] = await Promise.all([
    read(table, keys.pipeline(name), PipelineRecordSchema),
    read(table, keys.planning(name), PlanningRecordSchema),
  ]);
  if (pipeline === undefined || planning === undefined) return undefined;
  const revision = await read(table, keys.revision(name, pipeline.revision), RevisionRecordSchema);
  return revision === undefined ? undefined : { pipeline, planning, revision };
}

/** Of a pipeline that was deleted, 0 where there never was one: bakes of before name their revision. */
export async function lastRevision(table: Pick<Table, 'query'>, name: string): Promise<number> {
  const { pk } = keys.revision(name, 0);
  const page = await table.query({ pk, prefix: 'REVISION#', descending: true, limit: 1 });
  const [item] = page.items;
  return item === undefined ? 0 : RevisionRecordSchema.parse(item).revision;
}

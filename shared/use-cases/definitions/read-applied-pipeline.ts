/** Rows of a pipeline before it is changed. */
import { keys } from '../../domain/base/naming.ts';
import {
  type PipelineRecord,
  PipelineRecordSchema,
  type RevisionRecord,
  RevisionRecordSchema,
} from '../../domain/records/pipelines.ts';
import { type PipelineStatus, PipelineStatusSchema } from '../../domain/records/status.ts';
import type { Table } from '../../ports/table.ts';
import { readRecord } from '../store/read.ts';

export interface AppliedPipeline {
  readonly pipeline: PipelineRecord;
  readonly status: PipelineStatus;
  readonly revision: RevisionRecord;
}

export async function readAppliedPipeline(table: Table, name: string): Promise<AppliedPipeline | undefined> {
  const [pipeline, status] = await Promise.all([
    readRecord(table, keys.pipeline(name), PipelineRecordSchema),
    readRecord(table, keys.status(name), PipelineStatusSchema),
  ]);
  if (pipeline === undefined || status === undefined) return undefined;
  const revision = await readRecord(table, keys.revision(name, pipeline.revision), RevisionRecordSchema);
  return revision === undefined ? undefined : { pipeline, status, revision };
}

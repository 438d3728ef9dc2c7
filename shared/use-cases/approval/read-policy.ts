/** Whom a bake is to be approved by, and who may not approve it. */
import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { keys } from '../../domain/base/naming.ts';
import { AttemptRecordSchema, type BakeRecord, BakeRecordSchema } from '../../domain/records/bakes.ts';
import {
  PipelineRecordSchema,
  type RevisionRecord,
  RevisionRecordSchema,
} from '../../domain/records/pipelines.ts';
import { ChannelRecordSchema } from '../../domain/records/releases.ts';
import type { Table, WriteCondition } from '../../ports/table.ts';
import { readMany, readPages, readRecord } from '../store/read.ts';

type Rows = Pick<Table, 'get' | 'getMany' | 'query'>;

export interface ApprovalRevision {
  /** The revision whose approvers are asked; undefined when none since the bake's own asks for an approval. */
  readonly asked: RevisionRecord | undefined;
  /** What holds of the pipeline's row while no newer revision has been applied. */
  readonly isNewest: WriteCondition;
}

/**
 * The newest revision that asks for an approval, from the bake's own on: who was taken off the list is not asked any more, and one that asks for none
 * does not release what was begun under one that does.
 */
export async function readApprovalRevision(table: Rows, bake: BakeRecord): Promise<ApprovalRevision> {
  const pipeline = await readRecord(table, keys.pipeline(bake.pipeline), PipelineRecordSchema);
  const newest = pipeline?.revision ?? bake.revision;
  const isNewest = pipeline === undefined ? { exists: false } : { equals: { revision: newest } };
  for (let revision = newest; revision >= bake.revision; revision -= 1) {
    const row = await readRecord(table, keys.revision(bake.pipeline, revision), RevisionRecordSchema);
    if (row?.definition.approval.required === true) return { asked: row, isNewest };
  }
  return { asked: undefined, isNewest };
}

/** Who asked for the bake or one of its attempts up to this one, or applied a revision since the current release. */
export async function listBarred(table: Rows, bake: BakeRecord, ref: BakeRef): Promise<string[]> {
  const rows = Array.from({ length: ref.attempt }, (_, index) => keys.attempt(ref.bake, index + 1));
  const [attempts, appliers] = await Promise.all([
    readMany(table, rows, AttemptRecordSchema),
    listAppliers(table, bake),
  ]);
  const requesters = [bake, ...attempts].flatMap((asked) => asked?.requestedBy ?? []);
  return [...new Set([...requesters, ...appliers])];
}

async function listAppliers(table: Rows, bake: BakeRecord): Promise<string[]> {
  const released = await readReleasedRevision(table, bake);
  const { pk } = keys.revision(bake.pipeline, 0);
  const appliers: string[] = [];
  const newestFirst = { pk, prefix: 'REVISION#', descending: true };
  for await (const page of readPages(table, newestFirst, RevisionRecordSchema)) {
    const since = page.filter(({ revision }) => revision > released);
    appliers.push(...since.map(({ appliedBy }) => appliedBy));
    if (since.length < page.length) break;
  }
  return appliers;
}

/** 0 before the first release. */
async function readReleasedRevision(table: Rows, { pipeline, channel }: BakeRecord): Promise<number> {
  const current = await readRecord(table, keys.channel(pipeline, channel), ChannelRecordSchema);
  if (current === undefined) return 0;
  return (await readRecord(table, keys.bake(current.bake), BakeRecordSchema))?.revision ?? 0;
}

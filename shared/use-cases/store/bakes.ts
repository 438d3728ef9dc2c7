/** Rows of bakes: the bake, its attempts and its artifacts. */
import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { AttemptEnded, BakeNotFound } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { isTerminal } from '../../domain/records/attempt-states.ts';
import {
  type ArtifactRecord,
  ArtifactRecordSchema,
  type AttemptRecord,
  AttemptRecordSchema,
  type BakeRecord,
  BakeRecordSchema,
} from '../../domain/records/bakes.ts';
import { type RevisionRecord, RevisionRecordSchema } from '../../domain/records/pipelines.ts';
import type { Table } from '../../ports/table.ts';
import { readAll } from './read.ts';

interface BakeReader {
  readonly table: Pick<Table, 'get' | 'query'>;
}

export async function readAttempt(deps: BakeReader, ref: BakeRef): Promise<AttemptRecord> {
  const item = await deps.table.get(keys.attempt(ref.bake, ref.attempt));
  if (item === undefined) throw new BakeNotFound(ref.bake);
  return AttemptRecordSchema.parse(item);
}

/** The attempt, if work may still be done for it. Every function that makes something in AWS asks first. */
export async function readOpenAttempt(deps: BakeReader, ref: BakeRef): Promise<AttemptRecord> {
  const attempt = await readAttempt(deps, ref);
  if (isTerminal(attempt.state) || attempt.endRequested !== undefined) throw toAttemptEnded(ref, attempt);
  return attempt;
}

export async function readBake(deps: BakeReader, id: string): Promise<BakeRecord> {
  const item = await deps.table.get(keys.bake(id));
  if (item === undefined) throw new BakeNotFound(id);
  return BakeRecordSchema.parse(item);
}

/** The artifacts of all attempts of a bake. */
export async function readImages(deps: BakeReader, bake: string): Promise<ArtifactRecord[]> {
  const { pk } = keys.bake(bake);
  return await readAll(deps.table, { pk, prefix: 'ARTIFACT#' }, ArtifactRecordSchema);
}

/** The bake with the revision of its pipeline that it was locked with. */
export async function readBakeAndRevision(
  deps: BakeReader,
  id: string,
): Promise<{ bake: BakeRecord; revision: RevisionRecord }> {
  const bake = await readBake(deps, id);
  const item = await deps.table.get(keys.revision(bake.pipeline, bake.revision));
  return { bake, revision: RevisionRecordSchema.parse(item) };
}

export function toAttemptEnded(ref: BakeRef, attempt: AttemptRecord): AttemptEnded {
  const why =
    attempt.endRequested === undefined
      ? `is ${attempt.state}`
      : `was asked to end as ${attempt.endRequested.as} by ${attempt.endRequested.by}`;
  return new AttemptEnded(
    `Attempt ${ref.attempt} of bake ${ref.bake} ${why}; nothing more is done for it.`,
    ref,
  );
}

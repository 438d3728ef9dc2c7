/** Which team a pipeline belongs to. */
import { PipelineNotFound } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import {
  PipelineRecordSchema,
  type RevisionRecord,
  RevisionRecordSchema,
} from '../../domain/records/pipelines.ts';
import type { Table } from '../../ports/table.ts';
import { readRecord } from './read.ts';

type Rows = Pick<Table, 'get' | 'query'>;

/**
 * The team of a pipeline; undefined where there never was one. A deleted pipeline stays with its last team, so that its bakes and releases can be
 * read, until another team applies a definition of the name.
 */
export async function findTeam(table: Rows, name: string): Promise<string | undefined> {
  const record = await readRecord(table, keys.pipeline(name), PipelineRecordSchema);
  return record?.spec.team ?? (await readLastRevision(table, name))?.definition.team;
}

/** Throws PipelineNotFound unless the pipeline is this team's. */
export async function requireTeam(
  table: Rows,
  { team, name }: { readonly team: string; readonly name: string },
): Promise<void> {
  if ((await findTeam(table, name)) !== team) throw new PipelineNotFound(name, team);
}

/** The newest revision, of a deleted pipeline too: bakes of before name their revision. Undefined where there never was one. */
export async function readLastRevision(
  table: Pick<Table, 'query'>,
  name: string,
): Promise<RevisionRecord | undefined> {
  const { pk } = keys.revision(name, 0);
  const page = await table.query({ pk, prefix: 'REVISION#', descending: true, limit: 1 });
  const [item] = page.items;
  return item === undefined ? undefined : RevisionRecordSchema.parse(item);
}

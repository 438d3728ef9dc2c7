/** A pipeline as people look at it: what it is, what its channel holds, and why it bakes or does not. */
import {
  type PageQuery,
  type Pipeline,
  type PipelineDetails,
  PipelineDetailsSchema,
} from '../../domain/api/shapes.ts';
import { PipelineNotFound } from '../../domain/base/errors.ts';
import { keys, lists } from '../../domain/base/naming.ts';
import {
  listDependencies,
  type PipelineRecord,
  PipelineRecordSchema,
  type RevisionRecord,
  RevisionRecordSchema,
} from '../../domain/records/pipelines.ts';
import { ChannelRecordSchema } from '../../domain/records/releases.ts';
import { SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { PipelineStatusSchema } from '../../domain/records/status.ts';
import { selectorKey } from '../../domain/selectors/selectors.ts';
import { readDependentNames, releaseSelectorKey } from '../graph/dependents.ts';
import { readFound, readMany, readPage, readRecord } from '../store/read.ts';
import { ReadBatch } from '../store/read-batch.ts';
import { type ListDeps, listPipelineBakes, type Paged, toPageLimits } from './list-pages.ts';

const BAKES_SHOWN = 10;
const CHILDREN_SHOWN = 100;

export async function listPipelines(deps: ListDeps, page: PageQuery): Promise<Paged<Pipeline>> {
  const query = { index: 'list', pk: lists.pipelines, ...toPageLimits(page) } as const;
  const { items, cursor } = await readPage(deps.table, query, PipelineRecordSchema);
  return { items: await summarize(deps, items), cursor };
}

export async function listTeamPipelines(
  deps: ListDeps,
  team: string,
  page: PageQuery,
): Promise<Paged<Pipeline>> {
  const { pk, sk: prefix } = keys.teamPipeline(team, '');
  const { items, cursor } = await deps.table.query({ pk, prefix, ...toPageLimits(page) });
  const named = items.map(({ sk }) => keys.pipeline(sk.slice(prefix.length)));
  const records = await readFound(deps.table, named, PipelineRecordSchema);
  return { items: await summarize(deps, records), cursor };
}

async function summarize(deps: ListDeps, records: readonly PipelineRecord[]): Promise<Pipeline[]> {
  const named = records.map(({ name, revision }) => keys.revision(name, revision));
  const revisions = await readMany(deps.table, named, RevisionRecordSchema);
  const known = records.flatMap((record, index) => {
    const revision = revisions[index];
    return revision === undefined ? [] : [{ record, revision }];
  });
  return await readSummaries(deps, known);
}

export async function showPipeline(deps: ListDeps, name: string): Promise<PipelineDetails> {
  const record = await readRecord(deps.table, keys.pipeline(name), PipelineRecordSchema);
  if (record === undefined) throw new PipelineNotFound(name);
  const revision = RevisionRecordSchema.parse(await deps.table.get(keys.revision(name, record.revision)));
  const selectorKeys = listDependencies(revision.selectors).map(selectorKey);
  const [[summary], selectors, children, bakes] = await Promise.all([
    readSummaries(deps, [{ record, revision }]),
    readMany(deps.table, selectorKeys.map(keys.selector), SelectorRecordSchema),
    readDependentNames(deps.table, releaseSelectorKey(record), CHILDREN_SHOWN),
    listPipelineBakes(deps, name, { limit: BAKES_SHOWN }),
  ]);
  return PipelineDetailsSchema.parse({
    ...summary,
    definition: revision.definition,
    appliedBy: revision.appliedBy,
    selectors: selectorKeys.map((key, index) => ({ ...selectors[index], key })),
    children,
    bakes: bakes.items,
  });
}

async function readSummaries(
  deps: ListDeps,
  pipelines: readonly { record: PipelineRecord; revision: RevisionRecord }[],
): Promise<Pipeline[]> {
  const batch = new ReadBatch();
  const rows = pipelines.map(({ record: { name }, revision: { definition } }) => ({
    status: batch.add(keys.status(name), PipelineStatusSchema),
    channel: batch.add(keys.channel(name, definition.channel), ChannelRecordSchema),
  }));
  await batch.send(deps.table);
  return pipelines.map(({ record, revision }, index) => {
    const [status, current] = [rows[index]?.status(), rows[index]?.channel()];
    const { definition } = revision;
    const { name, enabled, disabled, parents, createdAt, updatedAt } = record;
    return {
      name,
      description: definition.description,
      team: definition.team,
      channel: definition.channel,
      revision: record.revision,
      enabled,
      disabled,
      parents,
      activeBake: status?.activeBake,
      pending: status?.dirty ?? false,
      decision: status?.decision,
      current,
      createdAt,
      updatedAt,
    };
  });
}

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
import type { Item } from '../../ports/table.ts';
import { readUserNames, releaseSelectorKey } from '../graph/dependents.ts';
import { readMany } from '../store/read.ts';
import { type ListDeps, listPipelineBakes, type Paged, toPaged, toPageLimits } from './list-pages.ts';

const BAKES_SHOWN = 10;
const CHILDREN_SHOWN = 100;

export async function listPipelines(deps: ListDeps, page: PageQuery): Promise<Paged<Pipeline>> {
  const rows = await deps.table.query({ index: 'list', pk: lists.pipelines, ...toPageLimits(page) });
  const { items: records, ...next } = toPaged(rows, (item) => PipelineRecordSchema.parse(item));
  return { items: await summarize(deps, records), ...next };
}

export async function listTeamPipelines(
  deps: ListDeps,
  team: string,
  page: PageQuery,
): Promise<Paged<Pipeline>> {
  const { pk, sk: prefix } = keys.teamPipeline(team, '');
  const rows = await deps.table.query({ pk, prefix, ...toPageLimits(page) });
  const { items: names, ...next } = toPaged(rows, ({ sk }) => sk.slice(prefix.length));
  const records = await readMany(
    deps.table,
    names.map((name) => keys.pipeline(name)),
    PipelineRecordSchema,
  );
  const found = records.filter((record) => record !== undefined);
  return { items: await summarize(deps, found), ...next };
}

async function summarize(deps: ListDeps, records: readonly PipelineRecord[]): Promise<Pipeline[]> {
  const revisions = await deps.table.getMany(
    records.map((entry) => keys.revision(entry.name, entry.revision)),
  );
  return await readSummaries(
    deps,
    records.flatMap((record, index) => {
      const revision = revisions[index];
      return revision === undefined ? [] : [{ record, revision: RevisionRecordSchema.parse(revision) }];
    }),
  );
}

export async function showPipeline(deps: ListDeps, name: string): Promise<PipelineDetails> {
  const item = await deps.table.get(keys.pipeline(name));
  if (item === undefined) throw new PipelineNotFound(name);
  const record = PipelineRecordSchema.parse(item);
  const revision = RevisionRecordSchema.parse(await deps.table.get(keys.revision(name, record.revision)));
  const selectorKeys = listDependencies(revision.selectors).map(selectorKey);
  const [[summary], selectors, children, bakes] = await Promise.all([
    readSummaries(deps, [{ record, revision }]),
    deps.table.getMany(selectorKeys.map((key) => keys.selector(key))),
    readUserNames(deps.table, releaseSelectorKey(record), CHILDREN_SHOWN),
    listPipelineBakes(deps, name, { limit: BAKES_SHOWN }),
  ]);
  return PipelineDetailsSchema.parse({
    ...summary,
    definition: revision.definition,
    appliedBy: revision.appliedBy,
    selectors: selectorKeys.map((key, index) => toSelectorStatus(key, selectors[index])),
    children,
    bakes: bakes.items,
  });
}

async function readSummaries(
  deps: ListDeps,
  pipelines: readonly { record: PipelineRecord; revision: RevisionRecord }[],
): Promise<Pipeline[]> {
  const rows = await deps.table.getMany(
    pipelines.flatMap(({ record, revision }) => [
      keys.status(record.name),
      keys.channel(record.name, revision.definition.channel),
    ]),
  );
  return pipelines.map(({ record, revision }, index) => {
    const [planningRow, channelRow] = rows.slice(index * 2, index * 2 + 2);
    const status = planningRow === undefined ? undefined : PipelineStatusSchema.parse(planningRow);
    const current = channelRow === undefined ? undefined : ChannelRecordSchema.parse(channelRow);
    const { definition } = revision;
    const { name, enabled, disabled, parents, createdAt, updatedAt } = record;
    return {
      name,
      description: definition.description,
      team: definition.team,
      channel: definition.channel,
      revision: record.revision,
      enabled,
      ...(disabled === undefined ? {} : { disabled }),
      parents,
      ...(status?.activeBake === undefined ? {} : { activeBake: status.activeBake }),
      pending: status?.dirty ?? false,
      ...(status?.decision === undefined ? {} : { decision: status.decision }),
      ...(current === undefined
        ? {}
        : {
            current: {
              release: current.release,
              bake: current.bake,
              images: current.images,
              at: current.at,
            },
          }),
      createdAt,
      updatedAt,
    };
  });
}

function toSelectorStatus(key: string, row: Item | undefined) {
  if (row === undefined) return { key };
  const { version, since, problem } = SelectorRecordSchema.parse(row);
  return { key, version, since, problem };
}

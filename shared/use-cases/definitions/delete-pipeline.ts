/**
 * Deletes a pipeline on request. The rows by which detect and reconcile find it go in one transaction, with selectors that no other pipeline
 * uses; its revisions, bakes and releases stay readable. A new pipeline of the same name goes on with the next revision.
 */

import { PipelineBaking, PipelineHasChildren, PipelineNotFound } from '../../domain/base/errors.ts';
import { keys, nonSelectorChangeKey } from '../../domain/base/naming.ts';
import { joinWords } from '../../domain/base/text.ts';
import { listDependencies } from '../../domain/records/pipelines.ts';
import { type SelectorRecord, SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { findParent, type Selector, selectorKey } from '../../domain/selectors/selectors.ts';
import type { Ports } from '../../ports/ports.ts';
import { MAX_WRITES, type Table, type Write } from '../../ports/table.ts';
import { scheduleIndexWrite } from '../detect/index-inventory.ts';
import { readSelectorDependents } from '../graph/dependents.ts';
import { changeWrite, toOwnChange } from '../store/changes.ts';
import { readMany } from '../store/read.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { tryWrite } from '../store/try-write.ts';
import { publishedParameter } from './apply-reach.ts';
import { type AppliedPipeline, readAppliedPipeline } from './read-applied-pipeline.ts';

export type DeleteDeps = Pick<Ports, 'table' | 'clock' | 'ids'>;

export interface DeleteRequest {
  readonly pipeline: string;
  readonly by: string;
}

const CHILDREN_NAMED = 10;

/** Throws PipelineHasChildren, which names them, and PipelineBaking. */
export async function deletePipeline(
  deps: DeleteDeps,
  request: DeleteRequest,
): Promise<{ readonly pipeline: string; readonly revision: number }> {
  const { pipeline: name } = request;
  return retryOnConflict(`${name} kept changing while it was deleted; try again.`, async () => {
    const before = await readAppliedPipeline(deps.table, name);
    if (before === undefined) throw new PipelineNotFound(name);
    const { channel } = before.pipeline.spec;
    const own: Selector = { kind: 'pipeline', pipeline: name, channel };
    const known = await readSelectors(deps.table, [own, ...listDependencies(before.revision.selectors)]);
    await requireDeletable(deps.table, before, own);
    const { dependents, fence, unused } = await prepareSelectorDeletes(deps.table, name, known);
    const always = [
      ...ownRowWrites(before, deps.clock.now().toISOString()),
      ...dependents,
      ...fence,
      deletionChangeWrite(deps, before, request),
    ];
    const fitting = Math.floor((MAX_WRITES - always.length) / WRITES_OF_SELECTOR);
    await deps.table.write([...always, ...unused.slice(0, fitting).flat()]);
    // Those that did not fit; one that is used again by now stays.
    for (const writes of unused.slice(fitting)) await tryWrite(deps.table, writes);
    return { pipeline: name, revision: before.pipeline.revision };
  });
}

async function requireDeletable(
  table: Table,
  { pipeline, status }: AppliedPipeline,
  own: Selector,
): Promise<void> {
  const { name } = pipeline;
  const { items, cursor } = await readSelectorDependents(table, selectorKey(own), { limit: CHILDREN_NAMED });
  const children = items.map((dependent) => dependent.pipeline);
  if (children.length > 0) {
    const shown = [...children, ...(cursor === undefined ? [] : ['others'])];
    throw new PipelineHasChildren(
      `${joinWords(shown)} ${shown.length === 1 ? 'is' : 'are'} built on ${name}. Give them another base, or delete them first.`,
      { pipeline: name, children },
    );
  }
  if (status.activeBake !== undefined)
    throw new PipelineBaking(
      `${name} is baking. Wait for its end, or cancel it first: ovenbird cancel ${status.activeBake}`,
      { pipeline: name, bake: status.activeBake },
    );
}

/** Stands in the index of packages where the id of a bake does, so that its packages are removed there. */
const NO_BAKE = 'deleted';

function ownRowWrites({ pipeline, status, revision }: AppliedPipeline, at: string): Write[] {
  const { name, spec: plan } = pipeline;
  return [
    { delete: keys.pipeline(name), when: { equals: { revision: pipeline.revision } } },
    { delete: keys.status(name), when: { equals: { version: status.version, activeBake: null } } },
    { delete: keys.channel(name, plan.channel) },
    { delete: keys.teamPipeline(plan.team, name) },
    scheduleIndexWrite({ pipeline: name, channel: plan.channel }, NO_BAKE, at),
    { delete: keys.publishedParameter(publishedParameter(revision)), when: { equals: { pipeline: name } } },
  ];
}

interface KnownSelector {
  readonly selector: Selector;
  readonly row: SelectorRecord | undefined;
}

async function readSelectors(table: Table, selectors: readonly Selector[]): Promise<KnownSelector[]> {
  const each = [...new Map(selectors.map((selector) => [selectorKey(selector), selector])).values()];
  const named = each.map((selector) => keys.selector(selectorKey(selector)));
  const rows = await readMany(table, named, SelectorRecordSchema);
  return each.map((selector, index) => ({ selector, row: rows[index] }));
}

interface SelectorWrites {
  readonly dependents: readonly Write[];
  /** Fails when a dependent was applied meanwhile. */
  readonly fence: readonly Write[];
  /** Of each selector that no other pipeline uses. */
  readonly unused: readonly (readonly Write[])[];
}

const WRITES_OF_SELECTOR = 2;

/** Deletes selectors that no other pipeline uses. An apply that begins to use one meanwhile raises `uses` or makes its row, and this write fails. */
async function prepareSelectorDeletes(
  table: Table,
  name: string,
  known: readonly KnownSelector[],
): Promise<SelectorWrites> {
  const isOwn = ({ selector }: KnownSelector) => findParent(selector)?.pipeline === name;
  const others = known.filter((entry) => !isOwn(entry));
  const unused = await Promise.all(
    others.map(async ({ selector, row }) => {
      const { items } = await readSelectorDependents(table, selectorKey(selector), { limit: 2 });
      const isUsed = items.some(({ pipeline }) => pipeline !== name);
      return isUsed || row === undefined ? [] : [deleteSelectorWrites(row)];
    }),
  );
  return {
    dependents: others.map(({ selector }) => ({
      delete: keys.selectorDependent(selectorKey(selector), name),
    })),
    fence: known
      .filter(isOwn)
      .flatMap(({ selector, row }) =>
        row === undefined
          ? [{ check: keys.selector(selectorKey(selector)), when: { exists: false } }]
          : deleteSelectorWrites(row),
      ),
    unused: unused.flat(),
  };
}

function deleteSelectorWrites({ key, topic, uses }: SelectorRecord): Write[] {
  return [
    { delete: keys.selector(key), when: { exists: true, equals: { uses: uses ?? null } } },
    { delete: keys.topicSelector(topic, key) },
  ];
}

/** The deletion as a change of the pipeline's definition, with the person who requested it. */
function deletionChangeWrite(deps: DeleteDeps, { pipeline }: AppliedPipeline, { by }: DeleteRequest): Write {
  const change = toOwnChange({
    id: deps.ids.next(),
    selector: nonSelectorChangeKey('definition', pipeline.name),
    from: String(pipeline.revision),
    to: `deleted by ${by}`,
    at: deps.clock.now().toISOString(),
  });
  return changeWrite(change);
}

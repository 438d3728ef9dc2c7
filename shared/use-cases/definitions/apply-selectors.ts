/** Resolves each selector of a definition once. One that does not resolve is a problem of the definition, with its field. */
import type { Problem } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { listDependencies, type PipelineRecord } from '../../domain/records/pipelines.ts';
import { ChannelRecordSchema } from '../../domain/records/releases.ts';
import { type SelectorRecord, SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { describeSelector } from '../../domain/selectors/describe.ts';
import type { ParentChannel } from '../../domain/selectors/kind.ts';
import {
  findParent,
  findSelectorKind,
  type Selector,
  selectorKey,
  selectorTopic,
} from '../../domain/selectors/selectors.ts';
import type { Resolution } from '../../ports/selector-resolver.ts';
import { findBaseProblems } from '../bakes/base-image.ts';
import { readMany, readRecord } from '../store/read.ts';
import type { ApplyDeps } from './apply-deps.ts';
import { isNewSelector, listNamedSelectors } from './named-selectors.ts';
import type { ParsedDefinition } from './parse-definition.ts';
import type { AppliedPipeline } from './read-applied-pipeline.ts';

export interface FoundSelector {
  readonly record: SelectorRecord;
  /** Other pipelines use it already: its row stays as it is. */
  readonly isKnown: boolean;
}

export interface SelectorCheck {
  readonly found: readonly FoundSelector[];
  readonly problems: readonly Problem[];
  readonly notes: string[];
}

export async function resolveSelectors(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  parents: readonly PipelineRecord[],
  before: AppliedPipeline | undefined,
): Promise<SelectorCheck> {
  const wanted = listDependencies(reading.spec);
  const named = wanted.map((selector) => keys.selector(selectorKey(selector)));
  const rows = await readMany(deps.table, named, SelectorRecordSchema);
  const looked = await Promise.all(
    wanted.map((selector, index) =>
      resolveSelector(deps, selector, rows[index], { parents, isOwn: !isNewSelector(selector, before) }),
    ),
  );
  return {
    found: looked.flatMap((entry) => ('record' in entry ? [entry] : [])),
    problems: looked.flatMap((entry, index) =>
      'reason' in entry ? [toProblem(reading, index, entry.reason)] : [],
    ),
    notes: looked.flatMap((entry) => ('note' in entry ? [entry.note] : [])),
  };
}

type ResolvedSelector =
  | FoundSelector
  | { readonly reason: string }
  | (FoundSelector & { readonly note: string });

async function resolveSelector(
  deps: ApplyDeps,
  selector: Selector,
  row: SelectorRecord | undefined,
  { parents, isOwn }: { readonly parents: readonly PipelineRecord[]; readonly isOwn: boolean },
): Promise<ResolvedSelector> {
  // A known selector with a problem is resolved again: a pipeline that names it for the first time is told.
  if (row?.version !== undefined && row.problem === undefined) return { record: row, isKnown: true };
  const key = selectorKey(selector);
  const at = deps.clock.now().toISOString();
  const empty: SelectorRecord = { key, topic: selectorTopic(selector), selector, namedAt: at };
  const parent = findParent(selector);
  const resolution =
    parent === undefined ? await deps.resolver.resolve(selector) : await resolveChannel(deps, parent);
  if (resolution.found) {
    const { version, detail } = resolution;
    const record: SelectorRecord = { ...empty, version, detail: { ...detail }, since: at, checkedAt: at };
    return { record: row ?? record, isKnown: row !== undefined };
  }
  // A parent without a release is no problem: its first release starts the first bake.
  if (parent !== undefined && parents.length > 0)
    return {
      record: row ?? empty,
      isKnown: row !== undefined,
      note: `${parent.pipeline} has no release yet; the first bake waits for it.`,
    };
  // A pipeline that uses it already keeps its last version, so that its other changes can be applied.
  if (row?.version !== undefined && isOwn)
    return {
      record: row,
      isKnown: true,
      note: `${describeSelector(key)}: ${resolution.reason}; its last version stays until it is there again.`,
    };
  return { reason: resolution.reason };
}

async function resolveChannel(deps: ApplyDeps, parent: ParentChannel): Promise<Resolution> {
  const key = keys.channel(parent.pipeline, parent.channel);
  const channel = await readRecord(deps.table, key, ChannelRecordSchema);
  if (channel === undefined) return { found: false, reason: `${parent.pipeline} has no release yet` };
  return { found: true, version: channel.release, detail: channel.images };
}

/** Problems of the AMI that the base means at the time when the definition is applied. */
export async function checkBaseImage(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  selectors: readonly FoundSelector[],
): Promise<Problem[]> {
  const { base } = reading.references;
  const record = selectors.find(({ record: { key } }) => key === selectorKey(base))?.record;
  return await findBaseProblems(deps, reading.definition, { ...record, selector: base });
}

function toProblem(reading: ParsedDefinition, index: number, reason: string): Problem {
  const named = listNamedSelectors(reading)[index];
  if (named === undefined) return { field: '', message: reason };
  const { field, selector } = named;
  const told = findSelectorKind(selector).describeUnresolved?.(selector, reason) ?? {
    message: reason,
    fix: 'Correct the name, or create what it names.',
  };
  return { field, ...told };
}

/** Resolves what a definition names, once each. What cannot be resolved is a problem of the file, with the field that names it. */
import type { Problem } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { describeSelector } from '../../domain/base/text.ts';
import { listDependencies, type PipelineRecord } from '../../domain/records/pipelines.ts';
import { ChannelRecordSchema } from '../../domain/records/releases.ts';
import { type SelectorRecord, SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { type Selector, selectorKey, selectorTopic } from '../../domain/selectors/selectors.ts';
import type { Resolution } from '../../ports/selector-resolver.ts';
import { readMany, readRecord } from '../store/read.ts';
import type { ApplyDeps } from './apply-deps.ts';
import { isNewSelector } from './named-selectors.ts';
import type { ParsedDefinition } from './parse-definition.ts';
import type { AppliedPipeline } from './read-applied-pipeline.ts';

export interface FoundSelector {
  readonly record: SelectorRecord;
  /** Other pipelines have brought it: its row stays as it is. */
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
  const rows = await readMany(
    deps.table,
    wanted.map((selector) => keys.selector(selectorKey(selector))),
    SelectorRecordSchema,
  );
  const looked = await Promise.all(
    wanted.map((selector, index) =>
      resolveSelector(deps, selector, rows[index], { parents, isOwn: !isNewSelector(selector, before) }),
    ),
  );
  return {
    found: looked.flatMap((entry) => ('record' in entry ? [entry] : [])),
    problems: looked.flatMap((entry, index) =>
      'reason' in entry ? [toProblem(reading, wanted[index], index, entry.reason)] : [],
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
  // What others use already and resolves to nothing just now is asked for again: who names it for the first time should know.
  if (row?.version !== undefined && row.problem === undefined) return { record: row, isKnown: true };
  const key = selectorKey(selector);
  const at = deps.clock.now().toISOString();
  const empty: SelectorRecord = { key, topic: selectorTopic(selector), selector, namedAt: at };
  const resolution =
    selector.kind === 'pipeline'
      ? await resolveChannel(deps, selector)
      : await deps.resolver.resolve(selector);
  if (resolution.found) {
    const { version, detail } = resolution;
    const record: SelectorRecord = { ...empty, version, detail: { ...detail }, since: at, checkedAt: at };
    return { record: row ?? record, isKnown: row !== undefined };
  }
  // A parent that has not released yet is no mistake: its first release starts the first bake.
  if (selector.kind === 'pipeline' && parents.length > 0)
    return {
      record: row ?? empty,
      isKnown: row !== undefined,
      note: `${selector.pipeline} has no release yet; the first bake waits for it.`,
    };
  // A pipeline that has it already keeps its last version: nothing else of the definition has to wait for it.
  if (row?.version !== undefined && isOwn)
    return {
      record: row,
      isKnown: true,
      note: `${describeSelector(key)}: ${resolution.reason}; its last version stays until it is there again.`,
    };
  return { reason: resolution.reason };
}

async function resolveChannel(
  deps: ApplyDeps,
  selector: Extract<Selector, { kind: 'pipeline' }>,
): Promise<Resolution> {
  const channel = await readRecord(
    deps.table,
    keys.channel(selector.pipeline, selector.channel),
    ChannelRecordSchema,
  );
  if (channel === undefined) return { found: false, reason: `${selector.pipeline} has no release yet` };
  return { found: true, version: channel.release, detail: channel.images };
}

function toProblem(
  reading: ParsedDefinition,
  selector: Selector | undefined,
  index: number,
  reason: string,
): Problem {
  const field = findField(reading, index);
  if (selector?.kind !== 'component')
    return { field, message: reason, fix: 'Correct the name, or create what it names.' };
  const written = selector.arn.split('/').slice(1).join('/');
  return {
    field,
    message: `${written}: ${reason}`,
    fix: 'Create the component with EC2 Image Builder, or correct its name or version.',
  };
}

/** Which field of the definition the selector at this place of the plan comes from. */
function findField({ definition, references }: ParsedDefinition, index: number): string {
  if (index === 0) return `base.${findForm(definition.base)}`;
  const component = index - 1;
  if (component < references.components.length) return `components[${component}].component`;
  const input = component - references.components.length;
  const given = definition.inputs[input];
  if (given !== undefined) return `inputs[${input}].${findForm(given)}`;
  return `tests.components[${input - references.inputs.length}].component`;
}

const FORMS = ['pipeline', 'ssm', 'image', 'ami', 'lookup', 'container', 'source', 'packages'] as const;

function findForm(given: object): string {
  return FORMS.find((form) => form in given) ?? '';
}

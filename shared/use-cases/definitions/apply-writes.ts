/** Writes of a new revision, for one transaction: three for each new selector, one for each known and each dropped one, and those of the pipeline. */
import { canonical } from '../../domain/base/canonical.ts';
import { keys, lists, nonSelectorChangeKey, selectorShard } from '../../domain/base/naming.ts';
import {
  listDependencies,
  type PipelineRecord,
  type PipelineSpec,
  type RevisionRecord,
} from '../../domain/records/pipelines.ts';
import type {
  ChangeRecord,
  SelectorDependentRecord,
  SelectorRecord,
  TopicSelectorRecord,
} from '../../domain/records/selectors.ts';
import type { PipelineStatus } from '../../domain/records/status.ts';
import { findParent, selectorKey } from '../../domain/selectors/selectors.ts';
import type { Table, Write } from '../../ports/table.ts';
import { changeWrite, toOwnChange } from '../store/changes.ts';
import { dirtyAt } from '../store/status.ts';
import { tryWrite } from '../store/try-write.ts';
import type { ApplyDeps } from './apply-deps.ts';
import { listParentNames } from './apply-graph.ts';
import { publishedParameter } from './apply-reach.ts';
import type { FoundSelector } from './apply-selectors.ts';
import type { ParsedDefinition } from './parse-definition.ts';
import type { AppliedPipeline } from './read-applied-pipeline.ts';

export interface RevisionInput {
  readonly reading: ParsedDefinition;
  readonly before: AppliedPipeline | undefined;
  readonly revision: number;
  readonly selectors: readonly FoundSelector[];
  readonly by: string;
}

export function applyWrites(deps: Pick<ApplyDeps, 'clock' | 'ids'>, applying: RevisionInput): Write[] {
  const now = deps.clock.now();
  const first = toFirstVersionChange(deps, applying, now.toISOString());
  const changes = [
    ...(first === undefined ? [] : [first]),
    toDefinitionChange(deps.ids.next(), applying, now.toISOString()),
  ];
  return [
    ...pipelineWrites(applying, now.toISOString()),
    newStatusWrite(
      applying,
      changes.map(({ id }) => id),
      now,
    ),
    ...changes.map(changeWrite),
    ...selectorWrites(applying, first),
    ...parameterWrites(applying),
  ];
}

function pipelineWrites({ reading, before, revision, by }: RevisionInput, at: string): Write[] {
  const { definition, digest, references } = reading;
  const { name } = definition;
  const record: PipelineRecord = {
    name,
    revision,
    digest,
    enabled: before?.pipeline.enabled ?? true,
    ...(before?.pipeline.disabled === undefined ? {} : { disabled: before.pipeline.disabled }),
    parents: listParentNames(reading),
    spec: withScheduleSince(reading.spec, before?.pipeline.spec, at),
    createdAt: before?.pipeline.createdAt ?? at,
    updatedAt: at,
  };
  const stored: RevisionRecord = {
    pipeline: name,
    revision,
    definition,
    selectors: {
      base: references.base,
      components: [...references.components],
      inputs: [...references.inputs],
      tests: [...references.tests],
    },
    digest,
    appliedBy: by,
    appliedAt: at,
  };
  return [
    {
      put: { ...keys.pipeline(name), ...record, listPk: lists.pipelines, listSk: name },
      when:
        before === undefined
          ? { exists: false }
          : { equals: { revision: before.pipeline.revision, enabled: before.pipeline.enabled } },
    },
    { put: { ...keys.revision(name, revision), ...stored }, when: { exists: false } },
    ...(before === undefined ? [{ put: { ...keys.teamPipeline(definition.team, name) } }] : []),
  ];
}

/** A rate counts from when it was first applied, whatever else of the definition changes later. */
function withScheduleSince(spec: PipelineSpec, before: PipelineSpec | undefined, at: string): PipelineSpec {
  const { schedule } = spec;
  if (schedule === undefined) return spec;
  const old = before?.schedule;
  const isKept = old?.expression === schedule.expression && old.timeZone === schedule.timeZone;
  const since = isKept ? old.since : at;
  return { ...spec, schedule: { ...schedule, ...(since === undefined ? {} : { since }) } };
}

function newStatusWrite({ reading, before }: RevisionInput, changes: readonly string[], now: Date): Write {
  const pipeline = reading.definition.name;
  const dueAt = new Date(now.getTime() + reading.spec.debounceSeconds * 1000).toISOString();
  const dirty = { ...dirtyAt(dueAt), debounceUntil: dueAt };
  if (before === undefined) {
    const record: PipelineStatus = {
      pipeline,
      version: 1,
      dirty: true,
      dirtySince: now.toISOString(),
      changes: [...changes],
      causes: [...changes],
      minimumVersions: {},
      ticksHandledUntil: now.toISOString(),
      supersededInRow: 0,
      consecutiveFailures: 0,
    };
    return { put: { ...keys.status(pipeline), ...record, ...dirty }, when: { exists: false } };
  }
  return {
    update: keys.status(pipeline),
    set: {
      ...dirty,
      // Failures and targets that refused say nothing about another image or other targets.
      ...(hasSameOutput(before.pipeline.spec, reading.spec) ? {} : { consecutiveFailures: 0 }),
      // Ticks count from the revision that brought their schedule: a revision that changes something else drops none.
      ...(isSameSchedule(before.pipeline.spec, reading.spec) ? {} : { ticksHandledUntil: now.toISOString() }),
    },
    remove: hasSameOutput(before.pipeline.spec, reading.spec) ? [] : ['refusedTargets'],
    setOnce: { dirtySince: now.toISOString() },
    append: { changes, causes: changes },
    add: { version: 1 },
    // The open request of the bake that runs was looked at.
    when: { exists: true, equals: { activeBake: before.status.activeBake ?? null } },
  };
}

/** True when image, tests, gates and targets are the same; triggers and team may differ. */
function hasSameOutput(one: PipelineSpec, other: PipelineSpec): boolean {
  return canonical(toOutputSpec(one)) === canonical(toOutputSpec(other));
}

function toOutputSpec(spec: PipelineSpec) {
  const { mode, schedule, freeze, pinned, team, ...rest } = spec;
  const { debounceSeconds, longestWaitSeconds, maxHoldSeconds, maxFailures, ...asked } = rest;
  return asked;
}

function isSameSchedule(one: PipelineSpec, other: PipelineSpec): boolean {
  const toText = ({ schedule }: PipelineSpec) => canonical({ ...schedule, since: undefined });
  return one.mode === other.mode && toText(one) === toText(other);
}

/**
 * The change of a base selector that is new from no version to its first one: the first of the chain that ends in the last image built on it.
 */
function toFirstVersionChange(
  deps: Pick<ApplyDeps, 'ids'>,
  { before, selectors, reading }: RevisionInput,
  at: string,
): ChangeRecord | undefined {
  const base = selectors.find(({ record }) => record.key === selectorKey(reading.references.base));
  if (before !== undefined || base === undefined || base.isKnown) return undefined;
  const { key, version, selector } = base.record;
  if (version === undefined || findParent(selector) !== undefined) return undefined;
  return toOwnChange({ id: deps.ids.next(), selector: key, to: version, at });
}

function toDefinitionChange(
  id: string,
  { reading, before, revision }: RevisionInput,
  at: string,
): ChangeRecord {
  return toOwnChange({
    id,
    selector: nonSelectorChangeKey('definition', reading.definition.name),
    ...(before === undefined ? {} : { from: String(before.pipeline.revision) }),
    to: String(revision),
    at,
  });
}

function selectorWrites(
  { reading, before, selectors }: RevisionInput,
  first: ChangeRecord | undefined,
): Write[] {
  const pipeline = reading.definition.name;
  const wanted = new Set(selectors.map(({ record }) => record.key));
  const old = before === undefined ? [] : listSelectorKeys(before.revision);
  const rows = selectors.flatMap(({ record, isKnown }): Write[] => {
    const dependent: SelectorDependentRecord = {
      selector: record.key,
      pipeline,
      debounceSeconds: reading.spec.debounceSeconds,
    };
    const put: Write = { put: { ...keys.selectorDependent(record.key, pipeline), ...dependent } };
    if (isKnown && old.includes(record.key)) return [put];
    // Deleting it as unused at this moment loses against this write, or this write against the deletion.
    if (isKnown)
      return [put, { update: keys.selector(record.key), add: { uses: 1 }, when: { exists: true } }];
    return [put, ...newSelectorWrites(record, first?.selector === record.key ? { change: first.id } : {})];
  });
  const gone = old.filter((key) => !wanted.has(key));
  return [...rows, ...gone.map((key): Write => ({ delete: keys.selectorDependent(key, pipeline) }))];
}

/**
 * The rows of a selector that no definition has named before. A release changes the row of its channel itself: that row needs no topic and no
 * resync, and it is written only while the channel holds the release that was read.
 */
function newSelectorWrites(record: SelectorRecord, more: Pick<SelectorRecord, 'change'> = {}): Write[] {
  const { topic, key, selector, version } = record;
  const row = { ...keys.selector(key), ...record, ...more };
  const when = { exists: false };
  const parent = findParent(selector);
  if (parent !== undefined) {
    const channel = keys.channel(parent.pipeline, parent.channel);
    const isStill = version === undefined ? { exists: false } : { equals: { release: version } };
    return [
      { put: row, when },
      { check: channel, when: isStill },
    ];
  }
  const listed: TopicSelectorRecord = { topic, key, selector };
  const position = { listPk: lists.selectors(selectorShard(topic)), listSk: key };
  return [{ put: { ...row, ...position }, when }, { put: { ...keys.topicSelector(topic, key), ...listed } }];
}

/**
 * Writes the rows of new selectors ahead of a revision that would not fit into one transaction; without dependents they have no effect. The base is
 * left out: its first version begins a chain of changes. Returns false when there was no new selector.
 */
export async function writeSelectorsAhead(
  table: Table,
  { reading, selectors }: Pick<RevisionInput, 'reading' | 'selectors'>,
): Promise<boolean> {
  const base = selectorKey(reading.references.base);
  const fresh = selectors.filter(({ record, isKnown }) => !isKnown && record.key !== base);
  // Not written where another pipeline begins to use it at this moment.
  await Promise.all(fresh.map(({ record }) => tryWrite(table, newSelectorWrites(record))));
  return fresh.length > 0;
}

function listSelectorKeys({ selectors }: RevisionRecord): string[] {
  return [...new Set(listDependencies(selectors).map(selectorKey))];
}

function parameterWrites({ reading, before }: RevisionInput): Write[] {
  const pipeline = reading.definition.name;
  const parameter = publishedParameter(reading);
  const old = before === undefined ? undefined : publishedParameter(before.revision);
  if (old === parameter) return [];
  return [
    { put: { ...keys.publishedParameter(parameter), pipeline }, when: { exists: false } },
    ...(old === undefined ? [] : [{ delete: keys.publishedParameter(old) } satisfies Write]),
  ];
}

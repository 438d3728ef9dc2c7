/** Selectors of a definition with their fields, and other pipelines that use a selector; for apply-reach.ts. */
import type { Problem } from '../../domain/base/errors.ts';
import { type Key, keys } from '../../domain/base/naming.ts';
import { listDependencies } from '../../domain/records/pipelines.ts';
import { LookersRecordSchema, TopicSelectorRecordSchema } from '../../domain/records/selectors.ts';
import { type Selector, selectorKey } from '../../domain/selectors/selectors.ts';
import type { Table, Write } from '../../ports/table.ts';
import { readSelectorDependents } from '../graph/dependents.ts';
import { readAll, readRecord } from '../store/read.ts';
import type { ParsedDefinition } from './parse-definition.ts';
import type { AppliedPipeline } from './read-applied-pipeline.ts';

/** A selector of a definition, and the field that it stands in. */
export interface NamedSelector {
  readonly field: string;
  readonly selector: Selector;
}

export interface ReachCheck {
  readonly problems?: readonly Problem[];
  readonly checks?: readonly Write[];
}

/** All selectors of a definition, in the order of `listDependencies`. */
export function listNamedSelectors({ references }: Pick<ParsedDefinition, 'references'>): NamedSelector[] {
  const { base, components, inputs, tests } = references;
  const named = (selectors: readonly Selector[], place: string) =>
    selectors.map((selector, index) => ({ field: `${place}[${index}].${selector.kind}`, selector }));
  return [
    { field: `base.${base.kind}`, selector: base },
    ...named(components, 'components'),
    ...named(inputs, 'inputs'),
    ...named(tests, 'tests.components'),
  ];
}

/** True when the pipeline begins to use the selector with this definition. */
export function isNewSelector(selector: Selector, before: AppliedPipeline | undefined): boolean {
  const key = selectorKey(selector);
  return (
    before === undefined ||
    listDependencies(before.revision.selectors).every((old) => selectorKey(old) !== key)
  );
}

/** Fails a write that checked, with `readNoNewReaderCheck`, that the parameter has no readers. */
export function addReaderWrite(lookers: Key): Write {
  return { update: lookers, add: { version: 1 } };
}

export async function readNoNewReaderCheck(table: Table, lookers: Key): Promise<Write> {
  const record = await readRecord(table, lookers, LookersRecordSchema);
  return { check: lookers, when: { equals: { version: record?.version ?? null } } };
}

/** Pipelines other than `name` that use a selector of the topic for which `isMeant` holds. */
export async function readTopicDependents(
  table: Table,
  topic: string,
  name: string,
  isMeant: (selector: Selector) => boolean,
): Promise<{ readonly pipeline: string; readonly selector: Selector }[]> {
  const { pk, sk: prefix } = keys.topicSelector(topic, '');
  const listed = await readAll(table, { pk, prefix }, TopicSelectorRecordSchema);
  const dependents = await Promise.all(
    listed
      .filter(({ selector }) => isMeant(selector))
      .map(async ({ key, selector }) => {
        const { items } = await readSelectorDependents(table, key, { limit: 5 });
        return items.map(({ pipeline }) => ({ pipeline, selector }));
      }),
  );
  return dependents.flat().filter(({ pipeline }) => pipeline !== name);
}

/** Refuses what a field names, with what to write instead. */
export function refuse(field: string, message: string, fix: string): ReachCheck {
  return { problems: [{ field, message, fix }] };
}

export function mergeReachChecks(found: readonly ReachCheck[]): { problems: Problem[]; checks: Write[] } {
  return {
    problems: found.flatMap(({ problems = [] }) => problems),
    checks: found.flatMap(({ checks = [] }) => checks),
  };
}

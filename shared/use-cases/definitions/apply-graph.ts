/** Checks the parents of a definition: they must exist, and no pipeline may become its own ancestor. */

import type { Problem } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { findCycle } from '../../domain/definitions/graph.ts';
import { type PipelineRecord, PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import type { ParentChannel } from '../../domain/selectors/kind.ts';
import { findParent } from '../../domain/selectors/selectors.ts';
import type { Table, Write } from '../../ports/table.ts';
import { readFound } from '../store/read.ts';
import { listNamedSelectors } from './named-selectors.ts';
import type { ParsedDefinition } from './parse-definition.ts';

export interface GraphCheck {
  readonly parents: readonly PipelineRecord[];
  readonly problems: readonly Problem[];
  readonly cycle?: readonly string[];
  /** Conditions that ancestors are unchanged when this is written: two applies at once could close a cycle. */
  readonly checks: readonly Write[];
}

export function listParentNames(reading: Pick<ParsedDefinition, 'references'>): string[] {
  return [...new Set(listNamedParents(reading).map(({ parent }) => parent.pipeline))];
}

export async function checkGraph(table: Table, reading: ParsedDefinition): Promise<GraphCheck> {
  const { name } = reading.definition;
  const direct = listParentNames(reading);
  const known = new Map<string, PipelineRecord>();
  let level = direct.filter((parent) => parent !== name);
  while (level.length > 0) {
    const found = await readFound(table, level.map(keys.pipeline), PipelineRecordSchema);
    for (const row of found) known.set(row.name, row);
    level = [...new Set(found.flatMap((row) => row.parents))].filter(
      (entry) => entry !== name && !known.has(entry),
    );
  }
  const cycle = findCycle(name, (entry) => (entry === name ? direct : known.get(entry)?.parents));
  const parents = direct.flatMap((parent) => known.get(parent) ?? []);
  return {
    parents,
    problems: listNamedParents(reading).flatMap(({ field, parent }) => [
      ...checkParentExists(field, parent.pipeline, name, known),
      ...checkParentChannel(field, parent, known),
    ]),
    ...(cycle === undefined ? {} : { cycle }),
    checks: [...known.values()].map((row) => ({
      check: keys.pipeline(row.name),
      when: { equals: { revision: row.revision } },
    })),
  };
}

/** Pipelines that the definition names, each with the base or input that does. */
function listNamedParents(
  reading: Pick<ParsedDefinition, 'references'>,
): { readonly field: string; readonly parent: ParentChannel }[] {
  return listNamedSelectors(reading).flatMap(({ field, selector }) => {
    const parent = findParent(selector);
    return parent === undefined ? [] : [{ field: field.replace(/\.[a-z]+$/, ''), parent }];
  });
}

function checkParentExists(
  field: string,
  parent: string,
  name: string,
  known: ReadonlyMap<string, PipelineRecord>,
): Problem[] {
  if (known.has(parent) || parent === name) return [];
  return [
    {
      field: `${field}.pipeline`,
      message: `There is no pipeline named "${parent}".`,
      fix: `Apply the definition of ${parent} first.`,
    },
  ];
}

function checkParentChannel(
  field: string,
  { pipeline, channel }: ParentChannel,
  known: ReadonlyMap<string, PipelineRecord>,
): Problem[] {
  const own = known.get(pipeline)?.spec.channel;
  if (own === undefined || own === channel) return [];
  return [
    {
      field: `${field}.channel`,
      message: `${pipeline} releases into "${own}", not into "${channel}".`,
      fix: `Write channel: ${own}`,
    },
  ];
}

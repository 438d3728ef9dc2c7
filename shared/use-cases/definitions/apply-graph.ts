/** Who a new definition is built on: parents must exist, and no pipeline may end up above itself. */

import { cyclePath } from '../../domain/definitions/graph.ts';
import type { Problem } from '../../domain/errors.ts';
import { keys } from '../../domain/naming.ts';
import { type PipelineRecord, PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import type { Selector } from '../../domain/versions/selectors.ts';
import type { Table, Write } from '../../ports.ts';
import { readMany } from '../store/read.ts';
import type { Reading } from './read-definition.ts';

export interface GraphCheck {
  readonly parents: readonly PipelineRecord[];
  readonly problems: readonly Problem[];
  readonly cycle?: readonly string[];
  /** Ancestors must still be what they were when this is written: two applies at once could close a circle. */
  readonly checks: readonly Write[];
}

export function parentNames(reading: Pick<Reading, 'references'>): string[] {
  const { base, inputs } = reading.references;
  const named = [base, ...inputs].flatMap((selector) =>
    selector.kind === 'pipeline' ? [selector.pipeline] : [],
  );
  return [...new Set(named)];
}

export async function checkGraph(table: Table, reading: Reading): Promise<GraphCheck> {
  const { name } = reading.definition;
  const direct = parentNames(reading);
  const known = new Map<string, PipelineRecord>();
  let level = direct.filter((parent) => parent !== name);
  while (level.length > 0) {
    const rows = await readMany(
      table,
      level.map((entry) => keys.pipeline(entry)),
      PipelineRecordSchema,
    );
    const found = rows.filter((row) => row !== undefined);
    for (const row of found) known.set(row.name, row);
    level = [...new Set(found.flatMap((row) => row.parents))].filter(
      (entry) => entry !== name && !known.has(entry),
    );
  }
  const cycle = cyclePath(name, (entry) => (entry === name ? direct : known.get(entry)?.parents));
  const parents = direct.flatMap((parent) => known.get(parent) ?? []);
  return {
    parents,
    problems: [
      ...named(reading).flatMap(({ field, selector }) => [
        ...missing(field, selector.pipeline, name, known),
        ...wrongChannel(field, selector, known),
      ]),
    ],
    ...(cycle === undefined ? {} : { cycle }),
    checks: [...known.values()].map((row) => ({
      check: keys.pipeline(row.name),
      when: { equals: { revision: row.revision } },
    })),
  };
}

type Named = Extract<Selector, { kind: 'pipeline' }>;

/** Pipelines that the definition names, each with the field that does. */
function named({ references }: Pick<Reading, 'references'>): { field: string; selector: Named }[] {
  const fields = [
    { field: 'base', selector: references.base },
    ...references.inputs.map((selector, index) => ({ field: `inputs[${index}]`, selector })),
  ];
  return fields.flatMap(({ field, selector }) => (selector.kind === 'pipeline' ? [{ field, selector }] : []));
}

function missing(
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

function wrongChannel(
  field: string,
  { pipeline, channel }: Named,
  known: ReadonlyMap<string, PipelineRecord>,
): Problem[] {
  const own = known.get(pipeline)?.plan.channel;
  if (own === undefined || own === channel) return [];
  return [
    {
      field: `${field}.channel`,
      message: `${pipeline} releases into "${own}", not into "${channel}".`,
      fix: `Write channel: ${own}`,
    },
  ];
}

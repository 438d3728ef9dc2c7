/** Who a new definition is built on: parents must exist, and no pipeline may end up above itself. */
import type { Problem } from '../domain/errors.ts';
import { cyclePath } from '../domain/graph.ts';
import { keys } from '../domain/naming.ts';
import { type PipelineRecord, PipelineRecordSchema } from '../domain/records.ts';
import type { Table, Write } from '../ports.ts';
import type { Reading } from './apply-definition.ts';
import { readMany } from './store/read.ts';

export interface GraphCheck {
  readonly parents: readonly PipelineRecord[];
  readonly problems: readonly Problem[];
  readonly cycle?: readonly string[];
  /** Ancestors must still be what they were when this is written: two applies at once could close a circle. */
  readonly checks: readonly Write[];
}

export function parentNames(reading: Pick<Reading, 'references'>): string[] {
  const { base } = reading.references;
  return base.kind === 'pipeline' ? [base.pipeline] : [];
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
      ...direct.filter((parent) => !known.has(parent) && parent !== name).map(missing),
      ...wrongChannel(reading, parents),
    ],
    ...(cycle === undefined ? {} : { cycle }),
    checks: [...known.values()].map((row) => ({
      check: keys.pipeline(row.name),
      when: { equals: { revision: row.revision } },
    })),
  };
}

function missing(parent: string): Problem {
  return {
    field: 'base.pipeline',
    message: `There is no pipeline named "${parent}".`,
    fix: `Apply the definition of ${parent} first.`,
  };
}

function wrongChannel(reading: Reading, parents: readonly PipelineRecord[]): Problem[] {
  const { base } = reading.references;
  return parents.flatMap((parent) =>
    base.kind === 'pipeline' && base.channel !== parent.plan.channel
      ? [
          {
            field: 'base.channel',
            message: `${parent.name} releases into "${parent.plan.channel}", not into "${base.channel}".`,
            fix: `Write channel: ${parent.plan.channel}`,
          },
        ]
      : [],
  );
}

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Item, Query, Table, Write } from '../../shared/ports/table.ts';
import { createOverlayTable } from '../../shared/use-cases/preview/overlay-table.ts';
import { memoryTable } from '../support/fakes/memory-table.ts';
import { tableContract } from './table.ts';

tableContract('an overlay', () => createOverlayTable(memoryTable()));

const key = fc.record({
  pk: fc.constantFrom('A', 'B'),
  sk: fc.constantFrom('a1', 'a2', 'b1', 'b2', 'b3', 'c'),
});
const indexed = fc.record(
  {
    listPk: fc.constantFrom('L', 'M'),
    listSk: fc.constantFrom('1', '2', '3'),
    duePk: fc.constant('D'),
    dueSk: fc.constantFrom('1', '2', '3'),
    n: fc.nat(3),
  },
  { requiredKeys: [] },
);
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ key, indexed }).map((given): Write => ({ put: { ...given.key, ...given.indexed } })),
  fc.record({ key, set: indexed, remove: fc.subarray(['n', 'listSk', 'dueSk']) }).map(
    (given): Write => ({
      update: given.key,
      set: given.set,
      remove: given.remove.filter((name) => !(name in given.set)),
      append: { log: ['x'] },
    }),
  ),
  key.map((at): Write => ({ delete: at })),
);
const query: fc.Arbitrary<Query> = fc
  .record({
    index: fc.constantFrom('main', 'list', 'due'),
    prefix: fc.constantFrom(undefined, 'a', 'b', '1'),
    upTo: fc.constantFrom(undefined, 'b2', '2'),
    limit: fc.constantFrom(undefined, 1, 2, 3),
    descending: fc.boolean(),
  })
  .map(({ index, prefix, upTo, limit, descending }) => ({
    index: index as NonNullable<Query['index']>,
    pk: { main: 'A', list: 'L', due: 'D' }[index] ?? 'A',
    descending,
    ...(prefix === undefined ? {} : { prefix }),
    ...(upTo === undefined ? {} : { upTo }),
    ...(limit === undefined ? {} : { limit }),
  }));

async function all(table: Table, asked: Query): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | undefined;
  do {
    const page = await table.query({ ...asked, ...(after === undefined ? {} : { after }) });
    if (asked.limit !== undefined) expect(page.items.length).toBeLessThanOrEqual(asked.limit);
    items.push(...page.items);
    after = page.cursor;
  } while (after !== undefined);
  return items;
}

describe('an overlay over a table that holds something', () => {
  it('reads as if all had been written to one, and leaves what is below as it was', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 12 }),
        fc.array(write, { maxLength: 12 }),
        fc.array(query, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(1, 2, 1000),
        async (before, later, queries, pageSize) => {
          const [one, below] = [memoryTable({ pageSize }), memoryTable({ pageSize })];
          for (const entry of before) for (const table of [one, below]) await table.write([entry]);
          const untouched = below.items();
          const overlay = createOverlayTable(below);

          for (const entry of later) for (const table of [one, overlay]) await table.write([entry]);

          for (const asked of queries) expect(await all(overlay, asked)).toEqual(await all(one, asked));
          const keys = one.items().map(({ pk, sk }) => ({ pk, sk }));
          expect(await overlay.getMany(keys)).toEqual(await one.getMany(keys));
          expect(below.items()).toEqual(untouched);
        },
      ),
      { numRuns: 400 },
    );
  });
});

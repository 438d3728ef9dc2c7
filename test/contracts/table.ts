import { beforeEach, describe, expect, it } from '@jest/globals';
import { UnknownCursor } from '../../shared/domain/base/errors.ts';
import { type Table, WriteConflict } from '../../shared/ports/table.ts';

/** What every table must do. Keys carry a random part, so that the suite can run on a table that others use. */
export function tableContract(name: string, makeTable: () => Promise<Table> | Table): void {
  describe(`${name} as a table`, () => {
    let table: Table;
    let run: string;
    const key = (sk: string) => ({ pk: `TEST#${run}`, sk });

    beforeEach(async () => {
      table = await makeTable();
      run = Math.random().toString(36).slice(2);
    });

    it('gives back what was put, without what was undefined', async () => {
      await table.write([{ put: { ...key('A'), text: 'ä', list: [1, { deep: true }], gone: undefined } }]);

      expect(await table.get(key('A'))).toEqual({ ...key('A'), text: 'ä', list: [1, { deep: true }] });
      expect(await table.get(key('B'))).toBeUndefined();
    });

    it('reads many keys in their order, absent ones and repeats included', async () => {
      await table.write([{ put: { ...key('A'), n: 1 } }, { put: { ...key('B'), n: 2 } }]);

      const found = await table.getMany([key('B'), key('X'), key('A'), key('B')]);

      expect(found.map((item) => item?.n)).toEqual([2, undefined, 1, 2]);
    });

    it('writes everything or nothing, and says which condition did not hold and what stands there', async () => {
      await table.write([{ put: { ...key('A'), state: 'open' } }]);

      const writing = table.write([
        { put: { ...key('B'), n: 1 } },
        { update: key('A'), set: { state: 'done' }, when: { equals: { state: 'new' } } },
      ]);

      await expect(writing).rejects.toMatchObject({ index: 1, key: key('A'), found: { state: 'open' } });
      await expect(writing).rejects.toBeInstanceOf(WriteConflict);
      expect(await table.get(key('B'))).toBeUndefined();
    });

    it('sets, removes, adds and appends, and makes the item where there is none', async () => {
      await table.write([{ update: key('A'), set: { a: 1, b: 2 }, add: { n: 1 }, append: { list: ['x'] } }]);
      await table.write([
        { update: key('A'), set: { a: 3 }, remove: ['b'], add: { n: 2 }, append: { list: ['y', 'z'] } },
      ]);

      expect(await table.get(key('A'))).toEqual({ ...key('A'), a: 3, n: 3, list: ['x', 'y', 'z'] });
    });

    it('sets once what was not set before', async () => {
      await table.write([{ update: key('A'), setOnce: { since: 1 } }]);
      await table.write([{ update: key('A'), setOnce: { since: 2, other: 3 }, set: { n: 1 } }]);

      expect(await table.get(key('A'))).toEqual({ ...key('A'), since: 1, other: 3, n: 1 });
    });

    it.each([
      ['exists', { exists: true }, { exists: false }],
      ['equals a value', { equals: { state: 'open', n: 5 } }, { equals: { state: 'open', n: 6 } }],
      ['equals nothing', { equals: { other: null } }, { equals: { state: null } }],
      ['is one of', { oneOf: { state: ['open', 'new'] } }, { oneOf: { state: ['done'] } }],
      ['is below', { below: { n: 6 } }, { below: { n: 5 } }],
      ['is below or absent', { below: { other: 1 } }, { below: { state: 'a' } }],
    ])('knows the condition: %s', async (_, holds, fails) => {
      await table.write([{ put: { ...key('A'), state: 'open', n: 5 } }]);

      await table.write([{ check: key('A'), when: holds }, { put: { ...key('C'), done: true } }]);
      await expect(table.write([{ delete: key('A'), when: fails }])).rejects.toBeInstanceOf(WriteConflict);
      expect(await table.get(key('C'))).toEqual({ ...key('C'), done: true });
    });

    it('takes a hundred writes and refuses one more', async () => {
      const puts = Array.from({ length: 101 }, (_, n) => ({ put: { ...key(`N#${n}`), n } }));

      await table.write(puts.slice(0, 100));
      await expect(table.write(puts)).rejects.toThrow();
    });

    it('refuses two writes of one item in a transaction', async () => {
      const writing = table.write([{ put: { ...key('A') } }, { delete: key('A') }]);

      await expect(writing).rejects.toThrow();
    });

    it('pages through a partition by prefix, forwards and backwards, and up to a key', async () => {
      const names = ['A#1', 'B#1', 'B#2', 'B#3', 'C#1'];
      await table.write(names.map((sk) => ({ put: { ...key(sk) } })));
      const pk = key('').pk;

      const first = await table.query({ pk, prefix: 'B#', limit: 2 });
      const second = await table.query({ pk, prefix: 'B#', limit: 2, after: first.cursor ?? '' });
      const backwards = await table.query({ pk, prefix: 'B#', limit: 2, descending: true });
      const upTo = await table.query({ pk, upTo: 'B#1' });

      expect(first.items.map((item) => item.sk)).toEqual(['B#1', 'B#2']);
      expect(second.items.map((item) => item.sk)).toEqual(['B#3']);
      expect(second.cursor).toBeUndefined();
      expect(backwards.items.map((item) => item.sk)).toEqual(['B#3', 'B#2']);
      expect(upTo.items.map((item) => item.sk)).toEqual(['A#1', 'B#1']);
    });

    it('refuses a cursor that no page of the query has answered, as a mistake of the caller', async () => {
      const { pk } = key('');
      const foreign = Buffer.from(JSON.stringify({ pk: 'ELSEWHERE', sk: 'A' })).toString('base64url');
      for (const after of ['~', '17', foreign])
        await expect(table.query({ pk, after })).rejects.toThrow(UnknownCursor);
    });

    it('finds rows in the indexes that they name, and no others', async () => {
      await table.write([
        { put: { ...key('A'), duePk: `DUE#${run}`, dueSk: '2026-01-02' } },
        { put: { ...key('B'), duePk: `DUE#${run}`, dueSk: '2026-01-01' } },
        { put: { ...key('C'), duePk: `DUE#${run}`, dueSk: '2026-02-01' } },
        { put: { ...key('D'), listPk: `LIST#${run}`, listSk: 'x' } },
      ]);

      const due = await table.query({ index: 'due', pk: `DUE#${run}`, upTo: '2026-01-31' });
      const list = await table.query({ index: 'list', pk: `LIST#${run}` });

      expect(due.items.map((item) => item.sk)).toEqual(['B', 'A']);
      expect(list.items.map((item) => item.sk)).toEqual(['D']);
    });
  });
}

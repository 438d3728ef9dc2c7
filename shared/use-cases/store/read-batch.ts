import type * as z from 'zod';
import type { Key } from '../../domain/base/naming.ts';
import type { Table } from '../../ports/table.ts';

/** Collects what a decision needs to know and reads it in one go: `want` says what, the answer is there after `send`. */
export class ReadBatch {
  readonly #keys: Key[] = [];
  #items: Awaited<ReturnType<Table['getMany']>> | undefined;

  add<Schema extends z.ZodType>(key: Key, schema: Schema): () => z.output<Schema> | undefined {
    const index = this.#keys.push(key) - 1;
    return () => {
      if (this.#items === undefined) throw new Error('The batch has not been sent yet.');
      const item = this.#items[index];
      return item === undefined ? undefined : schema.parse(item);
    };
  }

  async send(table: Pick<Table, 'getMany'>): Promise<void> {
    this.#items = this.#keys.length === 0 ? [] : await table.getMany(this.#keys);
  }
}

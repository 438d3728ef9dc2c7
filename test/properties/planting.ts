/** Plants faults: edits of source files as they are loaded. The files on the disk stay as they are. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}
/** One fault; of several edits where one alone would be caught by another guard of the product. */
export type Mutation = Edit | readonly Edit[];

const root = resolve(import.meta.dirname, '../..');

function listEdits(mutation: Mutation): readonly Edit[] {
  return [mutation].flat();
}

/** How often the sources hold what is to be replaced: once for each edit, or the fault is out of date. */
export function countOccurrences(mutation: Mutation): number[] {
  return listEdits(mutation).map(
    ({ file, find }) => readFileSync(join(root, file), 'utf8').split(find).length - 1,
  );
}

/** Everything that this thread loads from now on has the fault. Throws when a source does not hold what is to be replaced exactly once. */
export function installMutation(mutation: Mutation): void {
  for (const { file, find, replace } of listEdits(mutation)) {
    const target = pathToFileURL(join(root, file)).href;
    registerHooks({
      load: (url, context, nextLoad) => {
        const loaded = nextLoad(url, context);
        if (url !== target) return loaded;
        const source = String(loaded.source);
        const found = source.split(find).length - 1;
        if (found !== 1)
          throw new Error(`The fault cannot be planted: ${file} holds "${find}" ${found} times, not once.`);
        // A function, so that no "$" in it means anything.
        return { ...loaded, source: source.replace(find, () => replace) };
      },
    });
  }
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesBelow, read, root } from '../architecture/imports.ts';

type Load = (file: { path: string }) => { contents: string };
interface Plugin {
  setup(build: { onLoad(options: { filter: RegExp }, load: Load): void }): void;
}

const plugins: readonly Plugin[] = createRequire(__filename)(
  join(root, 'scripts/service/esbuild-plugins.cjs'),
);

function loaded(path: string): string {
  let contents = '';
  for (const plugin of plugins) {
    plugin.setup({
      onLoad: ({ filter }, load) => {
        if (filter.test(join(root, path))) contents = load({ path: join(root, path) }).contents;
      },
    });
  }
  return contents;
}

describe('schemas in bundles', () => {
  const files = filesBelow('shared', ['.ts']).filter((path) =>
    /^(?:export )?const \w+ =\s+z\b/m.test(read(path)),
  );

  it('are marked as free of effects, every one at the top of a file', () => {
    expect(files.length).toBeGreaterThan(5);
    for (const path of files) {
      const declared = read(path).match(/^(?:export )?const \w+(?:: [^=\n]+)? =\s+z\b/gm) ?? [];
      const marked = loaded(path).match(/@__PURE__/g) ?? [];
      expect([path, marked.length]).toEqual([path, declared.length]);
    }
  });

  it('stay the same code otherwise', () => {
    for (const path of files) {
      const back = loaded(path)
        .replaceAll('/* @__PURE__ */ (() => ', '')
        .replaceAll(/\)\(\);(?=\n|$)/g, ';');
      expect(back).toBe(readFileSync(join(root, path), 'utf8').replaceAll(/\)\(\);(?=\n|$)/g, ';'));
    }
  });
});

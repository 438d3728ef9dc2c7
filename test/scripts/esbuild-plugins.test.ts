import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
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

describe('errors in bundles', () => {
  // esbuild does not run inside Jest's sandbox.
  const script = `
    const { build } = await import('esbuild');
    const { bundleOptions } = await import('./bench/bundle.parts.ts');
    const { outputFiles } = await build({
      ...bundleOptions(), banner: {}, metafile: false, write: false, entryPoints: ['shared/domain/base/errors.ts'],
    });
    const errors = await import('data:text/javascript;base64,' + Buffer.from(outputFiles[0].contents).toString('base64'));
    const names = Object.entries(errors)
      .filter(([, value]) => typeof value === 'function' && value.prototype instanceof Error)
      .filter(([name]) => name !== 'DomainError')
      .map(([name, value]) => [name, new value([]).name]);
    console.log(JSON.stringify(names));
  `;

  it('keep the names that state machines match, though the code is minified', () => {
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: root,
      encoding: 'utf8',
    });
    const names = z.array(z.tuple([z.string(), z.string()])).parse(JSON.parse(output));

    expect(names.length).toBeGreaterThan(15);
    for (const [exported, name] of names) expect(name).toBe(exported);
  });
});

describe('schemas in bundles', () => {
  const files = filesBelow('shared', ['.ts']).filter((path) =>
    /^(?:export )?const \w+ =\s+(?:z|lazy\w*Object)\b/m.test(read(path)),
  );

  it('are marked as free of effects, every one at the top of a file', () => {
    expect(files.length).toBeGreaterThan(5);
    for (const path of files) {
      const declared =
        read(path).match(/^(?:export )?const \w+(?:: [^=\n]+)? =\s+(?:z|lazy\w*Object)\b/gm) ?? [];
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

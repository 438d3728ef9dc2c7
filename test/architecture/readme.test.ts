import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { filesBelow, read, root } from './imports.ts';

const PackageSchema = z.object({
  scripts: z.record(z.string(), z.string()),
  bin: z.record(z.string(), z.string()),
});
const { scripts, bin } = PackageSchema.parse(JSON.parse(read('package.json')));

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...['docs', 'statemachines', 'examples', 'local', 'local-cloud'].flatMap((folder) =>
    filesBelow(folder, ['.md']),
  ),
];

/** Lines of the page's shell blocks. */
function commands(page: string): string[] {
  return [...read(page).matchAll(/```(?:sh|bash|console)\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.replace(/^\$ /, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

describe('the pages', () => {
  it('name npm scripts that exist', () => {
    const unknown = pages.flatMap((page) =>
      [
        ...commands(page)
          .join('\n')
          .matchAll(/npm (?:run (?:--silent )?([\w:]+)|(start|test)\b)/g),
      ]
        .map(([, run, short]) => run ?? short ?? '')
        .filter((script) => scripts[script] === undefined)
        .map((script) => `${page}: npm run ${script}`),
    );

    expect(unknown).toEqual([]);
  });

  it('name programs of npx that are installed', () => {
    const unknown = pages.flatMap((page) =>
      [
        ...commands(page)
          .join('\n')
          .matchAll(/\bnpx (?:--no )?([\w@/-]+)/g),
      ]
        .map(([, program = '']) => program)
        .filter(
          (program) => bin[program] === undefined && !existsSync(join(root, 'node_modules', '.bin', program)),
        )
        .map((program) => `${page}: npx ${program}`),
    );

    expect(unknown).toEqual([]);
  });
});

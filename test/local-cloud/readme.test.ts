import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const folder = join(import.meta.dirname, '../../local-cloud');

it('the README lists every correction of MiniStack, and no other', () => {
  const corrections = join(folder, 'ministack/corrections');
  const made = readdirSync(corrections)
    .filter((name) => name.endsWith('.py'))
    .flatMap((name) => [
      ...readFileSync(join(corrections, name), 'utf8').matchAll(/^@correction\([\s\S]*?^\)\ndef (\w+)\(/gm),
    ])
    .map(([, name]) => name);
  const [, chapter = ''] = readFileSync(join(folder, 'README.md'), 'utf8').split(/^## Corrections$/m);
  const listed = (chapter.split(/^## /m)[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));

  expect(listed.sort()).toEqual(made.sort());
});

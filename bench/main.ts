/** `npm run bench -- [NAME]`: runs one benchmark or all, prints one JSON line per figure, exits 1 when one is above its limit. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Bench } from './figure.ts';
import { isWithin } from './figure.ts';

const NOT_BENCHMARKS = ['main.ts', 'figure.ts'];
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && !NOT_BENCHMARKS.includes(file))
  .map((file) => file.slice(0, -'.ts'.length))
  .filter((name) => !name.endsWith('.parts'))
  .sort();

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const unknown = wanted.filter(
  (name) => !existsSync(join(import.meta.dirname, `${name}.ts`)) || !known.includes(name),
);
if (unknown.length > 0) {
  console.error(`There is no benchmark named ${unknown.join(', ')}. There are: ${known.join(', ')}`);
  process.exit(2);
}

for (const name of wanted.length === 0 ? known : wanted) {
  const { bench }: { bench: Bench } = await import(
    pathToFileURL(join(import.meta.dirname, `${name}.ts`)).href
  );
  for await (const figure of bench()) {
    console.log(JSON.stringify(figure));
    if (!isWithin(figure)) {
      console.error(
        `${figure.metric}${figure.of === undefined ? '' : ` of ${figure.of}`} is above its limit.`,
      );
      process.exitCode = 1;
    }
  }
}

/**
 * How much weight the functions on the event path carry: import time in a fresh process against a bundle that only imports the same parts
 * of the AWS SDK, and the size of what is sent.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { bundlePair } from './bundle.parts.ts';
import { EVENT_PATH, IMPORT_RATIO_LIMIT, SIZE_LIMIT_KB } from './event-path.parts.ts';
import { type Figure, median, rounded } from './figure.ts';

const run = promisify(execFile);

const RUNS = 21;

const MEASURE = `
const from = performance.now();
await import(process.argv[1]);
console.log(performance.now() - from);
process.exit(0);
`;

async function importTime(file: string): Promise<number> {
  const { stdout } = await run(
    process.execPath,
    ['--input-type=module', '--eval', MEASURE, pathToFileURL(file).href],
    // As on Lambda, where no source map support and no loader is on.
    { env: { PATH: process.env.PATH ?? '', AWS_REGION: 'eu-west-1', LOG_LEVEL: 'ERROR' } },
  );
  return Number(stdout.trim().split('\n').at(-1));
}

function gzipKilobytes(file: string): number {
  return gzipSync(readFileSync(file)).byteLength / 1000;
}

export async function* bench(): AsyncGenerator<Figure> {
  const folder = resolve(import.meta.dirname, '..', '.cache', 'bench');
  for (const name of EVENT_PATH) {
    const { ours, theirs } = await bundlePair(name, join(folder, 'bundle'));
    if (ours.clients.includes('@aws-sdk/client-ec2')) {
      throw new Error(`${name} carries the EC2 client, which it does not call.`);
    }
    const times: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
    // Alternating, so that a slow moment of the machine meets both; the first pair only warms the disk's cache.
    for (let index = 0; index <= RUNS; index += 1) {
      const pair = { ours: await importTime(ours.file), theirs: await importTime(theirs.file) };
      if (index === 0) continue;
      times.ours.push(pair.ours);
      times.theirs.push(pair.theirs);
    }
    const value = median(times.ours);
    const against = median(times.theirs);
    yield {
      bench: 'bundle',
      metric: 'import-time',
      of: name,
      value: rounded(value),
      unit: 'ms',
      against: rounded(against),
      ratio: rounded(value / against),
      limit: IMPORT_RATIO_LIMIT,
      limitOf: 'ratio',
    };
    const size = gzipKilobytes(ours.file);
    const bare = gzipKilobytes(theirs.file);
    yield {
      bench: 'bundle',
      metric: 'size-gzip',
      of: name,
      value: rounded(size),
      unit: 'kB',
      against: rounded(bare),
      ratio: rounded(size / bare),
      limit: SIZE_LIMIT_KB,
      limitOf: 'value',
    };
  }
}

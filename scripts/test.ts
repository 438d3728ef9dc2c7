/**
 * `npm test`: what CI checks, in the order in which a failure is cheapest to find. `--full` adds the long scenarios. Later parts run even
 * when an earlier one failed; the last line counts everything.
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

const root = resolve(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin');
const scratch = join(root, '.cache', 'test');

const ResultSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTotalTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
});

interface Part {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where Jest writes its counts. */
  readonly counts?: string;
}

function jest(name: string, args: readonly string[]): Part {
  const counts = join(scratch, `${name}.json`);
  return { name, command: 'jest', args: [...args, '--json', `--outputFile=${counts}`], counts };
}

/** The same worlds each time, so that what fails here fails on the next machine too. */
function properties(world: string, runs: number): Part {
  const args = ['--seed', '4', '--runs', String(runs), '--world', world];
  return {
    name: `properties of ${world}`,
    command: 'npm',
    args: ['run', '--silent', 'properties', '--', ...args],
  };
}

const full = process.argv.includes('--full');
const parts: readonly Part[] = [
  { name: 'check', command: 'npm', args: ['run', '--silent', 'check'] },
  jest('unit', ['--selectProjects', 'unit']),
  jest('worlds and commands', ['--selectProjects', 'worlds', 'commands']),
  properties('engine', 600),
  properties('distribution', 1000),
  properties('approval', 300),
  properties('retention', 400),
  jest('package', ['--selectProjects', 'package']),
  // One at a time: every suite here deploys a stack of its own.
  jest('cloud', ['--selectProjects', 'cloud', '--runInBand']),
  ...(full ? [jest('full', ['--selectProjects', 'full', '--runInBand'])] : []),
];

async function run(part: Part): Promise<boolean> {
  const command = part.command === 'npm' ? 'npm' : join(bin, part.command);
  const child = spawn(command, part.args, {
    cwd: root,
    // Jest's --json prints the results on stdout as well; people read stderr.
    stdio: ['ignore', part.counts === undefined ? 'inherit' : 'ignore', 'inherit'],
    env: { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}` },
  });
  return new Promise((done) => {
    child.on('error', () => done(false));
    child.on('exit', (code) => done(code === 0));
  });
}

const started = Date.now();
await rm(scratch, { recursive: true, force: true });
await mkdir(scratch, { recursive: true });
const failed: string[] = [];
const sum = { passed: 0, failed: 0, skipped: 0, total: 0 };
for (const part of parts) {
  const from = Date.now();
  console.error(`\n== ${part.name}`);
  const passed = await run(part);
  if (!passed) failed.push(part.name);
  if (part.counts !== undefined) {
    const text = await readFile(part.counts, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      const counts = ResultSchema.parse(JSON.parse(text));
      sum.passed += counts.numPassedTests;
      sum.failed += counts.numFailedTests + counts.numRuntimeErrorTestSuites;
      sum.skipped += counts.numPendingTests;
      sum.total += counts.numTotalTests + counts.numRuntimeErrorTestSuites;
    }
  }
  console.error(
    `== ${part.name}: ${passed ? 'passed' : 'FAILED'} in ${((Date.now() - from) / 1000).toFixed(0)} s`,
  );
}
// stdout is asynchronous on pipes: the closing line must come last.
await sleep(50);
const skipped = sum.skipped === 0 ? '' : `${sum.skipped} skipped, `;
console.log(
  `Tests: ${sum.failed === 0 ? '' : `${sum.failed} failed, `}${skipped}${sum.passed} passed, ${sum.total} total` +
    ` in ${((Date.now() - started) / 1000).toFixed(0)} s${failed.length === 0 ? '' : `; failed parts: ${failed.join(', ')}`}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

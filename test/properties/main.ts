/**
 * `npm run properties -- [--seed N] [--runs M] [--world W] [--mutate NAME]`: the rules over random worlds, a thread on each core. Prints one
 * JSON line; exits 1 when a rule was broken. Run i of a seed is the same run however many there are. A planted fault shows that the rules are
 * able to fail. `--shrink` says for how many seconds a smaller world is looked for.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { FAULTS } from './distribution-rules.ts';
import { MUTATIONS } from './mutations.ts';
import type { Failure } from './runs.ts';
import type { WorkerData } from './worker.ts';
import { WORLDS } from './worlds.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    runs: { type: 'string', default: '500' },
    world: { type: 'string', default: 'engine' },
    mutate: { type: 'string' },
    shrink: { type: 'string', default: '45' },
  },
});
const world = parseChoice('world', WORLDS, values.world);
const faults = Object.keys({ ...MUTATIONS, distribution: FAULTS }[world]);
const mutate = values.mutate === undefined ? undefined : parseChoice('fault', faults, values.mutate);
const seed = parseWholeNumber('seed', values.seed);
const runs = parseWholeNumber('runs', values.runs);
const shrinkSeconds = parseWholeNumber('shrink', values.shrink);

const createSharedCell = () => new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const next = createSharedCell();
const failed = createSharedCell().fill(2 ** 31 - 1);
const threads = Math.max(1, Math.min(availableParallelism(), runs));
const workers = Array.from({ length: threads }, () => {
  const workerData: WorkerData = {
    world,
    seed,
    runs,
    shrinkSeconds,
    next,
    failed,
    ...(mutate === undefined ? {} : { mutate }),
  };
  return new Worker(new URL('./worker.ts', import.meta.url), { workerData });
});
await Promise.all(workers.map((worker) => readAnswer(worker)));
const answers = await Promise.all(
  workers.map(async (worker) => {
    const answer = readAnswer(worker);
    worker.postMessage('answer');
    return await answer;
  }),
);
const failure = answers.flatMap((answer) => answer.failure ?? []).at(0);
console.log(
  JSON.stringify({
    world,
    seed,
    runs: failure === undefined ? runs : failure.run + 1,
    violations: failure?.violations ?? [],
    smallest: failure?.smallest ?? null,
  }),
);
process.exitCode = failure === undefined ? 0 : 1;

interface WorkerAnswer {
  readonly kind: 'ended' | 'answer';
  readonly failure?: Failure;
}

/** The next thing that the thread says. A thread that breaks down ends everything. */
function readAnswer(worker: Worker): Promise<WorkerAnswer> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function parseChoice<Name extends string>(what: string, known: readonly Name[], given: string): Name {
  const found = known.find((name) => name === given);
  if (found === undefined) {
    console.error(`There is no ${what} "${given}"; known are: ${known.join(', ')}`);
    process.exit(2);
  }
  return found;
}

function parseWholeNumber(name: string, given: string): number {
  const number = Number(given);
  if (!Number.isSafeInteger(number) || number < 0) {
    console.error(`--${name} is a whole number, not "${given}".`);
    process.exit(2);
  }
  return number;
}

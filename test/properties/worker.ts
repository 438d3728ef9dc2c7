/** One of the threads that share the runs: each takes the next one that no other has. All stop behind the first run that broke a rule. */
import { parentPort, workerData } from 'node:worker_threads';
import { findMutation } from './mutations.ts';
import { installMutation } from './planting.ts';
import { passesRun, shrinkFailure } from './runs.ts';
import { loadWorld } from './worlds.ts';

export interface WorkerData {
  readonly world: string;
  readonly seed: number;
  readonly runs: number;
  readonly mutate?: string;
  readonly shrinkSeconds: number;
  /** One cell: the first run that no thread has taken. */
  readonly next: Int32Array<SharedArrayBuffer>;
  /** One cell: the lowest run that failed, as far as any thread knows. */
  readonly failed: Int32Array<SharedArrayBuffer>;
}

const { world: name, seed, runs, mutate, shrinkSeconds, next, failed } = workerData as WorkerData;
const mutation = mutate === undefined ? undefined : findMutation(name, mutate);
if (mutation !== undefined) installMutation(mutation);
const world = await loadWorld(name, mutate);

let own: number | undefined;
// Runs differ in length a hundredfold, so a run is assigned only when a thread is free for it.
for (;;) {
  const run = Atomics.add(next, 0, 1);
  if (run >= runs || run >= Atomics.load(failed, 0)) break;
  if (await passesRun(world, seed, run)) continue;
  own = run;
  for (let known = Atomics.load(failed, 0); run < known; known = Atomics.load(failed, 0))
    if (Atomics.compareExchange(failed, 0, known, run) === known) break;
}
parentPort?.postMessage({ kind: 'ended' });
parentPort?.on('message', async () => {
  // All have ended: the lowest is known.
  const answer =
    own === Atomics.load(failed, 0) ? await shrinkFailure(world, seed, own, shrinkSeconds) : undefined;
  parentPort?.postMessage({ kind: 'answer', failure: answer });
  parentPort?.close();
});

/** One of the threads that share the runs: every `step`th of them. All stop behind the first run that broke a rule. */
import { parentPort, workerData } from 'node:worker_threads';
import { MUTATIONS, type MutationName, plant } from './engine/mutations.ts';
import { holds, shrunk } from './runs.ts';
import { worldNamed } from './worlds.ts';

export interface WorkerData {
  readonly world: string;
  readonly seed: number;
  readonly runs: number;
  readonly first: number;
  readonly step: number;
  readonly mutate?: string;
  readonly shrinkSeconds: number;
  /** One cell: the lowest run that failed, as far as any thread knows. */
  readonly failed: Int32Array<SharedArrayBuffer>;
}

const { world: name, seed, runs, first, step, mutate, shrinkSeconds, failed } = workerData as WorkerData;
if (mutate !== undefined && Object.hasOwn(MUTATIONS, mutate)) plant(mutate as MutationName);
const world = await worldNamed(name, mutate);

let own: number | undefined;
for (let run = first; run < runs && run < Atomics.load(failed, 0); run += step) {
  if (await holds(world, seed, run)) continue;
  own = run;
  for (let known = Atomics.load(failed, 0); run < known; known = Atomics.load(failed, 0))
    if (Atomics.compareExchange(failed, 0, known, run) === known) break;
}
parentPort?.postMessage({ kind: 'ended' });
parentPort?.on('message', async () => {
  // All have ended: the lowest is known.
  const answer = own === Atomics.load(failed, 0) ? await shrunk(world, seed, own, shrinkSeconds) : undefined;
  parentPort?.postMessage({ kind: 'answer', failure: answer });
  parentPort?.close();
});

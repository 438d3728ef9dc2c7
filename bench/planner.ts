/**
 * How reconciling scales: random estates of 100 to 100,000 pipelines, in the table in memory, through the use cases that run in AWS. Each
 * estate has a process of its own, and rounds of two that are compared take turns, so that a slow moment of the machine meets both.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { AGENT, FAMILY, PROBE } from './estate.parts.ts';
import { type Figure, median, rounded } from './figure.ts';
import type { ChildRequest, ResyncMeasurement } from './planner-child.parts.ts';
import type { Wave } from './planner-world.parts.ts';

const SEED = 20_260_302;
const TINY = 100;
const SMALL = 1000;
const MEDIUM = 10_000;
const LARGE = 100_000;
const SAME_ROUNDS = { warmUp: 10, measured: 25 };
/** Two are enough of what looks at 10,000 pipelines several times in each. */
const FULL_ROUNDS = 2;
const WAVES_FOR_ONE = 7;
const LIMITS = { same: 2, all: 13, calls: 1.2, full: 0.05, megabytes: 1024, seconds: 300 };
const HEAP_MEGABYTES = 6000;

/** A process with one estate, which answers one question at a time. */
class Child {
  readonly size: number;
  readonly #process;
  readonly #ready;
  #waiting = Promise.withResolvers<unknown>();

  constructor(size: number) {
    this.size = size;
    this.#process = fork(join(import.meta.dirname, 'planner-child.parts.ts'), [String(SEED), String(size)], {
      execArgv: ['--expose-gc', `--max-old-space-size=${HEAP_MEGABYTES}`],
    });
    this.#process.on('message', (reply) => this.#waiting.resolve(reply));
    this.#process.on('exit', (code) =>
      this.#waiting.reject(new Error(`The process of ${size} pipelines ended with code ${code}.`)),
    );
    this.#ready = this.#waiting.promise;
    // The next request throws the error.
    this.#ready.catch(() => {});
  }
  async #ask(ask: ChildRequest): Promise<unknown> {
    await this.#ready;
    this.#waiting = Promise.withResolvers();
    this.#process.send(ask);
    return await this.#waiting.promise;
  }
  async wave(component: string, bakes: number): Promise<Wave> {
    const wave = (await this.#ask({ do: 'wave', component })) as Wave;
    if (wave.bakes !== bakes) throw new Error(`The wave of ${component} has ${wave.bakes} bakes.`);
    if (wave.calls.listPages > 0) throw new Error(`The wave of ${component} read a list of everything.`);
    return wave;
  }
  async waveWithoutIndex(component: string, bakes: number): Promise<Wave> {
    const wave = (await this.#ask({ do: 'plain', component })) as Wave;
    if (wave.bakes !== bakes) throw new Error(`Looking at everything led to ${wave.bakes} bakes.`);
    return wave;
  }
  async resync(): Promise<ResyncMeasurement> {
    return (await this.#ask({ do: 'reconcile' })) as ResyncMeasurement;
  }
  end(): void {
    this.#process.removeAllListeners('exit');
    this.#process.kill();
  }
}

export async function* bench(): AsyncIterable<Figure> {
  const [tiny, small] = [new Child(TINY), new Child(SMALL)];
  const [medium, large] = [new Child(MEDIUM), new Child(LARGE)];
  try {
    // First, while nothing else has been done in that process.
    yield* resyncFigures(large);
    yield await againstFull(medium);
    yield* sameAffected(medium, tiny);
    yield* sameAffected(large, small);
    yield await allAffected(medium, large);
  } finally {
    for (const child of [tiny, small, medium, large]) child.end();
  }
}

async function* sameAffected(ours: Child, theirs: Child): AsyncIterable<Figure> {
  const waves: { ours: Wave[]; theirs: Wave[] } = { ours: [], theirs: [] };
  for (let round = 0; round < SAME_ROUNDS.warmUp + SAME_ROUNDS.measured; round += 1) {
    const pair = { theirs: await theirs.wave(PROBE, FAMILY), ours: await ours.wave(PROBE, FAMILY) };
    if (round < SAME_ROUNDS.warmUp) continue;
    waves.ours.push(pair.ours);
    waves.theirs.push(pair.theirs);
  }
  const of = `${ours.size} against ${theirs.size} pipelines`;
  const time = (list: readonly Wave[]) => median(list.map((wave) => wave.milliseconds));
  yield { ...toFigure('same-affected', 'ms', [time(waves.ours), time(waves.theirs)], LIMITS.same), of };
  const calls = (list: readonly Wave[]) =>
    median(list.map((wave) => (wave.calls.reads + wave.calls.writes) / wave.bakes));
  yield { ...toFigure('table-calls', 'items', [calls(waves.ours), calls(waves.theirs)], LIMITS.calls), of };
}

async function allAffected(medium: Child, large: Child): Promise<Figure> {
  const waveOf = async (child: Child) => (await child.wave(AGENT, child.size)).milliseconds;
  await waveOf(medium);
  // Before and after the long one, so that a slow moment of the machine meets both.
  const theirs = [await waveOf(medium)];
  const ours = await waveOf(large);
  theirs.push(await waveOf(medium), await waveOf(medium));
  return toFigure('all-affected', 'ms', [ours, median(theirs)], LIMITS.all);
}

async function againstFull(medium: Child): Promise<Figure> {
  const times: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  for (let round = 0; round < FULL_ROUNDS; round += 1) {
    times.theirs.push((await medium.waveWithoutIndex(PROBE, FAMILY)).milliseconds);
    for (let wave = 0; wave < WAVES_FOR_ONE; wave += 1)
      times.ours.push((await medium.wave(PROBE, FAMILY)).milliseconds);
  }
  return toFigure('against-full', 'ms', [median(times.ours), median(times.theirs)], LIMITS.full);
}

async function* resyncFigures(child: Child): AsyncIterable<Figure> {
  const found = await child.resync();
  if (found.mostResolutions !== 1)
    throw new Error(`A selector was resolved ${found.mostResolutions} times in one reconcile.`);
  const of = `${found.pipelines} pipelines, ${found.selectors} selectors`;
  const memory = [found.peakMegabytes, found.plainMegabytes] as const;
  yield { ...toFigure('reconcile-memory', 'MB', memory, LIMITS.megabytes), of, limitOf: 'value' };
  const time = [found.shardSeconds, found.allSeconds] as const;
  yield { ...toFigure('reconcile-shard', 's', time, LIMITS.seconds), of, limitOf: 'value' };
}

function toFigure(metric: string, unit: string, pair: readonly [number, number], limit: number): Figure {
  const [value, against] = pair;
  return {
    bench: 'planner',
    metric,
    value: rounded(value),
    unit,
    against: rounded(against),
    ratio: rounded(value / against),
    limit,
    limitOf: 'ratio',
  };
}

/**
 * `npm run properties -- [--seed N] [--runs M] [--world W] [--mutate NAME]`: the rules over random worlds. Prints one JSON line; exits 1 when a
 * rule was broken. A planted fault shows that the rules are able to fail.
 */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { type EngineWorld, engineWorld, FAULTS, type Fault, playEngine } from './engine.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    runs: { type: 'string', default: '500' },
    world: { type: 'string', default: 'engine' },
    mutate: { type: 'string' },
  },
});

if (values.world !== 'engine') {
  console.error(`There is no world "${values.world}"; known is: engine`);
  process.exit(2);
}
const fault = FAULTS.find((name) => name === values.mutate);
if (values.mutate !== undefined && fault === undefined) {
  console.error(`There is no fault "${values.mutate}"; known are: ${FAULTS.join(', ')}`);
  process.exit(2);
}

const seed = Number(values.seed);
const details = await fc.check(
  fc.asyncProperty(engineWorld, async (given) => {
    const broken = await playEngine(given, fault);
    if (broken.length > 0) throw new Error(broken.join('; '));
  }),
  { seed, numRuns: Number(values.runs) },
);
const smallest = details.counterexample?.[0];
console.log(
  JSON.stringify({
    world: 'engine',
    seed,
    runs: details.numRuns,
    violations: smallest === undefined ? [] : await violations(smallest, fault, details.errorInstance),
    smallest: smallest ?? null,
  }),
);
process.exitCode = details.failed ? 1 : 0;

async function violations(given: EngineWorld, planted: Fault | undefined, error: unknown): Promise<string[]> {
  try {
    return await playEngine(given, planted);
  } catch {
    return [error instanceof Error ? error.message : String(error)];
  }
}

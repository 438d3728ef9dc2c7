/** Runs of one world, in the thread that has the fault planted: each from a seed of its own, and the first that breaks a rule made small. */
import fc from 'fast-check';
import { computeRunSeed } from './engine/random.ts';
import type { PropertyWorld } from './worlds.ts';

export interface Failure {
  readonly run: number;
  readonly violations: readonly string[];
  readonly smallest: unknown;
}

class RulesBroken extends Error {
  override readonly name = 'Broken';
  readonly violations: readonly string[];
  constructor(violations: readonly string[]) {
    super(violations.join('; '));
    this.violations = violations;
  }
}

function toProperty(world: PropertyWorld, run: number) {
  return fc.asyncProperty(world.given(run), async (given) => {
    const broken = await world.play(run, given);
    if (broken.length > 0) throw new RulesBroken(broken);
  });
}

/** Whether the run keeps every rule. */
export async function passesRun(world: PropertyWorld, seed: number, run: number): Promise<boolean> {
  const details = await fc.check(toProperty(world, run), {
    seed: computeRunSeed(seed, run),
    numRuns: 1,
    endOnFailure: true,
  });
  return !details.failed;
}

/** The same run again, with the smallest world that breaks something, as far as can be found in the time. */
export async function shrinkFailure(
  world: PropertyWorld,
  seed: number,
  run: number,
  seconds: number,
): Promise<Failure> {
  const details = await fc.check(toProperty(world, run), {
    seed: computeRunSeed(seed, run),
    numRuns: 1,
    ...(seconds > 0 ? { interruptAfterTimeLimit: seconds * 1000 } : { endOnFailure: true }),
  });
  return {
    run,
    violations: details.failed ? describeViolations(details.errorInstance) : [],
    smallest: details.counterexample?.[0] ?? null,
  };
}

/** An unexpected error breaks the rules, too. */
function describeViolations(error: unknown): readonly string[] {
  if (error instanceof RulesBroken) return error.violations;
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

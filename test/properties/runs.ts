/** Runs of one world, in the thread that has the fault planted: each from a seed of its own, and the first that breaks a rule made small. */
import fc from 'fast-check';
import { seedOf } from './engine/random.ts';
import type { PropertyWorld } from './worlds.ts';

export interface Failure {
  readonly run: number;
  readonly violations: readonly string[];
  readonly smallest: unknown;
}

class Broken extends Error {
  override readonly name = 'Broken';
  readonly violations: readonly string[];
  constructor(violations: readonly string[]) {
    super(violations.join('; '));
    this.violations = violations;
  }
}

function propertyOf(world: PropertyWorld, run: number) {
  return fc.asyncProperty(world.given(run), async (given) => {
    const broken = await world.play(run, given);
    if (broken.length > 0) throw new Broken(broken);
  });
}

/** Whether the run keeps every rule. */
export async function holds(world: PropertyWorld, seed: number, run: number): Promise<boolean> {
  const details = await fc.check(propertyOf(world, run), {
    seed: seedOf(seed, run),
    numRuns: 1,
    endOnFailure: true,
  });
  return !details.failed;
}

/** The same run again, with the smallest world that breaks something, as far as can be found in the time. */
export async function shrunk(
  world: PropertyWorld,
  seed: number,
  run: number,
  seconds: number,
): Promise<Failure> {
  const details = await fc.check(propertyOf(world, run), {
    seed: seedOf(seed, run),
    numRuns: 1,
    ...(seconds > 0 ? { interruptAfterTimeLimit: seconds * 1000 } : { endOnFailure: true }),
  });
  return {
    run,
    violations: details.failed ? said(details.errorInstance) : [],
    smallest: details.counterexample?.[0] ?? null,
  };
}

/** An error that nobody expected breaks the rules, too. */
function said(error: unknown): readonly string[] {
  if (error instanceof Broken) return error.violations;
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}

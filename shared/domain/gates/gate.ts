/**
 * A check of the tested image before approval. A gate is a kind in registry.ts and passes test/contracts/gates.ts; its settings are in the schema
 * of definitions, which `npm run generate` writes.
 */
import type * as z from 'zod';

export type Verdict =
  | { readonly outcome: 'passed' | 'failed'; readonly reasons: readonly string[]; readonly evidence: unknown }
  | { readonly outcome: 'waiting'; readonly reasons: readonly string[]; readonly lookAgainAt: string };

/** The images of one attempt, as its rows have them. A gate without a collector gets this as its facts. */
export interface GateSubject {
  readonly bake: string;
  readonly attempt: number;
  readonly images: readonly {
    readonly variant: string;
    /** Of the tests; absent while none has been recorded. */
    readonly verdict?: 'passed' | 'failed' | undefined;
    readonly testFailures?: readonly string[] | undefined;
    /** Key of the inventory document. */
    readonly inventory?: string | undefined;
    /** Why there is none. */
    readonly inventoryProblem?: string | undefined;
  }[];
}

export interface GateKind<Settings, Facts> {
  /** Key of the settings under `gates:`, and name of the verdict's row. */
  readonly name: string;
  /** What a definition may write; a gate without settings cannot be configured. */
  readonly settings?: z.ZodType<Settings>;
  /** Pure: the same facts, settings and time give the same verdict. Nothing passes by default. */
  judge(facts: Facts, settings: Settings, now: Date): Verdict;
}

/** All gates are judged, so that every reason is known; once one has failed, those that wait are not judged again. Without a verdict nothing passes. */
export function combine(verdicts: readonly Pick<Verdict, 'outcome'>[]): Verdict['outcome'] {
  if (verdicts.length === 0) return 'failed';
  if (verdicts.some(({ outcome }) => outcome === 'failed')) return 'failed';
  return verdicts.some(({ outcome }) => outcome === 'waiting') ? 'waiting' : 'passed';
}

/** Between two evaluations of a gate that waits. With the limit below at most 1,440 rounds, whose events stay under the 25,000 of an execution's history. */
const SHORTEST_WAIT_SECONDS = 60;
/** Longest time that the gates of one attempt may wait; then those without a verdict fail. */
export const LONGEST_WAIT_SECONDS = 86_400;

/** The verdict as it counts at `now`: a gate that still waits when its time is over has failed. */
export function endWait(verdict: Verdict, since: string, now: Date): Verdict {
  if (verdict.outcome !== 'waiting') return verdict;
  const end = Date.parse(since) + LONGEST_WAIT_SECONDS * 1000;
  if (now.getTime() >= end)
    return {
      outcome: 'failed',
      reasons: [...verdict.reasons, `it has given no verdict within ${LONGEST_WAIT_SECONDS / 3600} hours`],
      evidence: {},
    };
  const soonest = now.getTime() + SHORTEST_WAIT_SECONDS * 1000;
  const asked = Math.max(Date.parse(verdict.lookAgainAt), soonest);
  return { ...verdict, lookAgainAt: new Date(Math.min(asked, end)).toISOString() };
}

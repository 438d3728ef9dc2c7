/** The steps that a bake with a retained image leaves out, and what people are told of them. Pure. */
import { STEPS, type StepName } from '../records/attempt-states.ts';
import type { BakeRecord } from '../records/bakes.ts';

export type StartsAt = BakeRecord['startsAt'];

/** The steps between the preflight and where the bake begins. */
export function listSkippedSteps(startsAt: StartsAt): StepName[] {
  const names = STEPS.map(({ name }) => name);
  return names.slice(names.indexOf('Build'), names.indexOf(startsAt));
}

/** Why a step was left out, in one sentence. */
export function describeSkippedStep(step: StepName, retained: string): string {
  if (step === 'Approve') return `Approved before: the release of bake ${retained} is pointed to again.`;
  return `The retained image of bake ${retained} is used.`;
}

/** The same where a retry goes on after the failed distribution of an earlier attempt. */
export function describeContinuedStep(attempt: number): string {
  return `Done in attempt ${attempt}, whose distribution failed: its approved image is used.`;
}

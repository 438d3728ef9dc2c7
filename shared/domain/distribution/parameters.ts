/**
 * Parameter Store answers a write of an AMI before it has looked at it, and takes or drops the value a moment later
 * (docs/aws/ec2-images.md#parameters-that-hold-an-ami). AWS names no longest time; these are ours.
 */
import type { TargetRecord } from '../records/distributions.ts';

/** A value that does not show for so long was dropped. */
const GIVEN_UP_SECONDS = 300;
/** A write that has not shown within this time will not any more. Longer than one function tries one call. */
const SETTLED_SECONDS = 120;
/** A write may have been lost with the run that was to make it, so it is repeated; not at every look, since each one is a version of the parameter. */
const ASKED_AGAIN_SECONDS = 30;

type Row = Pick<TargetRecord, 'done' | 'parameterAsked' | 'restoringSince'>;

export function isDueToAsk({ parameterAsked }: Row, now: Date): boolean {
  return parameterAsked === undefined || isOver(parameterAsked.last, ASKED_AGAIN_SECONDS, now);
}

export function isDropped({ parameterAsked }: Row, now: Date): boolean {
  return parameterAsked !== undefined && isOver(parameterAsked.first, GIVEN_UP_SECONDS, now);
}

/** Whether a write that was made for the row may still take effect, so that what a reader sees now is not the last word. */
export function mayStillShow({ done, parameterAsked }: Row, now: Date): boolean {
  if (parameterAsked === undefined) return false;
  const { first, last } = parameterAsked;
  if (done.includes('parameter') && first === last) return false;
  return !isOver(last, SETTLED_SECONDS, now);
}

/** Whether the value that stood before has been given back for so long that Parameter Store must have dropped it. */
export function isPutBackInVain({ restoringSince }: Row, now: Date): boolean {
  return restoringSince !== undefined && isOver(restoringSince, GIVEN_UP_SECONDS, now);
}

function isOver(since: string, seconds: number, now: Date): boolean {
  return now.getTime() >= Date.parse(since) + seconds * 1000;
}

/** The events of a bake that ended without a release. */

interface BakeEnded<State extends string> {
  readonly bake: string;
  readonly attempt: number;
  readonly pipeline: string;
  readonly team: string;
  readonly state: State;
  readonly step: string;
  /** Error name, stable for programs. */
  readonly name: string;
  /** One sentence for people. */
  readonly reason: string;
  /** Log group and stream at CloudWatch, `<group>:<stream>`, where the step has one. */
  readonly log?: string;
  /** ARN of the execution that ran the attempt. */
  readonly execution?: string;
  readonly changes: readonly string[];
  readonly causes: readonly string[];
}

/** An attempt of a bake failed, or was rejected, or its approval expired. */
export function bakeFailedEvent(detail: BakeEnded<'failed' | 'rejected' | 'expired'>) {
  return { detailType: 'Ovenbird Bake Failed', detail: { version: 1, ...detail } };
}

/** A person ended a bake before its release. */
export function bakeCancelledEvent(detail: BakeEnded<'cancelled'>) {
  return { detailType: 'Ovenbird Bake Cancelled', detail: { version: 1, ...detail } };
}

/** A bake gave way to one with newer versions, before it was approved. */
export function bakeSupersededEvent(detail: BakeEnded<'superseded'>) {
  return { detailType: 'Ovenbird Bake Superseded', detail: { version: 1, ...detail } };
}

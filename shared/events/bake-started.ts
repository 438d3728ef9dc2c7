export const BAKE_STARTED = 'Ovenbird Bake Started';

/** A bake was started, or tried again. */
export function bakeStartedEvent(detail: {
  readonly bake: string;
  readonly attempt: number;
  readonly pipeline: string;
  readonly team: string;
  /** Sentence that says why. */
  readonly reason: string;
  readonly changes: readonly string[];
  readonly causes: readonly string[];
}) {
  return { detailType: BAKE_STARTED, detail: { version: 1, ...detail } };
}

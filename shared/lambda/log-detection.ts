import type { HintOutcome } from '../use-cases/detect/handle-hint.ts';
import { countMetric, log } from './telemetry.ts';

/** What came of a hint, in the log. */
export function logDetection(outcome: HintOutcome): void {
  if (outcome.kind !== 'detected') {
    log.info('hint-ignored', { kind: outcome.kind, why: outcome.why });
    return;
  }
  for (const { id, cause, selector, from, to } of outcome.changes)
    log.info('selector-changed', { change: id, cause, selector, from, to });
  for (const problem of outcome.problems) log.warn('selector-unresolved', { ...problem });
  countMetric('ChangesDetected', outcome.changes.length);
}

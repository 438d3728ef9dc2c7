/**
 * Lets a pipeline bake by itself again, on request: its count of failures starts anew, and a fingerprint that was refused after too many failures
 * may be tried once more. One that was refused by a decision stays refused.
 */

import { hasFailedTooOften } from '../../domain/bakes/outcomes.ts';
import { keys } from '../../domain/base/naming.ts';
import type { Write } from '../../ports/table.ts';
import { type ObservedRows, observe } from '../reconcile/observe.ts';
import {
  type ReconcileDeps,
  type ReconcileOutcome,
  reconcilePipeline,
} from '../reconcile/reconcile-pipeline.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { dirtyAt } from '../store/status.ts';

export interface EnableAnswer {
  readonly outcome: 'changed' | 'unchanged';
  /** What came of it at once. */
  readonly plan: ReconcileOutcome;
}

export async function enablePipeline(
  deps: ReconcileDeps,
  { pipeline }: { readonly pipeline: string },
): Promise<EnableAnswer> {
  const outcome = await retryOnConflict(
    `${pipeline} kept changing while it was enabled; try again.`,
    async () => {
      const read = await observe(deps, pipeline);
      const writes = enableWrites(read, deps.clock.now().toISOString());
      if (writes.length === 0) return 'unchanged';
      await deps.table.write(writes);
      return 'changed';
    },
  );
  return { outcome, plan: await reconcilePipeline(deps, pipeline) };
}

function enableWrites({ observation }: ObservedRows, at: string): Write[] {
  const { observed, fingerprint } = observation;
  const { name, revision, enabled, spec } = observed.pipeline;
  const { status } = observed;
  const failed =
    fingerprint !== undefined && hasFailedTooOften(fingerprint, spec.maxFailures) ? fingerprint : undefined;
  if (enabled && status.consecutiveFailures === 0 && failed === undefined) return [];
  return [
    {
      update: keys.pipeline(name),
      set: { enabled: true },
      remove: ['disabled'],
      when: { equals: { revision } },
    },
    {
      update: keys.status(name),
      set: {
        consecutiveFailures: 0,
        // While it was disabled, ancestors were not all that held it.
        ...(enabled ? {} : { heldByAncestors: { seconds: status.heldByAncestors?.seconds ?? 0 } }),
        ...dirtyAt(at),
        // Ticks that came meanwhile have passed, whatever else has held it.
        ticksHandledUntil: observed.ticks?.open,
      },
      setOnce: { dirtySince: at },
      add: { version: 1 },
      when: { equals: { version: status.version } },
    },
    ...(failed === undefined
      ? []
      : [
          {
            update: keys.fingerprint(name, failed.bits, failed.proof),
            // A retained release stays released, however often its distribution failed.
            set: { failures: 0, ...(failed.state === 'refused' ? { state: 'failed' } : {}) },
            remove: ['lastFailureAt', 'refusedBy'],
            when: { equals: { bake: failed.bake, state: failed.state } },
          } satisfies Write,
        ]),
  ];
}

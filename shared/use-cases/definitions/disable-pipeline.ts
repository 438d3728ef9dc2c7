/** Stops a pipeline from baking by itself, on request. A running bake goes on; dependents wait for the pipeline no longer. */

import { keys } from '../../domain/base/naming.ts';
import type { Disabled } from '../../domain/records/pipelines.ts';
import { readPipelineRows } from '../reconcile/read-ancestors.ts';
import { type ReconcileDeps, reconcilePipeline } from '../reconcile/reconcile-pipeline.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { dirtyAt } from '../store/status.ts';

export interface DisableRequest {
  readonly pipeline: string;
  readonly by: string;
  readonly reason: string;
}

export interface DisableAnswer {
  readonly outcome: 'changed' | 'unchanged';
  readonly disabled: Disabled;
  /** The bake that goes on. */
  readonly bake?: string;
}

/** A pipeline that is disabled already keeps the reason and the person of the first request. */
export async function disablePipeline(deps: ReconcileDeps, request: DisableRequest): Promise<DisableAnswer> {
  const { pipeline: name, by, reason } = request;
  const answer = await retryOnConflict<DisableAnswer>(
    `${name} kept changing while it was disabled; try again.`,
    async () => {
      const { pipeline, status } = await readPipelineRows(deps.table, name);
      const running = status.activeBake === undefined ? {} : { bake: status.activeBake };
      const at = deps.clock.now().toISOString();
      const disabled: Disabled = { by, at, reason };
      if (!pipeline.enabled)
        return { outcome: 'unchanged', disabled: pipeline.disabled ?? disabled, ...running };
      await deps.table.write([
        {
          update: keys.pipeline(name),
          set: { enabled: false, disabled },
          when: { equals: { revision: pipeline.revision, enabled: true } },
        },
        {
          update: keys.status(name),
          // Dirty, so that the reason is recorded and dependents that wait for it are reconciled.
          set: dirtyAt(at),
          add: { version: 1 },
          when: { equals: { version: status.version } },
        },
      ]);
      return { outcome: 'changed', disabled, ...running };
    },
  );
  if (answer.outcome === 'changed') await reconcilePipeline(deps, name);
  return answer;
}

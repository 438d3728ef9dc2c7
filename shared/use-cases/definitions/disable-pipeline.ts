/** Stops a pipeline from baking by itself, on request. A running bake goes on; dependents wait for the pipeline no longer. */
import { TryLater } from '../../domain/base/errors.ts';
import { due, keys } from '../../domain/base/naming.ts';
import type { Disabled } from '../../domain/records/pipelines.ts';
import { WriteConflict } from '../../ports/table.ts';
import { readPipelineRows } from '../reconcile/read-ancestors.ts';
import { type ReconcileDeps, reconcilePipeline } from '../reconcile/reconcile-pipeline.ts';

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

const ROUNDS = 5;

/** A pipeline that is disabled already keeps the reason and the person of the first request. */
export async function disablePipeline(deps: ReconcileDeps, request: DisableRequest): Promise<DisableAnswer> {
  const { pipeline: name, by, reason } = request;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { pipeline, status } = await readPipelineRows(deps.table, name);
    const running = status.activeBake === undefined ? {} : { bake: status.activeBake };
    const at = deps.clock.now().toISOString();
    const disabled: Disabled = { by, at, reason };
    if (!pipeline.enabled)
      return { outcome: 'unchanged', disabled: pipeline.disabled ?? disabled, ...running };
    try {
      await deps.table.write([
        {
          update: keys.pipeline(name),
          set: { enabled: false, disabled },
          when: { equals: { revision: pipeline.revision, enabled: true } },
        },
        {
          update: keys.status(name),
          // Dirty, so that the reason is recorded and dependents that wait for it are reconciled.
          set: { dirty: true, dueAt: at, duePk: due.reconcile, dueSk: at },
          add: { version: 1 },
          when: { equals: { version: status.version } },
        },
      ]);
    } catch (error) {
      if (!(error instanceof WriteConflict)) throw error;
      continue;
    }
    await reconcilePipeline(deps, name);
    return { outcome: 'changed', disabled, ...running };
  }
  throw new TryLater(`${name} kept changing while it was disabled; try again.`);
}

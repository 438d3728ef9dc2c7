/** A person stops a pipeline from baking by itself. A bake that runs goes on; whoever waited for this pipeline waits no longer. */
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

/** Disabling what is disabled changes nothing, not even the reason: who came first has said it. */
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
          // Dirty, so that the reason is recorded and those who wait for it are planned.
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

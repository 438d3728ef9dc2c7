/** Enqueues the pipelines that a release affects: its own, those built on it, and those below them that wait for it. */
import { keys } from '../../domain/base/naming.ts';
import type { BakeRecord } from '../../domain/records/bakes.ts';
import { SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { selectorKey } from '../../domain/selectors/selectors.ts';
import { type FanOutDeps, fanOutChange } from '../detect/fan-out-change.ts';
import {
  enqueuePipelines,
  enqueueWithDependents,
  findWaitingIndirectDependents,
} from '../graph/enqueue-dependents.ts';
import { readRecord } from '../store/read.ts';

/**
 * The fan-out marks and enqueues each direct dependent once. `change`: the change that the release was recorded with. A repeated call does not
 * know it: it resumes the fan-out of the change recorded on the selector and enqueues the waiting dependents again.
 */
export async function enqueueAfterRelease(
  deps: FanOutDeps,
  { pipeline, channel }: Pick<BakeRecord, 'pipeline' | 'channel'>,
  change: string | undefined,
): Promise<void> {
  if (change !== undefined) {
    // Read before the fan-out, after which every direct dependent counts as waiting.
    const below = await findWaitingIndirectDependents(deps, pipeline);
    await fanOutChange(deps, change);
    await enqueuePipelines(deps, [...new Set([pipeline, ...below])]);
    return;
  }
  const key = keys.selector(selectorKey({ kind: 'pipeline', pipeline, channel }));
  const row = await readRecord(deps.table, key, SelectorRecordSchema);
  if (row?.change !== undefined) await fanOutChange(deps, row.change);
  await enqueueWithDependents(deps, pipeline);
}

/**
 * Once a minute: whatever should have been done by now and was not. Each part stands alone, so that trouble in one does not keep the others
 * from their work.
 */

import { due, keys } from '../../domain/base/naming.ts';
import { type AttemptRecord, AttemptRecordSchema } from '../../domain/records/bakes.ts';
import { ChangeRecordSchema, SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { PipelineStatusSchema } from '../../domain/records/status.ts';
import type { Ports } from '../../ports/ports.ts';
import type { FindingHints } from '../../ports/vulnerabilities.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { startExecution } from '../bakes/executions.ts';
import { enqueueNext } from '../capacity/slots.ts';
import { type FanOutDeps, fanOutChange } from '../detect/fan-out-change.ts';
import { sweepInventories } from '../detect/index-inventory.ts';
import { enqueuePipelines } from '../graph/enqueue-dependents.ts';
import { sweepConfirmedWaves } from '../reconcile/confirm-wave.ts';
import { QUEUED_SECONDS } from '../reconcile/start-bake.ts';
import { readDue } from '../store/read.ts';
import { tryWrite } from '../store/try-write.ts';
import { sweepWaits } from '../waits/sweep-waits.ts';
import { type PublishDeps, sweepOutbox } from './publish-outbox.ts';
import { runInTurn } from './run-in-turn.ts';

export interface SweepDeps
  extends FanOutDeps,
    PublishDeps,
    Pick<Ports, 'limits' | 'wakeQueue' | 'hintQueue'> {
  readonly findingHints: Pick<FindingHints, 'sendInventories'>;
  readonly workflows: Pick<Workflows, 'startBake'>;
}

export interface Swept {
  readonly done: Readonly<Record<string, number>>;
  readonly failed: readonly { readonly part: string; readonly error: unknown }[];
}

const SWEPT_AT_ONCE = 500;
const FAN_OUTS_AT_ONCE = 20;
const SELECTORS_AT_ONCE = 200;
const ATTEMPTS_AT_ONCE = 100;

export async function sweepWork(deps: SweepDeps): Promise<Swept> {
  const parts: Readonly<Record<string, () => Promise<number>>> = {
    pipelines: () => sweepDuePipelines(deps),
    fanOuts: () => sweepFanOuts(deps),
    outbox: () => sweepOutbox(deps),
    waits: async () => {
      const { checksRequested, redelivered } = await sweepWaits(deps);
      return checksRequested + redelivered;
    },
    queued: () => sweepQueuedAttempts(deps),
    slotQueues: () => enqueueNext(deps),
    selectors: () => sweepSelectors(deps),
    inventories: () => sweepInventories(deps),
    waves: () => sweepConfirmedWaves(deps),
  };
  const names = Object.keys(parts);
  const results = await Promise.allSettled(names.map((name) => parts[name]?.() ?? 0));
  return {
    done: Object.fromEntries(
      names.map((name, index) => {
        const result = results[index];
        return [name, result?.status === 'fulfilled' ? result.value : 0];
      }),
    ),
    failed: results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ part: names[index] ?? '', error: result.reason }] : [],
    ),
  };
}

/** One error for all parts that failed, with the first one's as its cause. */
export function throwFailed(failed: Swept['failed']): void {
  const [first] = failed;
  if (first === undefined) return;
  const said =
    first.error instanceof Error ? `${first.error.name}: ${first.error.message}` : String(first.error);
  throw new Error(`Parts of the sweep failed: ${failed.map(({ part }) => part).join(', ')}. ${said}`, {
    cause: first.error,
  });
}

/** Pipelines that are due to be reconciled: a debounce or a back-off is over, or a message was lost. */
async function sweepDuePipelines(deps: SweepDeps): Promise<number> {
  const rows = await readDue(deps, due.reconcile, PipelineStatusSchema, SWEPT_AT_ONCE);
  await enqueuePipelines(
    deps,
    rows.map(({ pipeline }) => pipeline),
  );
  return rows.length;
}

/** Selectors that went to and fro and may have stood still by now: looked at again, as if news had come. */
async function sweepSelectors(deps: SweepDeps): Promise<number> {
  const rows = await readDue(deps, due.selectors, SelectorRecordSchema, SELECTORS_AT_ONCE);
  if (rows.length > 0) await deps.hintQueue.send([...new Set(rows.map(({ topic }) => topic))]);
  return rows.length;
}

/** Fan-outs that no run works on any more. */
async function sweepFanOuts(deps: SweepDeps): Promise<number> {
  const open = await readDue(deps, due.fanOut, ChangeRecordSchema, FAN_OUTS_AT_ONCE);
  await runInTurn(open, ({ id }) => fanOutChange(deps, id));
  return open.length;
}

/** Attempts that were recorded but whose machine was never started: the name finds the execution if it was. */
async function sweepQueuedAttempts(deps: SweepDeps): Promise<number> {
  const dueSk = new Date(deps.clock.now().getTime() + QUEUED_SECONDS * 1000).toISOString();
  const queued = await readDue(deps, due.attempt, AttemptRecordSchema, ATTEMPTS_AT_ONCE, isNeverStarted);
  await runInTurn(queued, async ({ bake, attempt }) => {
    await startExecution(deps.workflows, { bake, attempt });
    // Not written where it has begun meanwhile.
    await tryWrite(deps.table, [
      { update: keys.attempt(bake, attempt), set: { dueSk }, when: { equals: { state: 'queued' } } },
    ]);
  });
  return queued.length;
}

/** One whose end was requested before it began is ended by finalize-bakes. */
function isNeverStarted({ state, endRequested }: AttemptRecord): boolean {
  return state === 'queued' && endRequested === undefined;
}

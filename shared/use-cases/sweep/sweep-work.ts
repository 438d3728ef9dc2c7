/**
 * Once a minute: whatever should have been done by now and was not. Each part stands alone, so that trouble in one does not keep the others
 * from their work.
 */
import { due, executionName, keys } from '../../domain/base/naming.ts';
import { AttemptRecordSchema } from '../../domain/records/bakes.ts';
import { ChangeRecordSchema, SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { PipelineStatusSchema } from '../../domain/records/status.ts';
import type { HintQueue } from '../../ports/hint-queue.ts';
import type { Limits } from '../../ports/limits.ts';
import { WriteConflict } from '../../ports/table.ts';
import type { FindingHints } from '../../ports/vulnerabilities.ts';
import type { WakeQueue } from '../../ports/wake-queue.ts';
import type { Workflows } from '../../ports/workflows.ts';
import { enqueueNext } from '../capacity/slots.ts';
import { type FanOutDeps, fanOutChange } from '../detect/fan-out-change.ts';
import { sweepInventories } from '../detect/index-inventory.ts';
import { sweepConfirmedWaves } from '../reconcile/confirm-wave.ts';
import { QUEUED_SECONDS } from '../reconcile/start-bake.ts';
import { sweepWaits } from '../waits/sweep-waits.ts';
import { type PublishDeps, sweepOutbox } from './publish-outbox.ts';
import { runInTurn } from './run-in-turn.ts';

export interface SweepDeps extends FanOutDeps, PublishDeps {
  readonly limits: Limits;
  readonly wakeQueue: WakeQueue;
  readonly findingHints: Pick<FindingHints, 'sendInventories'>;
  readonly hintQueue: HintQueue;
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
    planning: () => sweepDuePipelines(deps),
    fanOuts: () => sweepFanOuts(deps),
    outbox: () => sweepOutbox(deps),
    waits: async () => {
      const { checksRequested, redelivered } = await sweepWaits(deps);
      return checksRequested + redelivered;
    },
    queued: () => sweepQueuedAttempts(deps),
    lines: () => enqueueNext(deps),
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
  const names: string[] = [];
  let after: string | undefined;
  do {
    const page = await deps.table.query({
      index: 'due',
      pk: due.reconcile,
      upTo: deps.clock.now().toISOString(),
      limit: 100,
      ...(after === undefined ? {} : { after }),
    });
    names.push(...page.items.map((item) => PipelineStatusSchema.parse(item).pipeline));
    after = page.cursor;
  } while (after !== undefined && names.length < SWEPT_AT_ONCE);
  if (names.length > 0)
    await deps.reconcileQueue.send(names.map((pipeline) => ({ pipeline, delaySeconds: 0 })));
  return names.length;
}

/** Selectors that went to and fro and may have stood still by now: looked at again, as if news had come. */
async function sweepSelectors(deps: SweepDeps): Promise<number> {
  const page = await deps.table.query({
    index: 'due',
    pk: due.selectors,
    upTo: deps.clock.now().toISOString(),
    limit: SELECTORS_AT_ONCE,
  });
  const topics = page.items.map((item) => SelectorRecordSchema.parse(item).topic);
  if (topics.length > 0) await deps.hintQueue.send([...new Set(topics)]);
  return topics.length;
}

/** Fan-outs that no run works on any more. */
async function sweepFanOuts(deps: SweepDeps): Promise<number> {
  const page = await deps.table.query({
    index: 'due',
    pk: due.fanOut,
    upTo: deps.clock.now().toISOString(),
    limit: FAN_OUTS_AT_ONCE,
  });
  await runInTurn(page.items, (item) => fanOutChange(deps, ChangeRecordSchema.parse(item).id));
  return page.items.length;
}

/** Attempts that were recorded but whose machine was never started: the name finds the execution if it was. */
async function sweepQueuedAttempts(deps: SweepDeps): Promise<number> {
  const now = deps.clock.now();
  const page = await deps.table.query({
    index: 'due',
    pk: due.attempt,
    upTo: now.toISOString(),
    limit: ATTEMPTS_AT_ONCE,
  });
  const queued = page.items
    .map((item) => AttemptRecordSchema.parse(item))
    // One that was asked to end before it began is ended by finalize-bakes.
    .filter((attempt) => attempt.state === 'queued' && attempt.endRequested === undefined);
  const dueSk = new Date(now.getTime() + QUEUED_SECONDS * 1000).toISOString();
  await runInTurn(queued, async ({ bake, attempt }) => {
    await deps.workflows.startBake(executionName({ bake, attempt, machine: 'bake' }), { bake, attempt });
    try {
      await deps.table.write([
        { update: keys.attempt(bake, attempt), set: { dueSk }, when: { equals: { state: 'queued' } } },
      ]);
    } catch (error) {
      // It has begun meanwhile.
      if (!(error instanceof WriteConflict)) throw error;
    }
  });
  return queued.length;
}

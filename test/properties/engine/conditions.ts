/**
 * Whether what is said to hold a pipeline is what holds it, by replay on a copy of the table: each condition that is named is supplied until the
 * pipeline bakes or is up to date.
 */
import { keys } from '../../../shared/domain/base/naming.ts';
import type { HoldReason, PipelineStatus } from '../../../shared/domain/records/status.ts';
import type { Item } from '../../../shared/ports/table.ts';
import { enablePipeline } from '../../../shared/use-cases/definitions/enable-pipeline.ts';
import { confirmWave } from '../../../shared/use-cases/reconcile/confirm-wave.ts';
import { reconcilePipeline } from '../../../shared/use-cases/reconcile/reconcile-pipeline.ts';
import type { ReconcileWorld } from '../../support/reconcile-world.ts';
import { createWorldCopy, updateRow } from './copies.ts';
import { succeeds } from './handlers.ts';
import type { Stage } from './stage.ts';

interface HoldSample {
  readonly reconciled: PipelineStatus;
  readonly rows: readonly Item[];
  readonly at: number;
}

/** Keeps one of the holds; which one is left to chance. */
export function sampleHolds(stage: Stage): () => Promise<string[]> {
  const { world, seen, random } = stage;
  let sample: HoldSample | undefined;
  let count = 0;
  seen.onHold = (status) => {
    // What cannot be resolved is nothing that could be supplied here.
    if (status.decision?.reasons.some(({ code }) => code === 'unresolved') === true) return;
    count += 1;
    if (random.below(count) > 0) return;
    sample = { reconciled: status, rows: world.table.items(), at: world.clock.now().getTime() };
  };
  return async () => (sample === undefined ? [] : checkHold(stage, sample));
}

async function checkHold(
  { entries }: Stage,
  { reconciled: status, rows, at }: HoldSample,
): Promise<string[]> {
  const { pipeline } = status;
  const copy = await createWorldCopy(rows, at);
  let reasons: readonly HoldReason[] = status.decision?.reasons ?? [];
  const said: string[] = [];
  // One ancestor is named at a time, and what it releases may bring the next to bake.
  for (let round = 0; round < 8 + entries.length; round += 1) {
    said.push(reasons.map(({ code }) => code).join('+'));
    for (const reason of reasons) if (await satisfyHoldReason(copy, pipeline, reason)) return [];
    const outcome = await reconcilePipeline(copy.ports, pipeline);
    if (outcome.kind !== 'held') return [];
    reasons = outcome.reasons;
    if (
      reasons.some(({ code, until }) => code === 'unresolved' || (code === 'schedule' && until === undefined))
    )
      return [];
  }
  return [`7: ${pipeline} does not begin though all that it waits for is supplied: ${said.join(', then ')}`];
}

/** True when the bake was requested, which starts it. */
async function satisfyHoldReason(
  copy: ReconcileWorld,
  pipeline: string,
  reason: HoldReason,
): Promise<boolean> {
  const { until } = reason;
  switch (reason.code) {
    case 'manual':
    case 'pinned':
    case 'refused': {
      const answer = await copy.request(pipeline, false);
      return answer.kind !== 'held';
    }
    case 'disabled':
    case 'too-many-failures':
      await enablePipeline(copy.ports, { pipeline });
      return false;
    case 'wave-unconfirmed':
      if (reason.change !== undefined) await confirmWave(copy.ports, { change: reason.change, by: 'anna' });
      return false;
    case 'bake-running':
    case 'after-approval':
    case 'superseded-twice':
      await endBake(copy, reason.bake);
      return false;
    case 'ancestor-in-progress':
      await stopAncestor(copy, reason.pipeline ?? '');
      return false;
    case 'concurrency':
      for (const row of copy.table.items())
        if (row.pk.startsWith('CAPACITY#')) await updateRow(copy, row, { used: 0 });
      return false;
    default: {
      const rest = until === undefined ? 0 : Date.parse(until) - copy.clock.now().getTime();
      if (rest > 0) copy.clock.forward(rest / 1000 + 1);
      return false;
    }
  }
}

/** The bake comes to the end that was asked for, or to its release. */
async function endBake(copy: ReconcileWorld, bake: string | undefined): Promise<void> {
  const record = bake === undefined ? undefined : copy.bake(bake);
  if (record === undefined || record.endedAt !== undefined) return;
  const attempt = copy.table.peek(keys.attempt(record.id, record.attempt));
  if (attempt?.endRequested === undefined) await succeeds(() => copy.release(record.id));
  else await copy.fail(record.id, 'States.Aborted', 'stopped');
}

/** The ancestor releases what it bakes, or will not bake for a while. */
async function stopAncestor(copy: ReconcileWorld, ancestor: string): Promise<void> {
  const active = copy.status(ancestor)?.activeBake;
  if (active !== undefined) await endBake(copy, active);
  else {
    await updateRow(copy, keys.pipeline(ancestor), { enabled: false });
    await updateRow(copy, keys.status(ancestor), {}, ['request']);
  }
}

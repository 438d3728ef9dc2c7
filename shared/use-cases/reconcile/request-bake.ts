/**
 * A person requests a bake. The answer is what came of it at once: the bake that started or already runs, that everything is up to date, or the id
 * under which the request is remembered and why it is held.
 */

import { keys, nonSelectorChangeKey } from '../../domain/base/naming.ts';
import { decide } from '../../domain/reconcile/decide.ts';
import type { Observation } from '../../domain/reconcile/observed.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import type { HoldReason } from '../../domain/records/status.ts';
import type { Write } from '../../ports/table.ts';
import { changeWrite, toOwnChange } from '../store/changes.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { dirtyAt } from '../store/status.ts';
import { type ObservedRows, observe } from './observe.ts';
import { type ReconcileDeps, reconcilePipeline } from './reconcile-pipeline.ts';

export interface BakeRequest {
  readonly pipeline: string;
  /** ARN or name of the caller, who may not approve the bake. */
  readonly by: string;
  /** Bake even though nothing has changed. */
  readonly force: boolean;
}

export type BakeAnswer =
  | { readonly kind: 'started'; readonly bake: string; readonly change: string; readonly reason: string }
  | { readonly kind: 'running'; readonly bake: string }
  | { readonly kind: 'up-to-date'; readonly release: string }
  | { readonly kind: 'held'; readonly change: string; readonly reasons: readonly HoldReason[] };

export async function requestBake(deps: ReconcileDeps, request: BakeRequest): Promise<BakeAnswer> {
  const failure = `${request.pipeline} kept changing while the request was written; ask again.`;
  return retryOnConflict<BakeAnswer>(failure, async () => {
    const read = await observe(deps, request.pipeline);
    if (!request.force) {
      const decision = decide(withRequest(read, request, deps.clock.now().toISOString()));
      if (decision.kind === 'up-to-date')
        return { kind: 'up-to-date', release: read.observation.observed.channel?.release ?? '' };
      if (decision.kind === 'in-progress') return { kind: 'running', bake: decision.bake };
    }
    const change = toRequestChange(deps, request);
    await deps.table.write(requestWrites(read, request, change));
    return toBakeAnswer(await reconcilePipeline(deps, request.pipeline), change.id);
  });
}

/** The observation with the request, as it will be decided: a request wants again what a person refused before. */
function withRequest({ observation }: ObservedRows, { by, force }: BakeRequest, at: string): Observation {
  const { observed } = observation;
  const status = { ...observed.status, request: { id: '', by, at, force } };
  return { ...observation, observed: { ...observed, status } };
}

function toRequestChange(deps: ReconcileDeps, request: BakeRequest): ChangeRecord {
  return toOwnChange({
    id: deps.ids.next(),
    selector: nonSelectorChangeKey('request', request.pipeline),
    to: `${request.force ? 'forced' : 'asked'} by ${request.by}`,
    at: deps.clock.now().toISOString(),
  });
}

function requestWrites(read: ObservedRows, request: BakeRequest, change: ChangeRecord): Write[] {
  const { status } = read.observation.observed;
  const { id, at } = change;
  return [
    {
      update: keys.status(request.pipeline),
      set: {
        ...dirtyAt(at),
        request: { id, by: request.by, at, force: request.force },
        // Part of the bits from now on: without it the forced bake's release would not be what is wanted.
        ...(request.force ? { rebuildToken: id } : {}),
      },
      append: { changes: [id], causes: [id] },
      add: { version: 1 },
      when: { equals: { version: status.version } },
    },
    changeWrite(change),
  ];
}

function toBakeAnswer(outcome: Awaited<ReturnType<typeof reconcilePipeline>>, change: string): BakeAnswer {
  switch (outcome.kind) {
    case 'started':
      return { kind: 'started', bake: outcome.bake, change, reason: outcome.reason };
    case 'running':
    case 'up-to-date':
      return outcome;
    case 'held':
      return { kind: 'held', change, reasons: outcome.reasons };
    case 'superseding':
      return { kind: 'held', change, reasons: [outcome.reason] };
  }
}

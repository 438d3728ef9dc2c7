/** The rows of a wave above the cap: it is listed until a person confirms it, and an event tells of it. */

import { due, keys, lists } from '../../domain/base/naming.ts';
import { findHoldKind } from '../../domain/reconcile/holds.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import type { HoldReason, WaveRecord } from '../../domain/records/status.ts';
import { waveWaitingEvent } from '../../events/wave-waiting.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import { outboxWrite } from '../store/outbox.ts';

/** At most so many writes for one change. */
export const WAVE_WRITES = 2;

export function waveWrites(deps: Pick<Ports, 'ids'>, change: ChangeRecord): Write[] {
  const { id, wave, selector, from, to, at } = change;
  if (wave === undefined) return [];
  const row: WaveRecord = { change: id };
  const event = waveWaitingEvent({
    change: id,
    selector,
    ...(from === undefined ? {} : { from }),
    to,
    images: wave.size,
    isMore: wave.isMore,
  });
  return [
    { put: { ...keys.wave(id), ...row, listPk: lists.waves, listSk: id } },
    outboxWrite(deps.ids, event, at),
  ];
}

/**
 * Lists a pipeline that a wave holds under the wave's change, where its confirmation finds it. Undefined where no wave holds it. The check is
 * refused once the wave is confirmed: the pipeline would not be found any more.
 */
export function prepareWaveHold(
  reasons: readonly HoldReason[],
  pipeline: string,
): { readonly set: Record<string, string>; readonly checks: readonly Write[] } | undefined {
  const change = reasons.find((reason) => findHoldKind(reason).listedIn === 'wave')?.change;
  if (change === undefined) return undefined;
  return {
    set: { duePk: due.wave(change), dueSk: pipeline },
    checks: [{ check: keys.wave(change), when: { equals: { listPk: lists.waves } } }],
  };
}

/**
 * The slots of copies that are on their way into one account and region, over all bakes. EC2 has no call that counts them, and copies beyond a
 * quota fail late; so every copy holds a slot until it has ended. A slot that was never given back expires.
 */

import * as z from 'zod';
import { TryLater } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { AWS_QUOTAS, COPYING } from '../../domain/distribution/quotas.ts';
import type { TargetRecord } from '../../domain/records/distributions.ts';
import type { Ports } from '../../ports/ports.ts';
import { MAX_WRITES, type Write, WriteConflict } from '../../ports/table.ts';
import { readAll, readRecord } from '../store/read.ts';
import { rowKey } from './ledger.ts';

export type CopySlotDeps = Pick<Ports, 'table' | 'clock'>;

const SlotSchema = z.object({ holder: z.string(), snapshots: z.number(), until: z.string() });
/** Each copy that takes a slot raises the version of the destination's fence: of two that count the slots at once, one loses its write. */
const FenceSchema = z.object({ version: z.number() });
const ROUNDS = 5;
/** The row, the fence and the new slot. */
const OTHER_WRITES = 3;
/** Index of the check of the row among the writes. */
const ROW_CHECK = 0;

type SlotRow = Pick<TargetRecord, 'bake' | 'attempt' | 'account' | 'region' | 'variant' | 'sharedCopy'>;

function toSlotHolder(row: SlotRow): string {
  return [row.bake, row.attempt, row.variant, ...(row.sharedCopy ? ['sharedCopy'] : [])].join('#');
}

/**
 * True when the row holds a slot for as many snapshots, now or before; false where the destination is full. Throws WriteConflict for a row that
 * has changed meanwhile: its copy may have ended, and the slot would never be given back.
 */
export async function acquireCopySlot(
  deps: CopySlotDeps,
  row: TargetRecord,
  snapshots: number,
): Promise<boolean> {
  const { account, region } = row;
  const holder = toSlotHolder(row);
  const fenceKey = keys.copyFence(account, region);
  for (let round = 0; round < ROUNDS; round += 1) {
    const fence = await readRecord(deps.table, fenceKey, FenceSchema);
    const version = fence?.version ?? 0;
    const taken = await readCopySlots(deps, row);
    if (taken.some((slot) => slot.holder === holder)) return true;

    const now = deps.clock.now();
    const live = taken.filter((slot) => slot.until > now.toISOString());
    const dead = taken.filter((slot) => slot.until <= now.toISOString());
    const inFlight = live.reduce((sum, slot) => sum + slot.snapshots, 0);
    // An image of more volumes than the quota allows is copied when nothing else is.
    const quota = AWS_QUOTAS.destination(account, region);
    const full = live.length > 0 && inFlight + snapshots > quota.snapshots;
    if (full || live.length >= quota.copies) return false;

    const until = new Date(now.getTime() + COPYING.slotHours * 3_600_000).toISOString();
    try {
      await deps.table.write([
        { check: rowKey(row), when: { equals: { version: row.version } } },
        {
          put: { ...fenceKey, version: version + 1 },
          when: fence === undefined ? { exists: false } : { equals: { version } },
        },
        { put: { ...keys.copyInFlight(account, region, holder), holder, snapshots, until } },
        ...dead
          .slice(0, MAX_WRITES - OTHER_WRITES)
          .map((slot): Write => ({ delete: keys.copyInFlight(account, region, slot.holder) })),
      ]);
      return true;
    } catch (error) {
      if (!(error instanceof WriteConflict) || error.index === ROW_CHECK) throw error;
    }
  }
  throw new TryLater(`Many bakes start copies into ${account}/${region} at this moment.`);
}

/** The write that gives the slot back; goes into the transaction that records the end of the copy. */
export function freeCopySlot(row: SlotRow): Write {
  return { delete: keys.copyInFlight(row.account, row.region, toSlotHolder(row)) };
}

async function readCopySlots(deps: CopySlotDeps, row: SlotRow): Promise<z.infer<typeof SlotSchema>[]> {
  const { pk, sk: prefix } = keys.copyInFlight(row.account, row.region, '');
  return await readAll(deps.table, { pk, prefix }, SlotSchema);
}

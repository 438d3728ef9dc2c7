/** What stands already in the targets of a bake that uses a kept image: copies that are verified again, and permissions that stay. */
import { keys } from '../../domain/naming.ts';
import { type BakeRecord, BakeRecordSchema } from '../../domain/records/bakes.ts';
import type { TargetRecord } from '../../domain/records/distributions.ts';
import { read } from '../store/read.ts';
import { readDistribution, readRows, type WithTable } from './ledger.ts';

/** A release that was pointed to again and again hands its ledger on; copies that only an older bake knows of are made anew. */
const BAKES_LOOKED_AT = 20;

/** Ledger rows of the releases that the bake's image was in, those of the newest first. */
export async function readKeptRows(deps: WithTable, bake: BakeRecord): Promise<TargetRecord[]> {
  const rows: TargetRecord[] = [];
  let next = bake.startsAt === 'Build' ? undefined : bake.reuses;
  for (let looked = 0; next !== undefined && looked < BAKES_LOOKED_AT; looked += 1) {
    const reused: BakeRecord | undefined = await read(deps.table, keys.bake(next), BakeRecordSchema);
    if (reused === undefined) break;
    const own = await readRows(deps, reused.id);
    rows.push(...own.filter((row) => row.attempt === reused.attempt && isKept(row)));
    next = reused.startsAt === 'Build' ? undefined : reused.reuses;
  }
  return rows;
}

/** Rows are marked as released after the release itself, so that some may still say that they are verified. */
function isKept(row: TargetRecord): boolean {
  return (row.state === 'released' || row.state === 'verified') && row.imageId !== undefined;
}

type Place = Pick<TargetRecord, 'account' | 'region' | 'variant' | 'carrier' | 'mode' | 'key'>;

/** What a row of the plan begins with: the kept copy, known by its place, its mode and its key; or nothing. */
export function adoptedPart(place: Place, kept: readonly TargetRecord[]): Partial<TargetRecord> {
  const found = kept.find(
    (row) =>
      row.account === place.account &&
      row.region === place.region &&
      row.variant === place.variant &&
      row.carrier === place.carrier &&
      row.mode === place.mode &&
      (row.mode === 'share' || row.key === place.key),
  );
  if (found === undefined) return {};
  // What is shared is permitted again and seen again, so nothing else of that row is needed.
  if (found.mode === 'share') return { adopted: true };
  const { imageId, snapshotIds, keyArn, copyStartedAt } = found;
  return {
    adopted: true,
    state: 'copying',
    done: ['permit-source', 'copy'],
    snapshotIds,
    ...(imageId === undefined ? {} : { imageId }),
    ...(keyArn === undefined ? {} : { keyArn }),
    ...(copyStartedAt === undefined ? {} : { copyStartedAt }),
  };
}

/** Accounts per variant that launch the image as built, because a kept release shares it with them. */
export async function accountsSharedWith(
  deps: WithTable,
  bake: BakeRecord,
  home: { readonly region: string },
  kept: readonly TargetRecord[],
): Promise<Record<string, string[]>> {
  if (bake.startsAt === 'Build' || bake.reuses === undefined) return {};
  const before = (await readDistribution(deps, bake.reuses))?.sharedWith ?? {};
  const accounts = new Map(Object.entries(before).map(([variant, names]) => [variant, new Set(names)]));
  for (const { variant, account, mode, region } of kept) {
    if (mode !== 'share' || region !== home.region) continue;
    accounts.set(variant, (accounts.get(variant) ?? new Set()).add(account));
  }
  return Object.fromEntries([...accounts].map(([variant, names]) => [variant, [...names].sort()]));
}

/** What stands already in the targets of a bake that reuses images: copies that are verified again, and permissions that stay. */
import { isKeptCopy } from '../../domain/bakes/kept-images.ts';
import { keys } from '../../domain/base/naming.ts';
import { findStanding, type StandingTarget } from '../../domain/distribution/plan.ts';
import { type BakeRecord, BakeRecordSchema } from '../../domain/records/bakes.ts';
import type { TargetRecord } from '../../domain/records/distributions.ts';
import { readRecord } from '../store/read.ts';
import { type LedgerDeps, readDistribution, readRows } from './ledger.ts';

/** A release that was pointed to again and again hands its ledger on; copies that only an older bake knows of are made anew. */
const MAX_BAKES_READ = 20;

/** Ledger rows of the releases that the bake's image was in, those of the newest first. */
export async function readRetainedRows(deps: LedgerDeps, bake: BakeRecord): Promise<TargetRecord[]> {
  const rows: TargetRecord[] = [];
  let next = bake.startsAt === 'Build' ? undefined : bake.reusesBake;
  for (let looked = 0; next !== undefined && looked < MAX_BAKES_READ; looked += 1) {
    const reused: BakeRecord | undefined = await readRecord(deps.table, keys.bake(next), BakeRecordSchema);
    if (reused === undefined) break;
    const own = await readRows(deps, reused.id);
    rows.push(...own.filter((row) => row.attempt === reused.attempt && isRetained(row)));
    next = reused.startsAt === 'Build' ? undefined : reused.reusesBake;
  }
  return rows;
}

/** Rows are marked as released after the release itself, so that some may still say that they are verified. */
function isRetained(row: TargetRecord): boolean {
  return (row.state === 'released' || row.state === 'verified') && row.artifact !== undefined;
}

/** The fields that a row of the plan begins with where a retained copy or share stands at its target; none elsewhere. */
export function toReusedFields(
  target: StandingTarget,
  retained: readonly TargetRecord[],
): Partial<TargetRecord> {
  const found = findStanding(target, retained);
  if (found === undefined) return {};
  // What is shared is permitted again and seen again, so nothing else of that row is needed.
  if (found.mode === 'share') return { reused: true };
  const { artifact, keyArn, copyStartedAt } = found;
  return {
    reused: true,
    state: 'copying',
    done: ['permit-source', 'copy'],
    ...(artifact === undefined ? {} : { artifact }),
    ...(keyArn === undefined ? {} : { keyArn }),
    ...(copyStartedAt === undefined ? {} : { copyStartedAt }),
  };
}

/** The fields of a row whose target has a verified copy of the attempt that this one continues: it is verified again, and is this attempt's own. */
export function toKeptFields(before: TargetRecord): Partial<TargetRecord> {
  if (!isKeptCopy(before)) return {};
  const { artifact, keyArn, copyStartedAt, reused } = before;
  return {
    reused,
    state: 'copying',
    done: ['sweep', 'permit-source', 'copy'],
    ...(artifact === undefined ? {} : { artifact }),
    ...(keyArn === undefined ? {} : { keyArn }),
    ...(copyStartedAt === undefined ? {} : { copyStartedAt }),
  };
}

/** Accounts per variant that launch the image as built, because a retained release shares it with them. */
export async function readSharedAccounts(
  deps: LedgerDeps,
  bake: BakeRecord,
  home: { readonly region: string },
  retained: readonly TargetRecord[],
): Promise<Record<string, string[]>> {
  if (bake.startsAt === 'Build' || bake.reusesBake === undefined) return {};
  const before = (await readDistribution(deps, bake.reusesBake))?.sharedWith ?? {};
  const accounts = new Map(Object.entries(before).map(([variant, names]) => [variant, new Set(names)]));
  for (const { variant, account, mode, region } of retained) {
    if (mode !== 'share' || region !== home.region) continue;
    accounts.set(variant, (accounts.get(variant) ?? new Set()).add(account));
  }
  return Object.fromEntries([...accounts].map(([variant, names]) => [variant, [...names].sort()]));
}

/** The ledger of a distribution: a row for each transfer, written under its version, so that of two runs of a step only one records it. */

import type { BakeRef } from '../../domain/bakes/payloads.ts';
import { AttemptEnded, DistributionFailed, TryLater } from '../../domain/base/errors.ts';
import { type Key, keys } from '../../domain/base/naming.ts';
import {
  type DistributionRecord,
  DistributionRecordSchema,
  type LedgerStep,
  type TargetRecord,
  TargetRecordSchema,
} from '../../domain/records/distributions.ts';
import type { Ports } from '../../ports/ports.ts';
import { MAX_WRITES, type Write, WriteConflict } from '../../ports/table.ts';
import { readAll, readRecord } from '../store/read.ts';

export type LedgerDeps = Pick<Ports, 'table'>;

export async function readDistribution(
  deps: LedgerDeps,
  bake: string,
): Promise<DistributionRecord | undefined> {
  return await readRecord(deps.table, keys.distribution(bake), DistributionRecordSchema);
}

/** The plan of this attempt. Throws AttemptEnded where a newer attempt has taken over. */
export async function readPlan(deps: LedgerDeps, ref: BakeRef): Promise<DistributionRecord> {
  const plan = await readDistribution(deps, ref.bake);
  if (plan === undefined || plan.attempt !== ref.attempt)
    throw new AttemptEnded(`Attempt ${ref.attempt} of bake ${ref.bake} has no distribution plan.`, ref);
  return plan;
}

export function requireSource(
  plan: DistributionRecord,
  variant: string,
): DistributionRecord['sources'][string] {
  const source = plan.sources[variant];
  if (source === undefined)
    throw new DistributionFailed(`The plan of bake ${plan.bake} has no image of the variant ${variant}.`);
  return source;
}

/** Rows of the bake in the order of their keys, shared copies first: of one region, or of all. */
export async function readRows(deps: LedgerDeps, bake: string, region?: string): Promise<TargetRecord[]> {
  const place = region === undefined ? '' : `${region}#`;
  const { pk } = keys.bake(bake);
  const rowsOf = (prefix: string) => readAll(deps.table, { pk, prefix }, TargetRecordSchema);
  return [...(await rowsOf(`SHAREDCOPY#${place}`)), ...(await rowsOf(`TARGET#${place}`))];
}

export function rowKey(
  row: Pick<TargetRecord, 'bake' | 'account' | 'region' | 'variant' | 'sharedCopy'>,
): Key {
  return row.sharedCopy
    ? keys.sharedCopy(row.bake, row.region, row.variant)
    : keys.target(row.bake, row.account, row.region, row.variant);
}

/** What changes in a row; `undefined` removes a field. */
export type RowChange = { readonly [Field in keyof TargetRecord]?: TargetRecord[Field] | undefined };

export function isDone(row: TargetRecord, step: LedgerStep): boolean {
  return row.done.includes(step);
}

/** The steps of a row with one more. */
export function addSteps(row: TargetRecord, ...steps: readonly LedgerStep[]): LedgerStep[] {
  return [...new Set([...row.done, ...steps])];
}

/** Writes the row if it still is as it was read, together with what belongs to the same fact. Throws WriteConflict. */
export async function saveRow(
  deps: LedgerDeps,
  row: TargetRecord,
  change: RowChange,
  also: readonly Write[] = [],
): Promise<TargetRecord> {
  const next = TargetRecordSchema.parse({ ...row, ...change, version: row.version + 1 });
  await deps.table.write([
    { put: { ...rowKey(next), ...next }, when: { equals: { version: row.version } } },
    ...also,
  ]);
  return next;
}

export async function savePlan(
  deps: LedgerDeps,
  plan: DistributionRecord,
  change: Partial<DistributionRecord>,
  also: readonly Write[] = [],
): Promise<DistributionRecord> {
  const next: DistributionRecord = { ...plan, ...change, version: plan.version + 1 };
  await deps.table.write([
    { put: { ...keys.distribution(plan.bake), ...next }, when: { equals: { version: plan.version } } },
    ...also,
  ]);
  return next;
}

/** Splits what may be written in parts into transactions. */
export async function writeInParts(deps: LedgerDeps, writes: readonly Write[]): Promise<void> {
  for (let start = 0; start < writes.length; start += MAX_WRITES)
    await deps.table.write(writes.slice(start, start + MAX_WRITES));
}

/** What the work answers. Throws TryLater where another run wrote a row first: the same call once more reads what that one wrote. */
export async function retryLaterOnConflict<Result>(
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
    throw new TryLater(`${what}: another run wrote ${error.key.pk} / ${error.key.sk} at this moment.`);
  }
}

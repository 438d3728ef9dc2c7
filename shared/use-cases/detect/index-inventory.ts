/**
 * Keeps the index of packages equal to what a channel holds, so that a finding leads to the pipelines that it concerns without a search. A row is
 * the job: it is written with the release, records its progress, and a newer release takes it over.
 */

import { due, keys } from '../../domain/base/naming.ts';
import {
  type IndexWrite,
  type InventoryIndexRecord,
  InventoryIndexRecordSchema,
  isBelowMinimum,
  listIndexWrites,
  type MinimumVersionRecord,
  MinimumVersionRecordSchema,
  type PackageList,
  type PackageUseRecord,
  toPackageList,
} from '../../domain/packages/vulnerabilities.ts';
import { BakeRecordSchema } from '../../domain/records/bakes.ts';
import { type ChangeRecord, ChangeRecordSchema } from '../../domain/records/selectors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Documents } from '../../ports/documents.ts';
import { MAX_WRITES, type Table, type Write, WriteConflict } from '../../ports/table.ts';
import type { FindingHints } from '../../ports/vulnerabilities.ts';
import { countWaveFrom } from '../graph/wave-size.ts';
import { readImages } from '../store/bakes.ts';
import { changeWrite } from '../store/changes.ts';
import { readPackages } from '../store/inventories.ts';
import { readDue, readFound, readRecord } from '../store/read.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { tryWrite } from '../store/try-write.ts';
import { type DetectVulnerabilitiesDeps, toVulnerabilityChange } from './detect-vulnerability.ts';
import { raiseMinimumWrite, toReconcileRequests } from './fan-out-change.ts';
import { findVulnerable } from './vulnerable-pipelines.ts';
import { waveWrites } from './wave-rows.ts';

export interface IndexInventoryDeps extends DetectVulnerabilitiesDeps {
  readonly documents: Pick<Documents, 'get'>;
}

type Channel = Pick<InventoryIndexRecord, 'pipeline' | 'channel'>;

/** One write of each transaction is the job's own. */
const STEPS_AT_ONCE = MAX_WRITES - 1;
const INVENTORIES_SWEPT = 100;
const ROUNDS = 10;

/** The write that belongs into the transaction of a release: the job is open until the index is equal to its inventory. */
export function scheduleIndexWrite({ pipeline, channel }: Channel, bake: string, at: string): Write {
  return {
    update: keys.inventoryIndex(pipeline, channel),
    set: { pipeline, channel, bake, cursor: 0, state: 'open', duePk: due.inventory, dueSk: at },
    append: { bakes: [bake] },
  };
}

/** Enqueues the inventories that wait to be indexed; returns how many. */
export async function sweepInventories(deps: {
  readonly table: Pick<Table, 'query'>;
  readonly clock: Clock;
  readonly findingHints: Pick<FindingHints, 'sendInventories'>;
}): Promise<number> {
  const jobs = await readDue(deps, due.inventory, InventoryIndexRecordSchema, INVENTORIES_SWEPT);
  if (jobs.length > 0)
    await deps.findingHints.sendInventories(jobs.map(({ pipeline, channel }) => ({ pipeline, channel })));
  return jobs.length;
}

/** Indexes the inventory of a channel. Returns the changes for findings that are older than its release. */
export async function indexInventory(deps: IndexInventoryDeps, channel: Channel): Promise<ChangeRecord[]> {
  const key = keys.inventoryIndex(channel.pipeline, channel.channel);
  const job = await readRecord(deps.table, key, InventoryIndexRecordSchema);
  if (job === undefined || job.state === 'done') return [];
  const packages = await Promise.all(job.bakes.map((bake) => readPackageList(deps, bake)));
  const now = packages.at(-1) ?? toPackageList([]);
  const before = packages.slice(0, -1);
  const isWhole = before.length === 1 && job.bakes[0] === job.indexed;
  const steps = listIndexWrites(before, now, isWhole ? before[0] : undefined);
  const stands = (cursor: number) => ({ equals: { bake: job.bake, state: 'open', cursor } });
  try {
    for (let start = job.cursor; start < steps.length; start += STEPS_AT_ONCE) {
      const part = steps.slice(start, start + STEPS_AT_ONCE);
      await deps.table.write([
        { update: key, set: { cursor: start + part.length }, when: stands(start) },
        ...part.map((step) => stepWrite(job, step, now)),
      ]);
    }
    const changes = await raiseOlderMinimums(deps, job, now);
    await deps.table.write([
      {
        update: key,
        set: { state: 'done', bakes: [job.bake], indexed: job.bake, cursor: 0 },
        remove: ['duePk', 'dueSk'],
        when: stands(Math.max(job.cursor, steps.length)),
      },
    ]);
    return changes;
  } catch (error) {
    // Another run works on it, or a newer release has taken the job over; the sweep enqueues an open job again.
    if (error instanceof WriteConflict && error.key.sk === key.sk) return [];
    throw error;
  }
}

function stepWrite({ pipeline, channel }: InventoryIndexRecord, step: IndexWrite, now: PackageList): Write {
  const key = keys.packageUse(step.name, pipeline, channel);
  if (step.kind === 'delete') return { delete: key };
  const use: PackageUseRecord = {
    package: step.name,
    pipeline,
    channel,
    versions: [...step.versions],
    ...(now.format === undefined ? {} : { format: now.format }),
  };
  return { put: { ...key, ...use } };
}

/** The packages in the images of a bake, or of the bake whose images it reuses. */
async function readPackageList(deps: IndexInventoryDeps, id: string): Promise<PackageList> {
  const bake = await readRecord(deps.table, keys.bake(id), BakeRecordSchema);
  const images = await readImages(deps, id);
  if (images.length === 0 && bake?.reusesBake !== undefined) return readPackageList(deps, bake.reusesBake);
  const packages = await Promise.all(images.map(({ inventory }) => readPackages(deps.documents, inventory)));
  return toPackageList(packages.map((found) => found ?? []));
}

/** Records a change for each minimum version that is older than the release and above it, while its finding is still active. */
async function raiseOlderMinimums(
  deps: IndexInventoryDeps,
  job: InventoryIndexRecord,
  now: PackageList,
): Promise<ChangeRecord[]> {
  const formats = now.format === undefined ? (['apt', 'rpm'] as const) : ([now.format] as const);
  const wanted = [...now.versions.keys()].flatMap((name) =>
    formats.map((format) => keys.minimumVersion(name, format)),
  );
  const minimumVersions = await readFound(deps.table, wanted, MinimumVersionRecordSchema);
  const { pipeline, channel } = job;
  const behind = minimumVersions.flatMap((minimum) => {
    const versions = [...(now.versions.get(minimum.package) ?? [])];
    const use = { package: minimum.package, pipeline, channel, versions, format: now.format };
    return isBelowMinimum(use, minimum) ? [{ minimum, use }] : [];
  });
  if (behind.length === 0) return [];
  const findings = await deps.findings.read([...new Set(behind.map(({ minimum }) => minimum.finding))]);
  const active = new Set(findings.map(({ arn }) => arn));
  const changes: ChangeRecord[] = [];
  for (const { minimum, use } of behind) {
    const change = active.has(minimum.finding)
      ? await raiseMinimum(deps, minimum, use)
      : await deleteMinimum(deps, minimum);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

async function raiseMinimum(
  deps: IndexInventoryDeps,
  minimum: MinimumVersionRecord,
  use: PackageUseRecord,
): Promise<ChangeRecord | undefined> {
  const failure = `${use.pipeline} kept changing while it was marked for the package ${use.package}.`;
  const raise = async () => {
    const [pipeline] = await findVulnerable(deps.table, minimum, [use]);
    if (pipeline === undefined) return undefined;
    const known =
      minimum.change === undefined
        ? undefined
        : await readRecord(deps.table, keys.change(minimum.change), ChangeRecordSchema);
    const wave = known === undefined ? await countWaveFrom(deps, [use.pipeline]) : undefined;
    const change: ChangeRecord = known ?? {
      ...toVulnerabilityChange(deps, minimum),
      fanOut: 'done',
      ...(wave === undefined ? {} : { wave }),
    };
    await deps.table.write([
      raiseMinimumWrite(pipeline, change, deps.clock.now()),
      ...(known === undefined ? [...newChangeWrites(minimum, change), ...waveWrites(deps, change)] : []),
    ]);
    await deps.reconcileQueue.send(toReconcileRequests([pipeline]));
    return change;
  };
  return retryOnConflict<ChangeRecord | undefined>(failure, raise, ROUNDS);
}

/** A finding that has concerned no pipeline so far has no change yet: it is recorded with the first one. */
function newChangeWrites(minimum: MinimumVersionRecord, change: ChangeRecord): Write[] {
  const { id } = change;
  const put = changeWrite(change);
  if (minimum.state === 'open') return [put];
  const { version } = minimum;
  const when = { equals: { version, state: 'done' } };
  return [put, { update: keys.minimumVersion(minimum.package, minimum.format), set: { change: id }, when }];
}

/** Drops the minimum version of a closed finding; the resync records it again where another finding needs it. */
async function deleteMinimum(deps: IndexInventoryDeps, minimum: MinimumVersionRecord): Promise<undefined> {
  const key = keys.minimumVersion(minimum.package, minimum.format);
  const when = { equals: { finding: minimum.finding, version: minimum.version } };
  await tryWrite(deps.table, [{ delete: key, when }]);
}

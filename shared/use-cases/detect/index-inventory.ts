/**
 * Keeps the index of packages equal to what a channel holds, so that a finding leads to the pipelines that it concerns without a search. A row is
 * the job: it is written with the release, records its progress, and a newer release takes it over.
 */

import { due, keys } from '../../domain/base/naming.ts';
import { InventorySchema } from '../../domain/packages/inventory.ts';
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
import type { Documents } from '../../ports/documents.ts';
import { MAX_WRITES, type Table, type Write, WriteConflict } from '../../ports/table.ts';
import type { FindingHints } from '../../ports/vulnerabilities.ts';
import { countWaveFrom } from '../graph/wave-size.ts';
import { readImages } from '../store/bakes.ts';
import { changeWrite } from '../store/changes.ts';
import { readMany, readRecord } from '../store/read.ts';
import {
  type DetectVulnerabilitiesDeps,
  toPackageFix,
  toVulnerabilityChange,
} from './detect-vulnerability.ts';
import { raiseMinimumWrite, toReconcileRequests } from './fan-out-change.ts';
import { findAffected } from './vulnerable-pipelines.ts';
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
  readonly clock: DetectVulnerabilitiesDeps['clock'];
  readonly findingHints: Pick<FindingHints, 'sendInventories'>;
}): Promise<number> {
  const jobs: InventoryIndexRecord[] = [];
  let after: string | undefined;
  do {
    const page = await deps.table.query({
      index: 'due',
      pk: due.inventory,
      upTo: deps.clock.now().toISOString(),
      limit: INVENTORIES_SWEPT,
      ...(after === undefined ? {} : { after }),
    });
    jobs.push(...page.items.map((item) => InventoryIndexRecordSchema.parse(item)));
    after = page.cursor;
  } while (after !== undefined && jobs.length < INVENTORIES_SWEPT);
  if (jobs.length > 0)
    await deps.findingHints.sendInventories(jobs.map(({ pipeline, channel }) => ({ pipeline, channel })));
  return jobs.length;
}

/** Indexes the inventory of a channel. Returns the changes for findings that are older than its release. */
export async function indexInventory(deps: IndexInventoryDeps, channel: Channel): Promise<ChangeRecord[]> {
  const key = keys.inventoryIndex(channel.pipeline, channel.channel);
  const job = await readRecord(deps.table, key, InventoryIndexRecordSchema);
  if (job === undefined || job.state === 'done') return [];
  const packages = await Promise.all(job.bakes.map((bake) => readPackages(deps, bake)));
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
async function readPackages(deps: IndexInventoryDeps, id: string): Promise<PackageList> {
  const bake = await readRecord(deps.table, keys.bake(id), BakeRecordSchema);
  const images = await readImages(deps, id);
  if (images.length === 0 && bake?.reusesBake !== undefined) return readPackages(deps, bake.reusesBake);
  const documents = await Promise.all(
    images.flatMap(({ inventory }) => (inventory === undefined ? [] : [deps.documents.get(inventory)])),
  );
  return toPackageList(
    documents.map((text) => (text === undefined ? [] : InventorySchema.parse(JSON.parse(text)).packages)),
  );
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
  const minimumVersions = (await readMany(deps.table, wanted, MinimumVersionRecordSchema)).filter(
    (minimum) => minimum !== undefined,
  );
  const { pipeline, channel } = job;
  const behind = minimumVersions.flatMap((minimum) => {
    const versions = [...(now.versions.get(minimum.package) ?? [])];
    const use = { package: minimum.package, pipeline, channel, versions, format: now.format };
    return isBelowMinimum(use, minimum) ? [{ minimum, use }] : [];
  });
  if (behind.length === 0) return [];
  const active = new Set(
    (await deps.findings.read([...new Set(behind.map(({ minimum }) => minimum.finding))])).map(
      ({ arn }) => arn,
    ),
  );
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
  for (let round = 0; ; round += 1) {
    const [user] = await findAffected(deps.table, toPackageFix(minimum), [use]);
    if (user === undefined) return undefined;
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
    try {
      await deps.table.write([
        raiseMinimumWrite(user, change, deps.clock.now()),
        ...(known === undefined ? [...newChangeWrites(minimum, change), ...waveWrites(deps, change)] : []),
      ]);
      await deps.reconcileQueue.send(toReconcileRequests([user]));
      return change;
    } catch (error) {
      // The pipeline is being reconciled at this moment, or another run has marked it.
      if (!(error instanceof WriteConflict) || round === ROUNDS) throw error;
    }
  }
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
  try {
    await deps.table.write([{ delete: key, when }]);
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
  }
}

/** Reads the releases of a pipeline, what its definition keeps, and who uses those that it does not. */

import { type Artifact, findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { DistributionFailed, PreflightFailed, TryLater } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { DefinitionSchema, type RetentionPolicy } from '../../domain/definitions/definition.ts';
import { ArtifactRecordSchema, type BakeRecord, BakeRecordSchema } from '../../domain/records/bakes.ts';
import {
  type ChannelRecord,
  ChannelRecordSchema,
  type ReleaseRecord,
  ReleaseRecordSchema,
} from '../../domain/records/releases.ts';
import { type PipelineStatus, PipelineStatusSchema } from '../../domain/records/status.ts';
import type { ImageUse, UnreadPlace, Usage, UsingBake } from '../../domain/releases/references/reference.ts';
import { computeRecent, listSuperfluous } from '../../domain/releases/retention.ts';
import { selectorKey } from '../../domain/selectors/selectors.ts';
import type { Ports } from '../../ports/ports.ts';
import { readDependentNames } from '../graph/dependents.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { readAll, readFound, readRecord } from '../store/read.ts';
import { readLastRevision } from '../store/team.ts';

export type ReadUsageDeps = Pick<Ports, 'clock' | 'locations' | 'home'> & {
  readonly table: Pick<Ports['table'], 'get' | 'getMany' | 'query'>;
};

export interface PipelineReleases {
  readonly pipeline: string;
  readonly policy: RetentionPolicy;
  readonly releases: readonly ReleaseRecord[];
  /** Ids of those that the definition does not keep. */
  readonly superfluous: ReadonlySet<string>;
  readonly channels: readonly ChannelRecord[];
  /** Read before all else: what has changed since shows in its version. */
  readonly status: PipelineStatus | undefined;
}

const PLACES_AT_ONCE = 6;

/** Undefined for a pipeline that never was. A deleted one keeps what its last definition said. */
export async function readPipelineReleases(
  { table, clock }: Pick<ReadUsageDeps, 'table' | 'clock'>,
  pipeline: string,
): Promise<PipelineReleases | undefined> {
  const { pk } = keys.pipeline(pipeline);
  const status = await readRecord(table, keys.status(pipeline), PipelineStatusSchema);
  const revision = await readLastRevision(table, pipeline);
  if (revision === undefined) return undefined;
  const policy = DefinitionSchema.parse(revision.definition).lifecycle.retention;
  const releases = await readAll(table, { pk, prefix: 'RELEASE#' }, ReleaseRecordSchema);
  const channels = await readAll(table, { pk, prefix: 'CHANNEL#' }, ChannelRecordSchema);
  const superfluous = new Set(listSuperfluous(releases, policy, clock.now()).map(({ id }) => id));
  return { pipeline, policy, releases, superfluous, channels, status };
}

/** Releases on which the clean-up has work left, or may have. */
export function listEnding({ releases, superfluous }: PipelineReleases): ReleaseRecord[] {
  return releases.filter(
    ({ id, cleanUp }) => cleanUp !== 'removed' && (cleanUp !== undefined || superfluous.has(id)),
  );
}

/** Who uses the given releases of the pipeline: in our own rows, and in every account that they went to. */
export async function readUsage(
  deps: ReadUsageDeps,
  { pipeline, policy, channels, status }: PipelineReleases,
  releases: readonly ReleaseRecord[],
): Promise<Usage> {
  const running = await readBakes(deps, [status?.activeBake]);
  const children = await readChildren(deps, pipeline, releases);
  const found = await readPlaces(deps, releases);
  return {
    channels,
    running,
    children,
    ...found,
    recent: computeRecent(policy.days, deps.clock.now()),
  };
}

async function readBakes(
  { table }: Pick<ReadUsageDeps, 'table'>,
  ids: readonly (string | undefined)[],
): Promise<UsingBake[]> {
  const wanted = [...new Set(ids.filter((id) => id !== undefined))].map(keys.bake);
  return (await readFound(table, wanted, BakeRecordSchema)).map(toUsingBake);
}

function toUsingBake({ id, pipeline, reusesBake, lock }: BakeRecord): UsingBake {
  const entries = [lock.base, ...lock.components, ...lock.inputs, ...lock.tests];
  return { bake: id, pipeline, reusesBake, lock: entries };
}

/** Of each pipeline that is built on one of the channels: the bake that runs, and those whose releases are current. */
async function readChildren(
  deps: Pick<ReadUsageDeps, 'table'>,
  pipeline: string,
  releases: readonly ReleaseRecord[],
): Promise<UsingBake[]> {
  const names = new Set<string>();
  for (const channel of new Set(releases.map((release) => release.channel))) {
    const key = selectorKey({ kind: 'pipeline', pipeline, channel });
    for (const name of await readDependentNames(deps.table, key)) names.add(name);
  }
  const bakes: (string | undefined)[] = [];
  for (const name of names) {
    const status = await readRecord(deps.table, keys.status(name), PipelineStatusSchema);
    const { pk } = keys.pipeline(name);
    const channels = await readAll(deps.table, { pk, prefix: 'CHANNEL#' }, ChannelRecordSchema);
    bakes.push(status?.activeBake, ...channels.map(({ bake }) => bake));
  }
  return await readBakes(deps, bakes);
}

type Copy = ReleaseRecord['targets'][number];

async function readPlaces(
  deps: ReadUsageDeps,
  releases: readonly ReleaseRecord[],
): Promise<Pick<Usage, 'uses' | 'unread' | 'lastLaunched'>> {
  const copies = releases.flatMap(({ targets }) => targets);
  const places = Map.groupBy(copies, ({ account, region }) => `${account}/${region}`);
  const found = await mapConcurrent(PLACES_AT_ONCE, [...places.values()], (own) => readPlace(deps, own));
  const control = await readControl(deps, releases);
  const hidden = new Map(found.flatMap(({ hidden }) => hidden).map((copy) => [toId(copy), copy]));
  const launched = await mapConcurrent(PLACES_AT_ONCE, [...hidden.values()], ({ artifact }) =>
    deps.locations.openControl(artifact.region).artifacts[artifact.kind].describe(findArtifactId(artifact)),
  );
  return {
    uses: [...control, ...found.flatMap(({ uses }) => uses)],
    unread: found.flatMap(({ unread }) => unread),
    lastLaunched: new Map(
      launched.flatMap((facts) =>
        facts?.lastLaunchedAt === undefined
          ? []
          : [[findArtifactId(facts.artifact), facts.lastLaunchedAt] as const],
      ),
    ),
  };
}

function toId({ artifact }: Copy): string {
  return findArtifactId(artifact);
}

interface PlaceUsage {
  readonly uses: readonly ImageUse[];
  readonly unread: readonly UnreadPlace[];
  /** What is shared with an account that has no role for us. */
  readonly hidden: readonly Copy[];
}

/** `copies`: all of one account and region. */
async function readPlace({ locations }: ReadUsageDeps, copies: readonly Copy[]): Promise<PlaceUsage> {
  const { account = '', region = '' } = copies[0] ?? {};
  try {
    const { artifacts } = await locations.open(account, region);
    const uses: ImageUse[] = [];
    for (const [kind, own] of Map.groupBy(copies, ({ artifact }) => artifact.kind))
      uses.push(...(await artifacts[kind].findUses([...new Set(own.map(toId))])));
    return { uses, unread: [], hidden: [] };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    // A throttled account has a role all the same.
    const isShared = (copy: Copy) => !(error instanceof TryLater) && copy.artifact.account !== account;
    const unread = copies.every(isShared) ? [] : [{ account, region, problem: error.message }];
    return { uses: [], unread, hidden: copies.filter(isShared) };
  }
}

/** A place that answers so counts as one whose images are in use. */
export function isUnreadable(error: unknown): error is Error {
  return error instanceof PreflightFailed || error instanceof DistributionFailed || error instanceof TryLater;
}

/** The images as built, of all variants. */
export async function readBuilt(
  { table }: Pick<ReadUsageDeps, 'table'>,
  releases: readonly ReleaseRecord[],
): Promise<Artifact[]> {
  const wanted = releases.flatMap(({ bake, images }) =>
    Object.keys(images).map((variant) => keys.artifact(bake, variant)),
  );
  const rows = await readFound(table, wanted, ArtifactRecordSchema);
  return rows.flatMap(({ artifact }) => (artifact === undefined ? [] : [artifact]));
}

/** What the control account itself starts from its images. */
async function readControl(
  { table, locations, home }: ReadUsageDeps,
  releases: readonly ReleaseRecord[],
): Promise<ImageUse[]> {
  const shared = releases
    .flatMap(({ targets }) => targets.map(({ artifact }) => artifact))
    .filter(({ account }) => account === home.account);
  const all = [...shared, ...(await readBuilt({ table }, releases))];
  const places = Map.groupBy(all, ({ kind, region }) => `${kind}/${region}`);
  const uses: ImageUse[] = [];
  for (const own of places.values()) {
    const [first] = own;
    if (first === undefined) continue;
    const store = locations.openControl(first.region).artifacts[first.kind];
    uses.push(...(await store.findUses([...new Set(own.map(findArtifactId))])));
  }
  return uses;
}

/** Begins the build of every variant of a bake, from the versions in its lock and from nothing newer. */
import type * as z from 'zod';
import type { BakeRef, BuildListSchema } from '../../domain/bakes/payloads.ts';
import { BuildFailed } from '../../domain/base/errors.ts';
import { keys, TAGS } from '../../domain/base/naming.ts';
import { durationSeconds } from '../../domain/definitions/definition.ts';
import { findEngine } from '../../domain/engines/engines.ts';
import type { ArtifactRecord, BakeRecord } from '../../domain/records/bakes.ts';
import type { LockEntry } from '../../domain/records/locks.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import { ChannelRecordSchema, ReleaseRecordSchema } from '../../domain/records/releases.ts';
import type { ParentChannel } from '../../domain/selectors/kind.ts';
import { findSelectorKind } from '../../domain/selectors/selectors.ts';
import type { BuildRequest, Engines } from '../../ports/build-engine.ts';
import type { ControlLocations } from '../../ports/locations.ts';
import { readBakeAndRevision } from '../store/bakes.ts';
import { readRecord } from '../store/read.ts';
import { beginStep, type StepDeps } from './steps.ts';

export interface StartBuildDeps extends StepDeps {
  readonly engines: Engines<'start'>;
  readonly locations: ControlLocations<'describe'>;
  /** Where the control plane runs and its images are made. */
  readonly home: { readonly account: string; readonly region: string };
}
export type BuildList = z.infer<typeof BuildListSchema>;

export async function startBuild(deps: StartBuildDeps, ref: BakeRef): Promise<BuildList> {
  await beginStep(deps, ref, 'Build');
  const { bake, revision } = await readBakeAndRevision(deps, ref.bake);

  const { engine } = revision.definition.build;
  const builds: BuildList['builds'] = [];
  for (const variant of revision.definition.variants) {
    const parentImage = await resolveParentImage(deps, bake.lock.base, variant.name);
    const volumes = await resolveVolumes(deps, bake, revision, parentImage);
    const request = toBuildRequest({ ref, bake, revision, variant, parentImage, volumes });
    const { build } = await deps.engines[engine]().start(request);
    await recordBuildStart(deps, ref, { variant: variant.name, engine, build });
    builds.push({ variant: variant.name, build });
  }
  return { builds, timeoutSeconds: durationSeconds(revision.definition.build.timeout) };
}

async function resolveParentImage(deps: StartBuildDeps, base: LockEntry, variant: string): Promise<string> {
  const { baseImage, parent } = findSelectorKind(base.selector);
  const named = baseImage?.(base, variant);
  if (named !== undefined) return named;
  if (parent === undefined)
    throw new BuildFailed(`The base of an AMI cannot be a ${base.selector.kind}: ${base.key}`);
  return await readReleasedImage(deps, parent(base.selector), base.version, variant);
}

/** The image of a release in the control account, even where the channel has moved on since the lock was taken. */
async function readReleasedImage(
  { table }: StartBuildDeps,
  { pipeline, channel }: ParentChannel,
  version: string,
  variant: string,
): Promise<string> {
  const release = await readRecord(table, keys.release(pipeline, channel, version), ReleaseRecordSchema);
  const released = release?.images[variant];
  if (released !== undefined) return released;
  const current = await readRecord(table, keys.channel(pipeline, channel), ChannelRecordSchema);
  const image = current?.release === version ? current.images[variant] : undefined;
  if (image !== undefined) return image;
  throw new BuildFailed(
    `Release ${version} of ${pipeline} has no image of the variant ${variant}; add the variant there or choose another base.`,
  );
}

/** A larger root volume has to be mapped under the name that the parent gives its own: /dev/xvda, /dev/sda1 (AWSEC2/UserGuide/device_naming). */
async function resolveVolumes(
  deps: StartBuildDeps,
  bake: BakeRecord,
  revision: RevisionRecord,
  parentImage: string,
): Promise<BuildRequest['volumes']> {
  const { rootVolumeGiB, dataVolumes } = revision.definition.build;
  if (rootVolumeGiB === undefined) return dataVolumes;
  const imageId = parentImage.startsWith('ami-') ? parentImage : bake.lock.base.detail?.amiId;
  const parent =
    imageId === undefined
      ? undefined
      : await deps.locations.openControl(deps.home.region).artifacts.ami.describe(imageId);
  const device = parent?.snapshots[0]?.device ?? '/dev/xvda';
  return [{ device, sizeGiB: rootVolumeGiB }, ...dataVolumes];
}

function toBuildRequest(given: {
  ref: BakeRef;
  bake: BakeRecord;
  revision: RevisionRecord;
  variant: { name: string; architecture: 'x86_64' | 'arm64' };
  parentImage: string;
  volumes: BuildRequest['volumes'];
}): BuildRequest {
  const { ref, bake, revision, variant, parentImage, volumes } = given;
  const { definition } = revision;
  return {
    bake: ref.bake,
    attempt: ref.attempt,
    pipeline: bake.pipeline,
    variant: variant.name,
    architecture: variant.architecture,
    parentImage,
    components: toLockedComponents(bake.lock.components, definition.components),
    ...(findEngine(definition.build).runsTests(definition.build)
      ? { tests: toLockedComponents(bake.lock.tests, definition.tests.components) }
      : {}),
    instanceTypes: definition.build.instanceTypes,
    volumes,
    tags: bakeTags(ref, bake, variant.name),
  };
}

/** Components by the build versions of the lock, with the definition's parameters. */
function toLockedComponents(
  entries: readonly LockEntry[],
  named: RevisionRecord['definition']['components'],
): BuildRequest['components'] {
  return entries.map(({ version }, index) => {
    const parameters = named[index]?.parameters;
    return { arn: version, ...(parameters === undefined ? {} : { parameters }) };
  });
}

/** Tags of everything that a bake makes: clean-up, IAM conditions and people find it by them. */
export function bakeTags(ref: BakeRef, bake: BakeRecord, variant: string): Record<string, string> {
  return {
    [TAGS.managed]: 'true',
    [TAGS.bake]: ref.bake,
    [TAGS.attempt]: String(ref.attempt),
    [TAGS.pipeline]: bake.pipeline,
    [TAGS.variant]: variant,
  };
}

async function recordBuildStart(
  deps: StartBuildDeps,
  ref: BakeRef,
  started: Pick<ArtifactRecord, 'variant' | 'engine' | 'build'>,
): Promise<void> {
  const key = keys.artifact(ref.bake, started.variant);
  const found = await deps.table.get(key);
  // An earlier call of the same attempt recorded it already: what is known of it since stays.
  if (found !== undefined && found.attempt === ref.attempt && found.build === started.build) return;
  const record: ArtifactRecord = {
    bake: ref.bake,
    attempt: ref.attempt,
    ...started,
    removed: false,
  };
  await deps.table.write([{ put: { ...key, ...record } }]);
}

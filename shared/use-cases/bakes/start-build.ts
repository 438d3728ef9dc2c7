/** Begins the build of every variant of a bake, from the versions in its lock and from nothing newer. */
import type * as z from 'zod';
import type { BaseImage } from '../../domain/artifacts/base-image.ts';
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
import type { Ports } from '../../ports/ports.ts';
import { readBakeAndRevision } from '../store/bakes.ts';
import { readRecord } from '../store/read.ts';
import { beginStep, type StepDeps } from './steps.ts';

export interface StartBuildDeps extends StepDeps, Pick<Ports, 'baseImages'> {
  readonly engines: Engines<'start'>;
}
export type BuildList = z.infer<typeof BuildListSchema>;

export async function startBuild(deps: StartBuildDeps, ref: BakeRef): Promise<BuildList> {
  await beginStep(deps, ref, 'Build');
  const read = await readBakeAndRevision(deps, ref.bake);
  const { definition } = read.revision;
  const { engine } = definition.build;
  const builds: BuildList['builds'] = [];
  for (const variant of definition.variants) {
    const { build, placements } = await startVariant(deps, ref, { ...read, variant, placing: 0 });
    await recordBuildStart(deps, ref, { variant: variant.name, engine, build, placements });
    builds.push({ variant: variant.name, build });
  }
  return { builds, timeoutSeconds: durationSeconds(definition.build.timeout) };
}

interface VariantBuild {
  readonly bake: BakeRecord;
  readonly revision: RevisionRecord;
  readonly variant: RevisionRecord['definition']['variants'][number];
  /** Which of the placements it takes, counted from 0. */
  readonly placing: number;
}

/** Starts the build of one variant at one of its placements, or finds it. */
export async function startVariant(
  deps: StartBuildDeps,
  ref: BakeRef,
  { bake, revision, variant, placing }: VariantBuild,
): Promise<{ build: string; placements: number }> {
  const parentImage = await resolveParentImage(deps, bake.lock.base, variant.name);
  const parent = await describeParent(deps, bake, parentImage);
  const volumes = listVolumes(revision, parentImage, parent);
  const parentDevices = parent?.volumes.map(({ device }) => device) ?? [];
  const request = toBuildRequest({
    ref,
    bake,
    revision,
    variant,
    parentImage,
    volumes,
    parentDevices,
    placing,
  });
  return await deps.engines[revision.definition.build.engine]().start(request);
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

/** Undefined where the parent cannot be seen, which the engine then says itself. */
async function describeParent(
  deps: StartBuildDeps,
  bake: BakeRecord,
  parentImage: string,
): Promise<BaseImage | undefined> {
  const imageId = parentImage.startsWith('ami-') ? parentImage : bake.lock.base.detail?.amiId;
  return imageId === undefined ? undefined : await deps.baseImages.describe(imageId);
}

/** A larger root volume has to be mapped under the name that the parent gives its own: /dev/xvda, /dev/sda1 (AWSEC2/UserGuide/device_naming). */
function listVolumes(
  { definition }: RevisionRecord,
  parentImage: string,
  parent: BaseImage | undefined,
): BuildRequest['volumes'] {
  const { rootVolumeGiB, dataVolumes } = definition.build;
  if (rootVolumeGiB === undefined) return dataVolumes;
  if (parent?.rootDevice === undefined)
    throw new BuildFailed(
      `The root device of ${parent?.imageId ?? parentImage} is not known, so build.rootVolumeGiB cannot be given to it. Remove build.rootVolumeGiB, or choose another base.`,
    );
  return [{ device: parent.rootDevice, sizeGiB: rootVolumeGiB }, ...dataVolumes];
}

function toBuildRequest(
  given: VariantBuild & {
    readonly ref: BakeRef;
    readonly parentImage: string;
    readonly volumes: BuildRequest['volumes'];
    readonly parentDevices: readonly string[];
  },
): BuildRequest {
  const { ref, bake, revision, variant, parentImage, volumes, parentDevices, placing } = given;
  const { definition } = revision;
  const removesAgent =
    definition.build.additionalInstanceConfiguration?.systemsManagerAgent.uninstallAfterBuild;
  const { key } = definition.build;
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
    ...(key === undefined ? {} : { key }),
    parentDevices,
    tags: bakeTags(ref, bake, variant.name),
    instanceTags: definition.build.instanceTags,
    placement: definition.build.placement,
    placing,
    metadata: definition.build.metadata,
    ...(removesAgent === undefined ? {} : { removesAgent }),
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
  started: Pick<ArtifactRecord, 'variant' | 'engine' | 'build' | 'placements'>,
): Promise<void> {
  const key = keys.artifact(ref.bake, started.variant);
  const found = await deps.table.get(key);
  // An earlier call of the same attempt recorded it already: what is known of it since stays.
  if (found !== undefined && found.attempt === ref.attempt && found.build === started.build) return;
  const record: ArtifactRecord = {
    bake: ref.bake,
    attempt: ref.attempt,
    ...started,
    startedAt: deps.clock.now().toISOString(),
    removed: false,
  };
  await deps.table.write([{ put: { ...key, ...record } }]);
}

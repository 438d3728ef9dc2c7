import { DistributionFailed, TryLater } from '../../shared/domain/base/errors.ts';
import { DEFAULT_TARGET_KEY, keys, SHARED_COPY_KEY, TAGS } from '../../shared/domain/base/naming.ts';
import { DefinitionSchema } from '../../shared/domain/definitions/definition.ts';
import type { ArtifactRecord, AttemptRecord, BakeRecord } from '../../shared/domain/records/bakes.ts';
import {
  type DistributionRecord,
  DistributionRecordSchema,
  type TargetRecord,
  TargetRecordSchema,
} from '../../shared/domain/records/distributions.ts';
import type { PipelineRecord, RevisionRecord } from '../../shared/domain/records/pipelines.ts';
import type { FingerprintRecord, PipelineStatus } from '../../shared/domain/records/status.ts';
import { readRetainedImages, reuseImages } from '../../shared/use-cases/bakes/reuse-images.ts';
import { advanceTargets } from '../../shared/use-cases/distribution/advance-targets.ts';
import { checkCopies } from '../../shared/use-cases/distribution/check-copies.ts';
import { movePointers } from '../../shared/use-cases/distribution/move-pointers.ts';
import { planDistribution } from '../../shared/use-cases/distribution/plan-distribution.ts';
import { removeCopies } from '../../shared/use-cases/distribution/remove-copies.ts';
import { releaseImage } from '../../shared/use-cases/releases/release-image.ts';
import { fakeEngine, fakeEngines } from './fakes/build-engine.ts';
import { imageWorld, toAmi, toLocationKey, type WorldImage } from './fakes/image-world.ts';
import { fakeLocations } from './fakes/locations.ts';
import { memoryTable } from './fakes/memory-table.ts';
import { countingIds, digest, fakeClock } from './fakes/time-and-ids.ts';

export const HOME = { account: '111122223333', region: 'eu-west-1' };
export const BAKE = '01JTEST0000000000000000BAK';
export const PARAMETER = '/ovenbird/web/stable';
export const REF = { bake: BAKE, attempt: 1 };
/** The bake whose release is retained, and one that was released between it and the bake that uses its image again. */
export const RETAINED_BAKE = '01JTEST0000000000000000ABB';
export const OTHER_BAKE = '01JTEST0000000000000000ACC';

export interface TargetSpec {
  readonly account: string;
  readonly region: string;
  readonly mode?: 'copy' | 'share';
  readonly required?: boolean;
  readonly launchTemplate?: boolean;
  /** What the parameter held before. */
  readonly before?: string;
}

export type DistributionWorld = ReturnType<typeof distributionWorld>;

export interface WorldOptions {
  readonly deprecateAfter?: string;
  readonly tags?: Record<string, string>;
  readonly devices?: readonly string[];
  /** The bake begins with the image of a release, which was brought to these targets. */
  readonly retained?: {
    readonly specs: readonly TargetSpec[];
    readonly startsAt: 'Test' | 'Approve' | 'Distribute';
    /** Another image was current in between. */
    readonly between?: boolean;
  };
}

/** An approved bake of the pipeline `web` that is about to be distributed. */
export function distributionWorld(specs: readonly TargetSpec[], options: WorldOptions = {}) {
  const world = imageWorld(HOME.account);
  const clock = fakeClock();
  const table = memoryTable();
  const source = world.addImage({
    ...HOME,
    name: 'source',
    devices: options.devices ?? ['/dev/xvda', '/dev/xvdb'],
    tags: {
      [TAGS.bake]: options.retained === undefined ? BAKE : RETAINED_BAKE,
      [TAGS.attempt]: '1',
      [TAGS.managed]: 'true',
      [TAGS.verdict]: 'passed',
    },
  });
  const sources = new Set([source.id]);
  const planned: string[] = [];
  for (const { account, region, launchTemplate, before } of [...(options.retained?.specs ?? []), ...specs]) {
    const place = { account, region };
    world.keys.set(toLocationKey(place, DEFAULT_TARGET_KEY), `arn:aws:kms:${region}:${account}:key/images`);
    world.keys.set(
      toLocationKey({ account: HOME.account, region }, SHARED_COPY_KEY),
      `arn:aws:kms:${region}:${HOME.account}:key/shared`,
    );
    if (before !== undefined)
      world.parameters.set(toLocationKey(place, PARAMETER), { value: before, type: 'String' });
    if (launchTemplate === true && !world.templates.has(toLocationKey(place, 'web')))
      world.templates.set(toLocationKey(place, 'web'), {
        defaultVersion: '1',
        managed: true,
        versions: new Map([['1', { imageId: 'ami-00000000000000abc', description: 'by hand' }]]),
        next: 1,
      });
  }
  world.now = () => clock.now().getTime();
  const engine = fakeEngine();
  const deps = {
    table,
    engines: fakeEngines(engine),
    clock,
    digest,
    ids: countingIds(),
    limits: { wave: 1000 },
    locations: fakeLocations(world),
    reconcileQueue: {
      send: async (requests: readonly { pipeline: string }[]) =>
        void planned.push(...requests.map((r) => r.pipeline)),
    },
  };
  const rows = (bake = BAKE): TargetRecord[] =>
    table
      .items()
      .filter((item) => item.pk === keys.bake(bake).pk && /^(?:TARGET|SHAREDCOPY)#/.test(item.sk))
      .map((item) => TargetRecordSchema.parse(item));
  const setup = {
    world,
    engine,
    clock,
    table,
    source,
    deps,
    planned,
    rows,
    plan: async (): Promise<DistributionRecord | undefined> => {
      const item = await table.get(keys.distribution(BAKE));
      return item === undefined ? undefined : DistributionRecordSchema.parse(item);
    },
    readParameter: (place: { account: string; region: string }) =>
      world.parameters.get(toLocationKey(place, PARAMETER))?.value,
    readTemplateImage: (place: { account: string; region: string }) => {
      const template = world.templates.get(toLocationKey(place, 'web'));
      return template?.versions.get(template.defaultVersion)?.imageId;
    },
    copies: (): WorldImage[] => [...world.images.values()].filter((image) => !sources.has(image.id)),
    seed: async (): Promise<void> => {
      const { retained } = options;
      const bakes: SeededBake[] = [];
      if (retained !== undefined) bakes.push({ id: RETAINED_BAKE, specs: retained.specs, source });
      if (retained?.between === true) {
        const other = world.addImage({ ...HOME, name: 'other', tags: { [TAGS.bake]: OTHER_BAKE } });
        sources.add(other.id);
        bakes.push({ id: OTHER_BAKE, specs: retained.specs, source: other, bits: 'other' });
      }
      for (const bake of bakes) {
        await seedBake(bake, bakes.indexOf(bake) + 1, options, setup);
        const end = await drive(setup, { ref: { bake: bake.id, attempt: 1 } });
        if (end !== 'released') throw new Error(`${bake.id} ended as ${end}.`);
        clock.forward(3600);
      }
      planned.length = 0;
      await seedBake({ id: BAKE, specs, source }, bakes.length + 1, options, setup);
    },
  };
  return setup;
}

interface SeededBake {
  readonly id: string;
  readonly specs: readonly TargetSpec[];
  readonly source: WorldImage;
  readonly bits?: string;
}

async function seedBake(
  { id, specs, source, bits = 'bits' }: SeededBake,
  number: number,
  options: WorldOptions,
  { table, clock, deps }: Pick<DistributionWorld, 'table' | 'clock' | 'deps'>,
): Promise<void> {
  const now = clock.now().toISOString();
  const retained = id === BAKE ? options.retained : undefined;
  const proof = retained?.startsAt === 'Test' ? 'newer-proof' : 'proof';
  const definition = DefinitionSchema.parse({
    apiVersion: 'ovenbird.dev/v1',
    name: 'web',
    base: { ami: 'ami-0f3c9a1b2d4e5f678' },
    tests: { suites: [{ name: 'boots', script: 'true' }] },
    approval: { required: false },
    distribution: {
      ...(options.deprecateAfter === undefined ? {} : { deprecateAfter: options.deprecateAfter }),
      ...(options.tags === undefined ? {} : { tags: options.tags }),
      targets: specs.map(({ account, region, mode, required, launchTemplate }) => ({
        account,
        regions: [region],
        ...(mode === undefined ? {} : { mode }),
        ...(required === undefined ? {} : { required }),
        ...(launchTemplate === true ? { launchTemplate: 'web' } : {}),
      })),
    },
  });
  const selector = { kind: 'ami', id: 'ami-0f3c9a1b2d4e5f678', region: HOME.region } as const;
  const base = { key: 'ami', selector, version: selector.id };
  const revision = {
    pipeline: 'web',
    revision: number,
    definition,
    selectors: { base: selector, components: [], inputs: [], tests: [] },
    digest: 'd',
    appliedBy: 'somebody',
    appliedAt: now,
  } satisfies RevisionRecord;
  const pipeline = {
    name: 'web',
    revision: number,
    digest: 'd',
    enabled: true,
    parents: [],
    spec: {
      channel: 'stable',
      team: 'shop',
      base: selector,
      components: [],
      inputs: [],
      tests: [],
      testsAreBits: false,
      earlyCutoff: false,
      targets: [],
      freeze: [],
      pinned: false,
      longestWaitSeconds: 3600,
      definitionDigest: 'recipe',
      proof: 'proof',
      mode: 'immediate',
      debounceSeconds: 0,
      maxHoldSeconds: 0,
      maxFailures: 5,
    },
    createdAt: now,
    updatedAt: now,
  } satisfies PipelineRecord;
  const bake = {
    id,
    pipeline: 'web',
    revision: number,
    channel: 'stable',
    bits,
    proof,
    lock: { base, components: [], inputs: [], tests: [] },
    startsAt: retained?.startsAt ?? 'Build',
    ...(retained === undefined ? {} : { reusesBake: RETAINED_BAKE }),
    reason: 'The base moved.',
    changes: ['change'],
    causes: ['change'],
    attempt: 1,
    state: 'awaiting-approval',
    createdAt: now,
  } satisfies BakeRecord;
  const attempt = {
    bake: id,
    attempt: 1,
    state: 'awaiting-approval',
    startedAt: now,
    cleanedUp: false,
    capacity: [],
  } satisfies AttemptRecord;
  const image = {
    bake: id,
    attempt: 1,
    removed: false,
    variant: 'x86-64',
    engine: 'imageBuilder',
    build: 'arn:aws:imagebuilder:eu-west-1:111122223333:image/web/1.0.0/1',
    artifact: toAmi(source),
    inventoryDigest: `packages of ${source.id}`,
  } satisfies ArtifactRecord;
  const planning = {
    pipeline: 'web',
    version: number === 1 ? 3 : 3 + number,
    dirty: false,
    changes: [],
    causes: [],
    activeBake: id,
    supersededInRow: 0,
    consecutiveFailures: 2,
    minimumVersions: {},
  } satisfies PipelineStatus;
  const fingerprint = {
    pipeline: 'web',
    bits,
    proof,
    state: 'baking',
    bake: id,
    failures: 0,
    ...(retained === undefined || retained.startsAt === 'Test' ? {} : { retained: RETAINED_BAKE }),
  } satisfies FingerprintRecord;
  await table.write([
    { put: { ...keys.pipeline('web'), ...pipeline } },
    { put: { ...keys.revision('web', number), ...revision } },
    { put: { ...keys.bake(id), ...bake } },
    { put: { ...keys.attempt(id, 1), ...attempt } },
    ...(retained === undefined ? [{ put: { ...keys.artifact(id, 'x86-64'), ...image } }] : []),
    { put: { ...keys.status('web'), ...planning } },
    { put: { ...keys.fingerprint('web', bits, proof), ...fingerprint } },
  ]);
  if (retained === undefined) return;
  // As the preflight does.
  const adopting = { table, clock, locations: deps.locations };
  const found = await readRetainedImages(adopting, RETAINED_BAKE, ['x86-64']);
  if ('images' in found) await reuseImages(adopting, { bake: id, attempt: 1 }, bake, found.images);
}

export type Ports = DistributionWorld['deps'];

export interface DriveOptions {
  /** What the use cases get instead of the world's own ports, e.g. ports that crash. */
  readonly deps?: Ports;
  readonly isCrash?: (error: unknown) => boolean;
  readonly failing?: (image: WorldImage) => boolean;
  readonly stopBefore?: 'move' | 'release';
  readonly ref?: typeof REF;
}

const MAX_TRIES = 60;

/** Does what the state machines do: repeats what may be repeated, waits for copies, cleans up when it fails. Answers how the bake ended. */
export async function drive(
  setup: DistributionWorld,
  options: DriveOptions = {},
): Promise<'released' | 'failed' | 'stopped'> {
  const deps = options.deps ?? setup.deps;
  const ref = options.ref ?? REF;
  const again = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (let tried = 0; ; tried += 1) {
      try {
        return await work();
      } catch (error) {
        const passing = error instanceof TryLater || options.isCrash?.(error) === true;
        if (!passing || tried > MAX_TRIES) throw error;
        setup.clock.forward(30);
      }
    }
  };
  try {
    const plan = await again(() => planDistribution(deps, ref));
    const regions: { region: string; failed: boolean }[] = [];
    for (const { region } of plan.runs) {
      await again(() => distributeRegion(setup, deps, region, options));
      regions.push({ region, failed: false });
    }
    if (options.stopBefore === 'move') return 'stopped';
    await again(() => movePointers(deps, { ...ref, regions }));
    if (options.stopBefore === 'release') return 'stopped';
    await again(() => releaseImage(deps, ref));
    return 'released';
  } catch (error) {
    if (!(error instanceof DistributionFailed) && !(error instanceof TryLater)) throw error;
    await again(() => removeCopies(deps, ref));
    return 'failed';
  }
}

async function distributeRegion(
  setup: DistributionWorld,
  deps: Ports,
  region: string,
  options: DriveOptions,
): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    const progress = await advanceTargets(deps, { ...(options.ref ?? REF), region });
    if (!progress.waiting) return;
    for (let look = 0; (await checkCopies(deps, { resource: progress.resource })) === undefined; look += 1) {
      if (look > 100) throw new Error(`The wait for ${progress.resource} never ends.`);
      setup.clock.forward(60);
      setup.world.finishCopies(options.failing);
    }
  }
  throw new Error(`The region ${region} never ends.`);
}

/** A pipeline with releases in three accounts, one of which only launches what is shared with it, and everything that may use them. */
import { keys, lists, TAGS } from '../../../shared/domain/base/naming.ts';
import { DefinitionSchema } from '../../../shared/domain/definitions/definition.ts';
import type { ArtifactRecord, BakeRecord } from '../../../shared/domain/records/bakes.ts';
import type { RevisionRecord } from '../../../shared/domain/records/pipelines.ts';
import {
  type ChannelRecord,
  isGoing,
  type ReleaseRecord,
  ReleaseRecordSchema,
} from '../../../shared/domain/records/releases.ts';
import { FingerprintRecordSchema, type PipelineStatus } from '../../../shared/domain/records/status.ts';
import { selectorKey } from '../../../shared/domain/selectors/selectors.ts';
import { fakeEngine, fakeEngines } from '../../support/fakes/build-engine.ts';
import { imageWorld, toAmi, type WorldImage } from '../../support/fakes/image-world.ts';
import { fakeLocations } from '../../support/fakes/locations.ts';
import { memoryTable } from '../../support/fakes/memory-table.ts';
import { countingIds, fakeClock } from '../../support/fakes/time-and-ids.ts';

export const HOME = { account: '111122223333', region: 'eu-west-1' };
export const PLACES = [
  { account: '444455556666', region: 'eu-west-1' },
  { account: '777788889999', region: 'us-east-1' },
] as const;
/** Its account has no role for us. */
export const LAUNCHER = { account: '222233334444', region: HOME.region };
const SELECTOR = { kind: 'ami', id: 'ami-0f3c9a1b2d4e5f678', region: HOME.region } as const;
const PARENT_KEY = selectorKey({ kind: 'pipeline', pipeline: 'web', channel: 'stable' });

export type Stage = ReturnType<typeof createStage>;

export function createStage(policy: { readonly keep: number; readonly days: number }) {
  const world = imageWorld(HOME.account);
  const clock = fakeClock();
  const table = memoryTable();
  const ids = countingIds();
  const closed = new Set<string>([LAUNCHER.account]);
  const engine = fakeEngine();
  const deps = {
    table,
    clock,
    home: HOME,
    locations: fakeLocations(world, closed),
    engines: fakeEngines(engine),
    hasTime: () => true,
  };
  const now = () => clock.now().toISOString();
  const bumpStatus = (set: Partial<PipelineStatus>, name = 'web') =>
    table.write([
      {
        update: keys.status(name),
        set: {
          pipeline: name,
          dirty: false,
          changes: [],
          supersededInRow: 0,
          consecutiveFailures: 0,
          ...set,
        },
        ...(Object.hasOwn(set, 'activeBake') && set.activeBake === undefined
          ? { remove: ['activeBake'] }
          : {}),
        add: { version: 1 },
      },
    ]);
  const putBake = (bake: Pick<BakeRecord, 'id' | 'pipeline' | 'bits'> & Partial<BakeRecord>) => {
    const entry = { key: 'ami', selector: SELECTOR, version: SELECTOR.id };
    const row = {
      revision: 1,
      channel: 'stable',
      proof: 'proof',
      lock: { base: entry, components: [], inputs: [], tests: [] },
      startsAt: 'Build' as const,
      reason: 'The base moved.',
      changes: [],
      causes: [],
      attempt: 1,
      state: 'released' as const,
      createdAt: now(),
      ...bake,
    } satisfies BakeRecord;
    return table.write([{ put: { ...keys.bake(row.id), ...row } }]);
  };
  const releases = () =>
    table
      .items()
      .filter(({ sk }) => sk.startsWith('RELEASE#'))
      .map((item) => ReleaseRecordSchema.parse(item))
      .sort((a, b) => a.id.localeCompare(b.id));
  const point = async (release: ReleaseRecord): Promise<void> => {
    const key = keys.channel('web', 'stable');
    const sequence = Number(table.peek(key)?.sequence ?? 0) + 1;
    const { cleanUp, ...kept } = release;
    const next = { ...kept, at: now(), ...(cleanUp === undefined ? {} : { cleanUp: 'undone' }) };
    const channel = {
      pipeline: 'web',
      channel: 'stable',
      release: release.id,
      bake: release.bake,
      bits: release.bits,
      proof: release.proof,
      sequence,
      images: release.images,
      at: now(),
    } satisfies ChannelRecord;
    const listed = { listPk: lists.releases, listSk: `${now()}#${release.id}` };
    await table.write([
      { put: { ...key, ...channel } },
      { put: { ...keys.release('web', 'stable', release.id), ...next, ...listed } },
    ]);
  };
  const stage = {
    world,
    clock,
    table,
    closed,
    deps,
    releases,
    point,
    seed: async (): Promise<void> => {
      const definition = DefinitionSchema.parse({
        apiVersion: 'ovenbird.dev/v1',
        name: 'web',
        base: { ami: SELECTOR.id },
        tests: { suites: [{ name: 'boots', script: 'true' }] },
        approval: { required: false },
        lifecycle: { retention: policy },
      });
      const revision = {
        pipeline: 'web',
        revision: 1,
        definition,
        selectors: { base: SELECTOR, components: [], inputs: [], tests: [] },
        digest: 'd',
        appliedBy: 'somebody',
        appliedAt: now(),
      } satisfies RevisionRecord;
      await table.write([
        { put: { ...keys.revision('web', 1), ...revision } },
        { put: { ...keys.selectorDependent(PARENT_KEY, 'shop'), pipeline: 'shop' } },
      ]);
      await bumpStatus({});
    },
    /** A new release, which becomes current: copies in the places, and a share with the account that lets nobody look. */
    release: async (given: {
      readonly copies: readonly number[];
      readonly shared: boolean;
    }): Promise<void> => {
      const bake = ids.next();
      const id = ids.next();
      const tags = { [TAGS.bake]: bake, [TAGS.managed]: 'true' };
      const source = world.addImage({ ...HOME, tags });
      const target = (place: { account: string; region: string }, image: WorldImage) => ({
        ...place,
        variant: 'x86-64',
        artifact: toAmi(image),
      });
      const copies = PLACES.filter((_, index) => given.copies.includes(index)).map((place) =>
        target(place, world.addImage({ ...place, tags })),
      );
      if (given.shared) source.launchableBy.add(LAUNCHER.account);
      const bits = `bits-${bake}`;
      const artifact = {
        bake,
        attempt: 1,
        variant: 'x86-64',
        engine: 'imageBuilder',
        build: `build-${bake}`,
        artifact: toAmi(source),
        removed: false,
      } satisfies ArtifactRecord;
      const fingerprint = { pipeline: 'web', bits, proof: 'proof', state: 'released', bake, failures: 0 };
      await putBake({ id: bake, pipeline: 'web', bits, release: id });
      await table.write([
        { put: { ...keys.artifact(bake, 'x86-64'), ...artifact } },
        { put: { ...keys.fingerprint('web', bits, 'proof'), ...fingerprint } },
      ]);
      await point({
        id,
        pipeline: 'web',
        channel: 'stable',
        bake,
        bits,
        proof: 'proof',
        images: { 'x86-64': source.id },
        targets: [...copies, ...(given.shared ? [target(LAUNCHER, source)] : [])],
        at: now(),
        bakes: [{ bake, startsAt: 'Build', proof: 'proof', at: now() }],
      });
    },
    /** A bake that reuses the release's images, as reconcile starts one: by the fingerprint, unless it is gone. */
    startBake: async (release: ReleaseRecord): Promise<void> => {
      const item = table.peek(keys.fingerprint('web', release.bits, release.proof));
      if (item === undefined || isGoing(release)) return;
      const { bake } = FingerprintRecordSchema.parse(item);
      const id = ids.next();
      await putBake({
        id,
        pipeline: 'web',
        bits: release.bits,
        state: 'testing',
        startsAt: 'Test',
        reusesBake: bake,
      });
      await bumpStatus({ activeBake: id });
    },
    endBake: () => bumpStatus({ activeBake: undefined }),
    /** A child's bake on what is current. */
    startChild: async (): Promise<void> => {
      const current = String(table.peek(keys.channel('web', 'stable'))?.release ?? '');
      const id = ids.next();
      const selector = { kind: 'pipeline', pipeline: 'web', channel: 'stable' } as const;
      const base = { key: PARENT_KEY, selector, version: current };
      await putBake({
        id,
        pipeline: 'shop',
        bits: 'child',
        state: 'testing',
        lock: { base, components: [], inputs: [], tests: [] },
      });
      await bumpStatus({ activeBake: id }, 'shop');
    },
    /** The child's bake is released, so that what it was built on is what its current release is made of. */
    releaseChild: async (): Promise<void> => {
      const bake = table.peek(keys.status('shop'))?.activeBake;
      if (typeof bake !== 'string') return;
      const own = {
        pipeline: 'shop',
        channel: 'stable',
        release: ids.next(),
        bake,
        bits: 'child',
        proof: 'proof',
      };
      const channel = { ...own, sequence: 1, images: {}, at: now() } satisfies ChannelRecord;
      await table.write([{ put: { ...keys.channel('shop', 'stable'), ...channel } }]);
      await bumpStatus({ activeBake: undefined }, 'shop');
    },
    /** The release that the child's current release, or its running bake, is built on. */
    listParents: (): string[] => {
      const bakes = [
        table.peek(keys.status('shop'))?.activeBake,
        table.peek(keys.channel('shop', 'stable'))?.bake,
      ].filter((id) => typeof id === 'string');
      return bakes.flatMap((id) => {
        const bake = table.peek(keys.bake(id)) as unknown as BakeRecord | undefined;
        return bake === undefined ? [] : [bake.lock.base.version];
      });
    },
  };
  return stage;
}

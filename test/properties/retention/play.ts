/**
 * Random histories of releases, uses and clean-ups that stop anywhere, and every rule that one broke. What is in use is found out here from the
 * world itself, not with the code under test.
 */
import fc from 'fast-check';
import { findArtifactId } from '../../../shared/domain/artifacts/artifacts.ts';
import { keys } from '../../../shared/domain/base/naming.ts';
import { type ReleaseRecord, ReleaseRecordSchema } from '../../../shared/domain/records/releases.ts';
import { cleanUpReleases } from '../../../shared/use-cases/releases/clean-up-releases.ts';
import { keepRelease } from '../../../shared/use-cases/releases/keep-release.ts';
import { Crash, crashing } from '../../support/crashing.ts';
import { createStage, LAUNCHER, PLACES, type Stage } from './stage.ts';

const DAY = 86_400;
const release = fc.record({
  copies: fc.uniqueArray(fc.nat(PLACES.length - 1), { maxLength: PLACES.length }),
  shared: fc.boolean(),
});
const which = fc.nat(9);
const act = fc.oneof(
  fc.record({ act: fc.constant('release' as const), release }),
  fc.record({ act: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ act: fc.constant('wait' as const), hours: fc.constant(49) }),
  fc.record({
    act: fc.constant('clean-up' as const),
    crashes: fc.array(
      fc.record({ call: fc.nat(120), when: fc.constantFrom('before' as const, 'after' as const) }),
      { maxLength: 2 },
    ),
  }),
  fc.record({ act: fc.constant('clean-up' as const), crashes: fc.constant([]) }),
  fc.record({ act: fc.constantFrom('use' as const, 'free' as const), which, copy: fc.nat(3) }),
  fc.record({ act: fc.constant('stop-removal' as const), copy: fc.nat(3) }),
  fc.record({ act: fc.constant('launch' as const), which }),
  fc.record({ act: fc.constantFrom('close' as const, 'open' as const), place: fc.nat(PLACES.length - 1) }),
  fc.record({ act: fc.constantFrom('start-bake' as const, 'point' as const), which }),
  fc.record({ act: fc.constantFrom('keep' as const, 'let-go' as const), which }),
  fc.record({ act: fc.constantFrom('end-bake' as const, 'start-child' as const, 'release-child' as const) }),
);
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

export const retentionGiven = fc.record({
  keep: fc.integer({ min: 1, max: 3 }),
  days: fc.integer({ min: 0, max: 5 }),
  releases: fc.array(release, { minLength: 1, maxLength: 5 }),
  acts: fc.array(act, { maxLength: 40, size: 'max' }),
});
export type RetentionGiven = typeof retentionGiven extends fc.Arbitrary<infer Value> ? Value : never;

export interface Played {
  readonly broken: readonly string[];
  readonly removed: number;
  readonly undone: number;
}

export async function playRetention(given: RetentionGiven): Promise<Played> {
  const stage = createStage({ keep: given.keep, days: given.days });
  await stage.seed();
  const watch = watchRemovals(stage, given);
  for (const made of given.releases) {
    await stage.release(made);
    stage.clock.forward(DAY / 2);
  }
  for (const one of given.acts) await perform(stage, one);
  const broken = [...watch.broken, ...(await checkEnd(stage, given))];
  return { broken: [...new Set([...broken, ...watch.broken])], ...watch.counts() };
}

async function perform(stage: Stage, given: Act): Promise<void> {
  const all = stage.releases();
  const chosen = 'which' in given ? all[given.which % all.length] : undefined;
  switch (given.act) {
    case 'release':
      return await stage.release(given.release);
    case 'wait':
      return stage.clock.forward(given.hours * 3600);
    case 'clean-up':
      return await cleanUp(stage, given.crashes);
    case 'stop-removal':
      return await stopRemoval(stage, given.copy);
    case 'close':
      return void stage.closed.add(PLACES[given.place]?.account ?? '');
    case 'open':
      return void stage.closed.delete(PLACES[given.place]?.account ?? '');
    case 'end-bake':
      return await stage.endBake();
    case 'start-child':
      return await stage.startChild();
    case 'release-child':
      return await stage.releaseChild();
    default:
      if (chosen !== undefined) await performOn(stage, given, chosen);
  }
}

async function performOn(stage: Stage, given: Act, release: ReleaseRecord): Promise<void> {
  const { world, clock, table } = stage;
  switch (given.act) {
    case 'use':
    case 'free': {
      const target = release.targets.filter(({ account }) => account !== LAUNCHER.account)[given.copy];
      if (target === undefined) return;
      const { account, region, artifact } = target;
      const imageId = findArtifactId(artifact);
      const index = world.uses.findIndex((use) => use.imageId === imageId);
      if (given.act === 'free' && index >= 0) world.uses.splice(index, 1);
      if (given.act === 'use' && index < 0 && world.images.has(imageId))
        world.uses.push({ account, region, imageId, by: 'instance i-1' });
      return;
    }
    case 'launch': {
      const image = world.images.get(release.images['x86-64'] ?? '');
      if (image?.launchableBy.has(LAUNCHER.account)) image.lastLaunchedAt = clock.now().toISOString();
      return;
    }
    case 'start-bake':
      return await stage.startBake(release);
    case 'point':
      // A bake that reuses it has brought it here; there is none for what is going.
      if (isGoing(release)) return;
      return await stage.point(release);
    case 'keep':
    case 'let-go': {
      const request = { pipeline: 'web', release: release.id, kept: given.act === 'keep', by: 'anna' };
      await keepRelease({ table }, request).catch(() => undefined);
      return;
    }
    default:
      return;
  }
}

async function cleanUp(stage: Stage, crashes: Parameters<typeof crashing>[1]): Promise<void> {
  const { hasTime, home, ...ports } = stage.deps;
  try {
    const { problems } = await cleanUpReleases({ ...crashing(ports, crashes), hasTime, home });
    const [first] = problems;
    if (first !== undefined) throw first.error;
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
}

/** The process ends at the first image that is to be removed, and a copy of that release comes to be used. */
async function stopRemoval(stage: Stage, copy: number): Promise<void> {
  stage.world.beforeCall = (verb) => {
    if (verb === 'remove') throw new Crash('before an image is removed');
  };
  await cleanUp(stage, []);
  stage.world.beforeCall = () => {};
  const going = stage.releases().find(({ cleanUp: state }) => state === 'removing');
  if (going !== undefined) await performOn(stage, { act: 'use', which: 0, copy }, going);
}

function isGoing({ cleanUp }: ReleaseRecord): boolean {
  return cleanUp === 'removing' || cleanUp === 'removed';
}

/** Ids of the images of a release. */
function listImages({ images, targets }: ReleaseRecord): string[] {
  return [...new Set([...Object.values(images), ...targets.map(({ artifact }) => findArtifactId(artifact))])];
}

/** Who uses it now, as the world has it. `hidden` counts what nobody can see from here: that of accounts that let nobody in. */
function listUsers(stage: Stage, release: ReleaseRecord, days: number): string[] {
  const { table, world, clock } = stage;
  const images = listImages(release);
  const since = new Date(clock.now().getTime() - days * DAY * 1000).toISOString();
  const active = table.peek(keys.status('web'))?.activeBake;
  const reused = typeof active === 'string' ? table.peek(keys.bake(active))?.reusesBake : undefined;
  const launched = images.filter((id) => (world.images.get(id)?.lastLaunchedAt ?? '') > since);
  return [
    ...(table.peek(keys.channel('web', 'stable'))?.release === release.id ? ['its channel'] : []),
    ...(reused === release.bake ? ['a running bake'] : []),
    ...(stage.listParents().includes(release.id) ? ['a child'] : []),
    ...(release.keptBy === undefined ? [] : ['a person']),
    ...world.uses
      .filter(({ imageId }) => images.includes(imageId))
      .map(({ imageId }) => `an instance of ${imageId}`),
    ...release.targets
      .filter(({ account }) => account !== LAUNCHER.account && stage.closed.has(account))
      .map(({ account }) => `perhaps ${account}`),
    ...launched.map((id) => `the account that launched ${id}`),
  ];
}

function isSuperfluous(stage: Stage, release: ReleaseRecord, { keep, days }: RetentionGiven): boolean {
  const newer = stage
    .releases()
    .filter(
      (one) => !isGoing(one) && (one.at > release.at || (one.at === release.at && one.id > release.id)),
    );
  const age = stage.clock.now().getTime() - Date.parse(release.at);
  return newer.length >= keep && age >= days * DAY * 1000;
}

function watchRemovals(stage: Stage, given: RetentionGiven) {
  const broken: string[] = [];
  const marked = new Map<string, number>();
  let [removed, undone] = [0, 0];
  stage.table.onWrite((changes) => {
    for (const { before, after } of changes) {
      if (after === undefined || !after.sk.startsWith('RELEASE#') || before?.cleanUp === after.cleanUp)
        continue;
      const release = ReleaseRecordSchema.parse(after);
      const now = stage.clock.now().getTime();
      if (release.cleanUp === 'marked') marked.set(release.id, now);
      if (release.cleanUp === 'undone') undone += 1;
      if (release.cleanUp === 'removed') removed += 1;
      if (release.cleanUp === undefined || release.cleanUp === 'undone') marked.delete(release.id);
      if (release.cleanUp !== 'removing') continue;
      const users = listUsers(stage, release, given.days);
      if (users.length > 0) broken.push(`${release.id} goes though it is used by ${users.join(', ')}`);
      if (!isSuperfluous(stage, ReleaseRecordSchema.parse(before), given))
        broken.push(`${release.id} goes though the definition keeps it`);
      if (now - (marked.get(release.id) ?? now) < 2 * DAY * 1000)
        broken.push(`${release.id} goes before two days have passed`);
    }
  });
  const { remove } = stage.world;
  stage.world.remove = (place, imageId) => {
    const release = stage.releases().find((one) => listImages(one).includes(imageId));
    if (release?.cleanUp !== 'removing') broken.push(`${imageId} is removed though its release is not going`);
    if (stage.world.uses.some((use) => use.imageId === imageId)) broken.push(`${imageId} is removed in use`);
    remove(place, imageId);
  };
  return { broken, counts: () => ({ removed, undone }) };
}

/** With nothing more happening, what is not used goes, everywhere; what is kept has all that it had, and no date at which it would go. */
async function checkEnd(stage: Stage, given: RetentionGiven): Promise<string[]> {
  const before = stage.releases().map((release) => ({
    release,
    goes: isSuperfluous(stage, release, given) && listUsers(stage, release, given.days).length === 0,
  }));
  await cleanUp(stage, []);
  await cleanUp(stage, []);
  stage.clock.forward(2 * DAY + 60);
  await cleanUp(stage, []);
  return before.flatMap(({ release: { id }, goes }) => {
    const release = stage.releases().find((one) => one.id === id);
    if (release === undefined) return [`${id} has no row any more`];
    const images = listImages(release);
    const standing = images.filter((image) => stage.world.images.has(image));
    if (goes && standing.length > 0) return [`${id} leaves ${standing.join(', ')}`];
    if (goes && release.cleanUp !== 'removed') return [`${id} ends as ${release.cleanUp}`];
    if (isGoing(release)) return [];
    const lost = images.filter((image) => !stage.world.images.has(image));
    const dated = images.filter((image) => stage.world.images.get(image)?.deprecatedAt !== undefined);
    return [
      ...(lost.length === 0 ? [] : [`${id} stays and has lost ${lost.join(', ')}`]),
      ...(dated.length > 0 && release.cleanUp === undefined ? [`${id} stays and says that it goes`] : []),
    ];
  });
}

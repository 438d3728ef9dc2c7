import type { Ami } from '../../../shared/domain/artifacts/ami.ts';
import { DistributionFailed } from '../../../shared/domain/base/errors.ts';
import type { ArtifactStore } from '../../../shared/ports/artifact-store.ts';
import { type ImageWorld, toLocationKey } from './image-world.ts';

/** The images of one account and region of an image world. */
export function fakeArtifactStore(
  world: ImageWorld,
  place: { readonly account: string; readonly region: string },
): ArtifactStore<Ami> {
  const enter = async (verb: string) => world.beforeCall(verb, place);
  return {
    describe: async (id) => {
      await enter('describe');
      return world.see(place, id);
    },
    findByBake: async (bake) => {
      await enter('findByBake');
      return world.findByBake(place, bake);
    },
    copyFrom: async (source, request) => {
      await enter('copyFrom');
      return world.copy(place, source, request);
    },
    tag: async ({ imageId }, tags) => {
      await enter('tag');
      Object.assign(world.images.get(imageId)?.tags ?? {}, tags);
    },
    share: async ({ imageId, snapshotIds }, accounts) => {
      await enter('share');
      const image = world.own(place, imageId);
      for (const account of accounts) {
        image.launchableBy.add(account);
        for (const snapshot of image.snapshots)
          if (snapshotIds.includes(snapshot.id)) snapshot.sharedWith.add(account);
      }
    },
    unshare: async ({ imageId, snapshotIds }, accounts) => {
      await enter('unshare');
      const image = world.images.get(imageId);
      for (const account of accounts) {
        image?.launchableBy.delete(account);
        for (const snapshot of image?.snapshots ?? [])
          if (snapshotIds.includes(snapshot.id)) snapshot.sharedWith.delete(account);
      }
    },
    retireAt: async ({ imageId }, when) => {
      await enter('retireAt');
      world.own(place, imageId).deprecatedAt = when;
    },
    unretire: async ({ imageId }) => {
      await enter('unretire');
      delete world.own(place, imageId).deprecatedAt;
    },
    findUses: async (ids) => {
      await enter('findUses');
      const templates = [...world.templates].flatMap(([key, { defaultVersion, versions }]) => {
        const name = key.slice(toLocationKey(place, '').length);
        if (toLocationKey(place, name) !== key) return [];
        return [...new Set([defaultVersion, [...versions.keys()].at(-1) ?? ''])].map((version) => ({
          imageId: versions.get(version)?.imageId ?? '',
          by: `launch template ${name}, version ${version}`,
        }));
      });
      const instances = world.uses
        .filter((use) => use.account === place.account && use.region === place.region)
        .map(({ imageId, by }) => ({ imageId, by }));
      return [...instances, ...templates].filter(({ imageId }) => ids.includes(imageId));
    },
    remove: async ({ imageId }) => {
      await enter('remove');
      world.remove(place, imageId);
    },
    resolveKey: async (key) => {
      await enter('resolveKey');
      const arn = world.keys.get(toLocationKey(place, key));
      if (arn === undefined) throw new DistributionFailed(`there is no key ${key} in ${place.account}`);
      return arn;
    },
  };
}

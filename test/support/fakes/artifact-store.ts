import { DistributionFailed } from '../../../shared/domain/base/errors.ts';
import type { OwnImages } from '../../../shared/ports/own-images.ts';
import { type ImageWorld, toLocationKey } from './image-world.ts';

/** The control account's side of an image world. */
export function fakeArtifactStore(world: ImageWorld): OwnImages {
  const place = (region: string) => ({ account: world.control, region });
  const entered = async (verb: string, region: string) => world.beforeCall(verb, place(region));
  return {
    describe: async (region, imageId) => {
      await entered('describe', region);
      return world.see(place(region), imageId);
    },
    tag: async (region, resources, tags) => {
      await entered('tag', region);
      for (const resource of resources) {
        const image = world.images.get(resource);
        if (image !== undefined) Object.assign(image.tags, tags);
      }
    },
    remove: async (region, imageId) => {
      await entered('remove', region);
      world.remove(place(region), imageId);
    },
    findByBake: async (region, bake) => {
      await entered('findByBake', region);
      return world.findByBake(place(region), bake);
    },
    permit: async (region, imageId, snapshotIds, accounts) => {
      await entered('permit', region);
      const image = world.own(place(region), imageId);
      for (const account of accounts) {
        image.launchableBy.add(account);
        for (const snapshot of image.snapshots)
          if (snapshotIds.includes(snapshot.id)) snapshot.sharedWith.add(account);
      }
    },
    revoke: async (region, imageId, snapshotIds, accounts) => {
      await entered('revoke', region);
      const image = world.images.get(imageId);
      for (const account of accounts) {
        image?.launchableBy.delete(account);
        for (const snapshot of image?.snapshots ?? [])
          if (snapshotIds.includes(snapshot.id)) snapshot.sharedWith.delete(account);
      }
    },
    copy: async (region, request) => {
      await entered('copy', region);
      return world.copy(place(region), request);
    },
    deprecate: async (region, imageId, when) => {
      await entered('deprecate', region);
      world.own(place(region), imageId).deprecatedAt = when;
    },
    resolveKey: async (region, key) => {
      await entered('resolveKey', region);
      const arn = world.keys.get(toLocationKey(place(region), key));
      if (arn === undefined) throw new DistributionFailed(`there is no key ${key} in ${region}`);
      return arn;
    },
  };
}

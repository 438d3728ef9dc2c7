import { listImageIds } from '../removable-images.ts';
import type { ReferenceKind } from './reference.ts';

/** For accounts that launch a shared image and let nobody look. */
export const launch: ReferenceKind = {
  find: (release, { lastLaunched, recent }) =>
    [...listImageIds(release)].flatMap((id) => {
      const at = lastLaunched.get(id);
      return at !== undefined && at > recent
        ? [`${id} is shared and was last launched on ${at.slice(0, 10)}.`]
        : [];
    }),
};

import { listImageIds } from '../removable-images.ts';
import type { ReferenceKind } from './reference.ts';

/** Instances and launch templates, those of Auto Scaling groups included. */
export const account: ReferenceKind = {
  find: (release, { uses }) => {
    const own = listImageIds(release);
    return uses.filter(({ imageId }) => own.has(imageId)).map(({ imageId, by }) => `${imageId}: ${by}.`);
  },
};

import type { ReleaseRecord } from '../../records/releases.ts';
import { selectorKey } from '../../selectors/selectors.ts';
import type { ReferenceKind, UsingBake } from './reference.ts';

export const child: ReferenceKind = {
  find: (release, { children }) =>
    children
      .filter((one) => isBuiltOn(one, release))
      .map(({ pipeline, bake }) => `${pipeline} is built on it (bake ${bake}).`),
};

/** With early cutoff a lock names the packages in place of the release, but still the images. */
function isBuiltOn({ lock }: UsingBake, { id, pipeline, channel, images }: ReleaseRecord): boolean {
  const key = selectorKey({ kind: 'pipeline', pipeline, channel });
  const own = new Set(Object.values(images));
  return lock.some(
    (entry) =>
      entry.key === key &&
      (entry.version === id || Object.values(entry.detail ?? {}).some((image) => own.has(image))),
  );
}

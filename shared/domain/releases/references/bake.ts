import type { ReferenceKind } from './reference.ts';

export const bake: ReferenceKind = {
  find: (release, { running }) => {
    const made = new Set([release.bake, ...release.bakes.map((entry) => entry.bake)]);
    return running
      .filter((one) => made.has(one.bake) || (one.reusesBake !== undefined && made.has(one.reusesBake)))
      .map((one) => `Bake ${one.bake} runs and uses its images.`);
  },
};

import { seededNumbers } from '../../../local-cloud/seeded-numbers.ts';

/** Chance that can be repeated. */
export interface Random {
  /** A whole number of 0 to `limit` - 1; 0 where there is none. */
  below(limit: number): number;
  /** True in so many cases of a hundred. */
  inPercent(percent: number): boolean;
}

export function createRandom(seed: number): Random {
  const next = seededNumbers(seed);
  return {
    below: (limit) => Math.floor(next() * Math.max(0, limit)),
    inPercent: (percent) => next() * 100 < percent,
  };
}

/** The seed of one run of many. */
export function computeRunSeed(seed: number, run: number): number {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(run + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) | 0;
}

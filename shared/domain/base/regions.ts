import { computeDistance, MOST_EDITS } from './nearest.ts';
import { PARTITIONS } from './partitions.ts';

/** Where the product is deployed: its control account and home region. */
export interface Home {
  readonly account: string;
  readonly region: string;
}

/** Stands for a home that is not known: no account and no region is compared with it. */
export const UNKNOWN_HOME: Home = { account: '', region: '' };

/** What a name of a region is: one that the SDK lists, one that only fits the names of a partition (a newer one, or none), or none. */
export type RegionReading =
  | { readonly kind: 'listed' | 'unlisted'; readonly partition: string }
  | { readonly kind: 'misspelt' | 'unknown'; readonly near?: string };

export function readRegion(region: string): RegionReading {
  const listed = PARTITIONS.find(({ regions }) => regions.some((name) => name === region));
  if (listed !== undefined) return { kind: 'listed', partition: listed.name };
  const fitting = PARTITIONS.find(({ pattern }) => pattern.test(region));
  const near = findNearRegion(region);
  // A newer number of a place that is known is no misspelling.
  const isKnownPlace = near !== undefined && removeNumber(near) === removeNumber(region);
  if (fitting === undefined || (near !== undefined && !isKnownPlace))
    return { kind: fitting === undefined ? 'unknown' : 'misspelt', ...(near === undefined ? {} : { near }) };
  return { kind: 'unlisted', partition: fitting.name };
}

/** The partition of a region, the second part of its ARNs (general/latest/gr/rande). */
export function findPartition(region: string): string {
  return readPartition(region).name;
}

/** The end of the names of its endpoints. */
export function findDnsSuffix(region: string): string {
  return readPartition(region).dnsSuffix;
}

function readPartition(region: string): (typeof PARTITIONS)[number] {
  const [commercial] = PARTITIONS;
  return (
    PARTITIONS.find(({ regions }) => regions.some((name) => name === region)) ??
    PARTITIONS.find(({ pattern }) => pattern.test(region)) ??
    commercial
  );
}

/** The listed region whose name is nearest, if it is near at all: of equal distance one with the same number. */
function findNearRegion(region: string): string | undefined {
  const names: readonly string[] = PARTITIONS.flatMap(({ regions }) => [...regions]);
  const [nearest] = names
    .map((name) => ({
      name,
      place: computeDistance(removeNumber(name), removeNumber(region)),
      whole: computeDistance(name, region),
    }))
    .filter(({ place }) => place <= MOST_EDITS)
    .sort((one, other) => one.place - other.place || one.whole - other.whole);
  return nearest?.name;
}

function removeNumber(region: string): string {
  return region.replace(/-[0-9]+$/, '');
}

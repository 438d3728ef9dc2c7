/** Whether the regions of a definition are regions of AWS, and of one partition: neither roles nor images cross from one to another (general/latest/gr/aws-arns-and-namespaces). */
import type { Problem } from '../base/errors.ts';
import { findPartition, type Home, readRegion, UNKNOWN_HOME } from '../base/regions.ts';
import type { Definition } from './definition.ts';

interface NamedRegion {
  readonly region: string;
  readonly field: string;
}

export function findRegionProblems(definition: Pick<Definition, 'distribution'>, home: Home): Problem[] {
  const named = listRegions(definition);
  const misspelt = named.flatMap(({ region, field }) => {
    const reading = readRegion(region);
    if ('partition' in reading) return [];
    const { near } = reading;
    return [
      {
        field,
        message: `${region} is no region of AWS`,
        fix: near === undefined ? 'Write its name as AWS does, such as eu-west-1.' : `Did you mean ${near}?`,
      },
    ];
  });
  return misspelt.length > 0 ? misspelt : findPartitionProblems(named, home);
}

/** Notes on regions that only fit the names of a partition: they may be newer than the list. */
export function describeUnlistedRegions(definition: Pick<Definition, 'distribution'>): string[] {
  const unlisted = listRegions(definition)
    .map(({ region }) => region)
    .filter((region) => readRegion(region).kind === 'unlisted');
  return [...new Set(unlisted)].map(
    (region) =>
      `${region} is no region that Ovenbird knows; it is taken for a newer one of ${findPartition(region)}.`,
  );
}

function findPartitionProblems(named: readonly NamedRegion[], home: Home): Problem[] {
  const [first] = named;
  const stay = home === UNKNOWN_HOME ? first?.region : home.region;
  if (stay === undefined) return [];
  const partition = findPartition(stay);
  return named
    .filter(({ region }) => findPartition(region) !== partition)
    .map(({ region, field }) => ({
      field,
      message: `${region} is in ${findPartition(region)}; images cannot leave ${partition}`,
      fix: `Name regions of ${partition}, where ${stay} is; each partition has an installation and definitions of its own.`,
    }));
}

function listRegions({ distribution }: Pick<Definition, 'distribution'>): NamedRegion[] {
  return distribution.targets.flatMap(({ regions }, index) =>
    regions.map((region, position) => ({
      region,
      field: `distribution.targets[${index}].regions[${position}]`,
    })),
  );
}

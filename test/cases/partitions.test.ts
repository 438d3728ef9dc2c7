import { describe, expect, it } from '@jest/globals';
import { PARTITIONS } from '../../shared/domain/base/partitions.ts';
import { findDnsSuffix, findPartition } from '../../shared/domain/base/regions.ts';
import { applyDefinition } from '../../shared/use-cases/definitions/apply-definition.ts';
import { parseDefinition } from '../../shared/use-cases/definitions/parse-definition.ts';
import { applyInput, collectProblems, inputWorld, loadInput, validateInput } from './inputs.ts';

const OTHERS = [
  ['china', 'cn-north-1', 'aws-cn'],
  ['eusc', 'eusc-de-east-1', 'aws-eusc'],
  ['iso', 'us-iso-east-1', 'aws-iso'],
] as const;

/** A definition with targets in these regions. */
function withRegions(...regions: string[]) {
  const { definition } = loadInput('other-partitions/china.yml');
  return { ...definition, distribution: { targets: [{ account: '444455556666', regions }] } };
}
const parseRegion = (region: string, home = inputWorld().ports.home) =>
  collectProblems(() => void parseDefinition({ ...inputWorld().ports, home }, withRegions(region)));

it.each(OTHERS)(
  'regions of other partitions are known, and no image leaves its own: %s',
  async (file, region, partition) => {
    expect(validateInput(`other-partitions/${file}.yml`)).toEqual([]);
    expect(await applyInput(inputWorld(), `other-partitions/${file}.yml`)).toEqual([
      {
        field: 'distribution.targets[0].regions[0]',
        message: `${region} is in ${partition}; images cannot leave aws`,
        fix: expect.stringContaining('Name regions of aws, where eu-west-1 is'),
      },
    ]);
    expect(parseRegion(region, { account: '111122223333', region })).toEqual([]);
  },
);

it('every region that the SDK lists leads to its partition, and is taken there', () => {
  expect(PARTITIONS.map(({ name }) => name).sort()).toEqual([
    'aws',
    'aws-cn',
    'aws-eusc',
    'aws-iso',
    'aws-iso-b',
    'aws-iso-e',
    'aws-iso-f',
    'aws-us-gov',
  ]);
  for (const { name, dnsSuffix, regions } of PARTITIONS)
    for (const region of regions) {
      expect([region, findPartition(region), findDnsSuffix(region)]).toEqual([region, name, dnsSuffix]);
      expect(parseRegion(region, { account: '111122223333', region })).toEqual([]);
    }
});

it('regions of two partitions in one definition are refused without a service as well', () => {
  const { definition } = loadInput('other-partitions/china.yml');

  expect(
    collectProblems(
      () => void parseDefinition(inputWorld().ports, withRegions('eu-west-1', 'us-gov-west-1')),
    ),
  ).toMatchObject([{ message: 'us-gov-west-1 is in aws-us-gov; images cannot leave aws' }]);
  expect(definition.distribution.targets).toHaveLength(1);
});

describe('a region that is not on the list', () => {
  it.each(['eu-west-9', 'ap-southeast-12', 'us-iso-west-7'])(
    'is taken with a note where it may be newer: %s',
    async (region) => {
      const home = { account: '111122223333', region: region.replace(/[0-9]+$/, '1') };
      const world = inputWorld();
      const ports = { ...world.ports, home: region.startsWith('us-iso') ? home : world.ports.home };

      const applied = await applyDefinition(ports, { definition: withRegions(region), by: 'anna' });

      expect(applied.notes).toEqual([
        expect.stringContaining(
          `${region} is no region that Ovenbird knows; it is taken for a newer one of aws`,
        ),
      ]);
    },
  );

  it.each([
    ['eu-wset-1', 'eu-west-1'],
    ['us-esat-2', 'us-east-2'],
    ['eu-centrl-1', 'eu-central-1'],
    ['ue-west-1', 'eu-west-1'],
    ['eusc-de-eats-1', 'eusc-de-east-1'],
  ])('is refused where it is a misspelling: %s', (region, near) => {
    expect(parseRegion(region)).toEqual([
      {
        field: 'distribution.targets[0].regions[0]',
        message: `${region} is no region of AWS`,
        fix: `Did you mean ${near}?`,
      },
    ]);
  });

  it('is refused where it fits no partition', () => {
    expect(parseRegion('moon-base-1')).toMatchObject([{ message: 'moon-base-1 is no region of AWS' }]);
  });
});

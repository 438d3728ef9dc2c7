/** What is said of subnets, security groups and instance profiles that a definition names, before an instance is started there. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DefinitionSchema } from '../../../shared/domain/definitions/definition.ts';
import { checkPlacement } from '../../../shared/use-cases/bakes/check-placement.ts';
import { applyDefinition } from '../../../shared/use-cases/definitions/apply-definition.ts';
import { type FakePlacements, fakePlacements } from '../../support/fakes/placements.ts';
import { BASE_PARAMETER, reconcileWorld } from '../../support/reconcile-world.ts';

const OWN_VPC = 'vpc-0aaaaaaaaaaaaaaaa';
const OTHER_VPC = 'vpc-0bbbbbbbbbbbbbbbb';
const [OWN, SHARED, MISSING] = [
  'subnet-0aaaaaaaaaaaaaaa1',
  'subnet-0bbbbbbbbbbbbbbb1',
  'subnet-0ccccccccccccccc1',
];
const GROUP = 'sg-0bbbbbbbbbbbbbbb1';
const toVpcArn = (vpc: string, owner = '111122223333') => `arn:aws:ec2:eu-west-1:${owner}:vpc/${vpc}`;
const toRole = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

let placements: FakePlacements;
beforeEach(() => {
  placements = fakePlacements();
  placements.subnets.set(OWN, toVpcArn(OWN_VPC));
  placements.subnets.set(SHARED, toVpcArn(OTHER_VPC, '999900001111'));
  placements.securityGroups.set(GROUP, [OTHER_VPC]);
  placements.instanceProfiles.set('image-builds', toRole('images/builder'));
  placements.instanceProfiles.set('empty', '');
});

const toDefinition = (build: object, tests: object = {}) => ({
  apiVersion: 'ovenbird.dev/v1',
  name: 'web',
  base: { ssm: BASE_PARAMETER },
  build: { placement: build },
  tests: { placement: tests, suites: [{ name: 'boots', script: 'true' }] },
  approval: { required: false },
});

async function check(build: object, tests: object = {}, uses: ('build' | 'tests')[] = ['build', 'tests']) {
  const definition = DefinitionSchema.parse(toDefinition(build, tests));
  const problems = await checkPlacement({ placements }, definition, uses);
  return problems.map(({ field, message, fix }) => `${field}: ${message}. ${fix}`);
}

it('reads nothing where a definition leaves the place to the installation', async () => {
  placements.describe = () => Promise.reject(new Error('asked'));

  expect(await check({})).toEqual([]);
});

describe('a subnet', () => {
  it('of the installation is in order', async () => {
    expect(await check({ subnets: [OWN] }, { subnets: [OWN] })).toEqual([]);
  });

  it('that is not there is named, with where to look', async () => {
    expect(await check({ subnets: [OWN, MISSING] })).toEqual([
      expect.stringMatching(
        /^build\.placement\.subnets\[1\]: there is no subnet-0c.* aws ec2 describe-subnets/,
      ),
    ]);
  });

  it('of another VPC needs a security group of that VPC', async () => {
    expect(await check({ subnets: [SHARED] })).toEqual([
      expect.stringMatching(/^build\.placement\.securityGroups: is left out.* of vpc-0b/),
    ]);
    expect(await check({ subnets: [SHARED], securityGroups: [GROUP] })).toEqual([]);
  });

  it('of another VPC is for tests only where OtherVpcs has it, with the account that owns it', async () => {
    const tests = { subnets: [SHARED], securityGroups: [GROUP] };
    placements.limits = { ...placements.limits, otherVpcs: [toVpcArn(OTHER_VPC)] };

    expect(await check({}, tests)).toEqual([
      expect.stringContaining(`Add ${toVpcArn(OTHER_VPC, '999900001111')} to the parameter OtherVpcs`),
    ]);
    placements.limits = { ...placements.limits, otherVpcs: [toVpcArn(OTHER_VPC, '999900001111')] };
    expect(await check({}, tests)).toEqual([]);
  });
});

describe('a security group', () => {
  it('that is not there is named', async () => {
    expect(await check({ subnets: [OWN], securityGroups: ['sg-0ddddddddddddddd1'] })).toEqual([
      expect.stringMatching(/^build\.placement\.securityGroups\[0\]: there is no sg-0d/),
    ]);
  });

  it('has to be of the VPC of every subnet, or associated with it', async () => {
    const build = { subnets: [SHARED, OWN], securityGroups: [GROUP] };

    expect(await check(build)).toEqual([
      expect.stringMatching(
        /sg-0b\S+ cannot be used in vpc-0a\S+, the VPC of subnet-0a.*associate-security-group-vpc/,
      ),
    ]);
    placements.securityGroups.set(GROUP, [OTHER_VPC, OWN_VPC]);
    expect(await check(build)).toEqual([]);
  });

  it('without subnets has to be of the VPC of the installation', async () => {
    expect(await check({ securityGroups: [GROUP] })).toEqual([
      expect.stringMatching(
        /sg-0b\S+ cannot be used in vpc-0a\S+, the VPC of the subnets of the installation/,
      ),
    ]);
  });
});

describe('an instance profile', () => {
  it.each([
    ['nobody', /there is no instance profile nobody/],
    ['empty', /empty has no role.*aws iam add-role-to-instance-profile/],
    ['image-builds', /may give instances no role .*InstanceRoles of the stack/],
  ])('cannot be used: %s', async (instanceProfile, words) => {
    expect(await check({ instanceProfile })).toEqual([expect.stringMatching(words)]);
  });

  it.each([toRole('images/builder'), toRole('images/*')])(
    'can be used where InstanceRoles has %s',
    async (role) => {
      placements.limits = { ...placements.limits, roles: [role] };

      expect(await check({ instanceProfile: 'image-builds' })).toEqual([]);
    },
  );
});

it('of builds is not asked for a bake that begins with its tests', async () => {
  expect(await check({ subnets: [MISSING] }, { subnets: [OWN] }, ['tests'])).toEqual([]);
});

it('is said when a definition is applied', async () => {
  const { ports } = reconcileWorld();

  await expect(
    applyDefinition(ports, { definition: toDefinition({ subnets: [MISSING] }), by: 'anna' }),
  ).rejects.toMatchObject({ problems: [{ field: 'build.placement.subnets[0]' }] });
});

/** What preflight says about the key that an image is built with. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DistributionFailed } from '../../../shared/domain/base/errors.ts';
import { DefinitionSchema } from '../../../shared/domain/definitions/definition.ts';
import { findBuildKeyProblems } from '../../../shared/use-cases/bakes/check-build-key.ts';
import { customerKey, type FakeBuildKeys, fakeBuildKeys } from '../../support/fakes/build-keys.ts';
import { imageWorld } from '../../support/fakes/image-world.ts';
import { fakeLocations } from '../../support/fakes/locations.ts';

const HOME = { account: '111122223333', region: 'eu-west-1' };
const TARGET = '444455556666';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234';
const AWS_KEY = { ...customerKey('arn:aws:kms:eu-west-1:111122223333:key/aws'), managedBy: 'AWS' as const };

let buildKeys: FakeBuildKeys;
beforeEach(() => {
  buildKeys = fakeBuildKeys();
});

async function inspect(targets: readonly unknown[], build: Readonly<Record<string, unknown>> = {}) {
  const definition = DefinitionSchema.parse({
    apiVersion: 'ovenbird.dev/v1',
    name: 'web',
    base: { ssm: '/aws/service/ami' },
    build,
    tests: { suites: [{ name: 'boots', script: 'true' }] },
    approval: { required: false },
    distribution: { targets },
  });
  const deps = { home: HOME, locations: fakeLocations(imageWorld(HOME.account)), buildKeys };
  const problems = await findBuildKeyProblems(deps, definition);
  return problems.map(({ field, problem, fix }) => `${field}: ${problem}. ${fix}`);
}
const copyTo = (account = TARGET, regions = ['eu-west-1']) => ({ account, regions });
const shareWith = (account = TARGET, regions = ['eu-west-1']) => ({ account, regions, mode: 'share' });

describe('a build without a key of its own', () => {
  it('is in order where nothing is encrypted by default', async () => {
    expect(await inspect([copyTo()])).toEqual([]);
  });

  it.each([
    ['copied to', copyTo()],
    ['shared with', shareWith()],
  ])('is refused when aws/ebs encrypts by default and it is %s another account', async (_, target) => {
    buildKeys.byDefault = { key: 'alias/aws/ebs', chosenBy: 'account' };
    buildKeys.keys.set('alias/aws/ebs', AWS_KEY);

    const [problem, ...more] = await inspect([target]);

    expect(more).toEqual([]);
    expect(problem).toMatch(/^build\.key: .*aws\/ebs.*444455556666/);
    expect(problem).toContain('resources/build-key.yml in 111122223333 in eu-west-1');
    expect(problem).toContain('aws ec2 modify-ebs-default-kms-key-id --region eu-west-1');
  });

  it('keeps to aws/ebs where every target is the control account', async () => {
    buildKeys.byDefault = { key: 'alias/aws/ebs', chosenBy: 'account' };
    buildKeys.keys.set('alias/aws/ebs', AWS_KEY);

    expect(await inspect([copyTo(HOME.account)])).toEqual([]);
  });

  it.each([
    ['installation' as const, 'BuildKeyArn'],
    ['account' as const, 'encryption by default'],
  ])('says who chose a key that is not there: the %s', async (chosenBy, words) => {
    buildKeys.byDefault = { key: KEY, chosenBy };

    expect((await inspect([])).join()).toMatch(new RegExp(`${words}.*there is no key`));
  });
});

describe('a customer managed key', () => {
  const targetStatement = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${TARGET}:root` },
    Action: ['kms:DescribeKey', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:CreateGrant'],
    Resource: '*',
  };

  it('has to let the role of every other account read it; the missing statements are named', async () => {
    buildKeys.keys.set('alias/web', customerKey(KEY));

    const [problem, ...more] = await inspect([copyTo(), copyTo('777788889999', ['us-east-1'])], {
      key: 'alias/web',
    });

    expect(more).toEqual([]);
    expect(problem).toContain(`arn:aws:iam::${TARGET}:role/OvenbirdTarget (kms:DescribeKey, kms:Decrypt`);
    expect(problem).toContain(
      `"Principal":{"AWS":["arn:aws:iam::${TARGET}:root","arn:aws:iam::777788889999:root"]}`,
    );
    expect(problem).toContain('"kms:GrantIsForAWSResource":"true"');
  });

  it.each([
    ['copied to an account', copyTo()],
    ['shared with it', shareWith()],
  ])('is in order when an image is %s that its policy lets in', async (_, target) => {
    buildKeys.keys.set(KEY, customerKey(KEY, [targetStatement]));

    expect(await inspect([target], { key: KEY })).toEqual([]);
  });

  it('has to let the account launch what is shared with it at home; a copy elsewhere has a key of its own', async () => {
    buildKeys.keys.set(KEY, customerKey(KEY));

    expect(await inspect([shareWith()], { key: KEY })).toHaveLength(1);
    expect(await inspect([shareWith(TARGET, ['us-east-1'])], { key: KEY })).toEqual([]);
  });

  it('has to let Image Builder use it', async () => {
    const mine = customerKey(KEY);
    buildKeys.keys.set(KEY, { ...mine, policy: { Statement: [] } });

    expect((await inspect([], { key: KEY })).join()).toContain('EC2 Image Builder');
  });

  it('may be of an account whose policies cannot be read', async () => {
    buildKeys.keys.set(KEY, { ...customerKey(KEY), policy: undefined });

    expect(await inspect([copyTo()], { key: KEY })).toEqual([]);
  });

  it('that may not even be described is a problem, not a defect of ours', async () => {
    buildKeys.describe = async () => {
      throw new DistributionFailed('Reading the key: AccessDeniedException');
    };

    expect((await inspect([], { key: KEY })).join()).toMatch(/AccessDenied.*policy of the key/);
  });
});

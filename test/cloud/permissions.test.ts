/** The roles of the deployed service against what it does: whatever it called, its own policies allow, and nothing was refused. */
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listPolicies, type Role, readRoles } from '../support/permissions/roles.ts';
import { type Survey, survey } from '../support/permissions/survey.ts';
import { simulate } from '../support/simulate-policy.ts';
import { openWorld, type World } from '../support/world.ts';

let world: World;
let roles: readonly Role[];
let found: Survey;

beforeAll(async () => {
  world = await openWorld();
  roles = await readRoles(world.cloud, world.stacks);
  found = await survey(
    world,
    roles,
    ['one-image', 'failing-test', 'vulnerable', 'optional-fields'],
    () => {},
  );
});

afterAll(() => world?.stop());

describe('a release, a test that fails, a finding, and every optional field', () => {
  it('come to their ends, so that what follows speaks of whole bakes', () => {
    const ends = found.plays.map(({ played: { ended, unmet } }) => ({ ended, unmet }));

    expect(ends).toEqual(found.plays.map(() => ({ ended: 'at rest', unmet: [] })));
  });

  it('make no call that is refused', () => {
    expect(found.refused).toEqual([]);
  });

  it('make no call that the policies of its role do not allow, whichever service carries it out', () => {
    expect(found.judged).toBeGreaterThan(200);
    expect(found.disallowed).toEqual([]);
  });

  it('show what machines, pollers and rules do in the name of roles that are not enforced here', () => {
    const actions = new Set(found.derived.map(({ call }) => call.action));

    expect([...actions]).toEqual(
      expect.arrayContaining([
        'lambda:InvokeFunction',
        'states:StartExecution',
        'states:DescribeExecution',
        'sqs:ReceiveMessage',
        'dynamodb:GetRecords',
        'events:PutEvents',
      ]),
    );
  });
});

describe('an image whose definition says all that it may leave out', () => {
  it('has its volumes, its root being where the base has it', async () => {
    const ec2 = new EC2Client(world.cloud.clientConfig());
    const { Images = [] } = await ec2.send(
      new DescribeImagesCommand({
        Owners: ['self'],
        Filters: [{ Name: 'tag:ovenbird:pipeline', Values: ['short-optional-fields-???'] }],
      }),
    );
    ec2.destroy();

    const [image] = Images.filter(({ Architecture }) => Architecture === 'x86_64');
    const volumes = (image?.BlockDeviceMappings ?? []).map(({ DeviceName, Ebs }) => [
      DeviceName,
      Ebs?.VolumeSize,
    ]);
    expect(image?.RootDeviceName).toBe('/dev/xvda');
    expect(Object.fromEntries(volumes)).toEqual({ '/dev/xvda': 20, '/dev/sdb': 10, '/dev/sdf': 5 });
  });
});

describe('the policies', () => {
  it('allow nothing that no statement speaks of', () => {
    const tooMuch = roles.filter(
      (role) => simulate(listPolicies(role), { action: 'iam:CreateUser', resource: '*' }).allowed,
    );

    expect(tooMuch).toEqual([]);
  });
});

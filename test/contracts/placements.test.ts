import { DescribeSecurityGroupsCommand, DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import {
  GetInstanceProfileCommand,
  IAMClient,
  type InstanceProfile,
  NoSuchEntityException,
} from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import { createPlacements } from '../../shared/adapters/ec2-placements.ts';
import { account, region, serve } from '../local-cloud/image-services/serve.ts';
import { fakePlacements } from '../support/fakes/placements.ts';
import { createEc2Client } from './local-network.ts';
import { placementsContract } from './placements.ts';

const LIMITS = { vpc: 'vpc-0aaaaaaaaaaaaaaaa', otherVpcs: [], roles: [] };
const PROFILES = {
  withRole: 'image-builds',
  role: 'arn:aws:iam::111122223333:role/image-builds',
  without: 'empty',
};

placementsContract('The fake', async () => {
  const placements = fakePlacements();
  const subnet = { id: 'subnet-0aaaaaaaaaaaaaaa1', vpc: 'vpc-0aaaaaaaaaaaaaaaa', account: '111122223333' };
  placements.subnets.set(subnet.id, `arn:aws:ec2:eu-west-1:${subnet.account}:vpc/${subnet.vpc}`);
  placements.securityGroups.set('sg-0aaaaaaaaaaaaaaa1', [subnet.vpc]);
  placements.instanceProfiles.set(PROFILES.withRole, PROFILES.role);
  placements.instanceProfiles.set(PROFILES.without, '');
  return {
    placements,
    subnet,
    securityGroup: 'sg-0aaaaaaaaaaaaaaa1',
    profiles: PROFILES,
    close: async () => {},
  };
});

placementsContract('The local EC2, and IAM as it answers,', async () => {
  const served = await serve();
  const ec2 = await createEc2Client(served);
  const iam = new IAMClient({ region });
  const answers = mockClient(iam).on(GetInstanceProfileCommand);
  answers.callsFake(({ InstanceProfileName = '' }) => ({
    InstanceProfile: findProfile(InstanceProfileName),
  }));
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const [subnet] = Subnets;
  return {
    placements: createPlacements({ ec2, iam }, region, LIMITS),
    subnet: { id: subnet?.SubnetId ?? '', vpc: subnet?.VpcId ?? '', account },
    securityGroup: SecurityGroups[0]?.GroupId ?? '',
    profiles: PROFILES,
    close: async () => {
      ec2.destroy();
      await served.close();
    },
  };
});

function findProfile(name: string): Partial<InstanceProfile> {
  if (name === PROFILES.withRole) return { Roles: [{ Arn: PROFILES.role } as never] };
  if (name === PROFILES.without) return { Roles: [] };
  throw new NoSuchEntityException({ message: `Instance Profile ${name} cannot be found.`, $metadata: {} });
}

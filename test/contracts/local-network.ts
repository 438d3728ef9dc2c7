import { DescribeSecurityGroupsCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { account, type ImageServiceServer, region } from '../local-cloud/image-services/serve.ts';

export async function createEc2Client(served: ImageServiceServer): Promise<EC2Client> {
  const endpoint = await served.ssm.config.endpoint?.();
  return new EC2Client({
    ...(endpoint === undefined ? {} : { endpoint }),
    region,
    credentials: { accessKeyId: account, secretAccessKey: 'local' },
  });
}

/** The default subnets with their default group. */
export async function readNetworkPlacement(ec2: EC2Client) {
  const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
  const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  return {
    subnets: (Subnets ?? []).flatMap(({ SubnetId }) => SubnetId ?? []),
    securityGroupId: SecurityGroups?.[0]?.GroupId ?? '',
    instanceProfile: 'tester',
  };
}

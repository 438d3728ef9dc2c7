import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  EntityAlreadyExistsException,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { LocalCloud } from '../../local-cloud/client.ts';

/** The path of the roles that the parameter InstanceRoles of the local installation names. */
export const INSTANCE_ROLE_PATH = '/images/';

/**
 * What builds and tests need of the policies EC2InstanceProfileForImageBuilder and AmazonSSMManagedInstanceCore, whose texts the local IAM does not
 * have (docs/aws/permissions.md#instance-profiles).
 */
const RIGHTS = [
  { Action: ['ssm:UpdateInstanceInformation', 'ssmmessages:*', 'ec2messages:*'], Resource: '*' },
  { Action: 'imagebuilder:GetComponent', Resource: '*' },
  { Action: 'kms:Decrypt', Resource: '*' },
  { Action: 's3:GetObject', Resource: 'arn:aws:s3:::ec2imagebuilder*' },
  { Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: '*' },
];

/** An instance profile of the control account with a role of the same name, as its administrator makes them; one that is there stays. */
export async function createInstanceProfile(cloud: LocalCloud, name: string): Promise<void> {
  const iam = new IAMClient(cloud.clientConfig());
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  };
  try {
    await iam.send(
      new CreateRoleCommand({
        RoleName: name,
        Path: INSTANCE_ROLE_PATH,
        AssumeRolePolicyDocument: JSON.stringify(trust),
      }),
    );
    const Statement = RIGHTS.map((rights) => ({ Effect: 'Allow', ...rights }));
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: 'instances', PolicyDocument }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
  } catch (error) {
    if (!(error instanceof EntityAlreadyExistsException)) throw error;
  } finally {
    iam.destroy();
  }
}

import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  EntityAlreadyExistsException,
  IAMClient,
} from '@aws-sdk/client-iam';
import type { LocalCloud } from '../../local-cloud/client.ts';

/** The path of the roles that the parameter InstanceRoles of the local installation names. */
export const INSTANCE_ROLE_PATH = '/images/';

/** What a profile for builds needs (docs/operations/deploy.md#placement). */
const POLICIES = ['EC2InstanceProfileForImageBuilder', 'AmazonSSMManagedInstanceCore'];

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
    for (const policy of POLICIES)
      await iam.send(
        new AttachRolePolicyCommand({ RoleName: name, PolicyArn: `arn:aws:iam::aws:policy/${policy}` }),
      );
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
  } catch (error) {
    if (!(error instanceof EntityAlreadyExistsException)) throw error;
  } finally {
    iam.destroy();
  }
}

import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  EntityAlreadyExistsException,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import type { LocalCloud } from '../local-cloud/client.ts';

/** A person beside the root user whom the command line calls the API as: an IAM user of the control account. */
export interface LocalPerson {
  readonly name: string;
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const MAY_CALL_THE_API = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'CallTheApi', Effect: 'Allow', Action: 'execute-api:Invoke', Resource: '*' }],
};

export async function createPeople(
  cloud: Pick<LocalCloud, 'clientConfig' | 'controlAccount'>,
  names: readonly string[],
): Promise<LocalPerson[]> {
  const iam = new IAMClient(cloud.clientConfig());
  try {
    return await Promise.all(names.map((name) => createPerson(iam, cloud.controlAccount, name)));
  } finally {
    iam.destroy();
  }
}

async function createPerson(iam: IAMClient, account: string, UserName: string): Promise<LocalPerson> {
  try {
    await iam.send(new CreateUserCommand({ UserName }));
  } catch (error) {
    if (!(error instanceof EntityAlreadyExistsException)) throw error;
  }
  const PolicyDocument = JSON.stringify(MAY_CALL_THE_API);
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'call-the-api', PolicyDocument }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  if (key?.AccessKeyId === undefined || key.SecretAccessKey === undefined)
    throw new Error(`IAM made no access key for ${UserName}.`);
  return {
    name: UserName,
    arn: `arn:aws:iam::${account}:user/${UserName}`,
    accessKeyId: key.AccessKeyId,
    secretAccessKey: key.SecretAccessKey,
  };
}

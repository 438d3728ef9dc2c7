/** Reads what a key is, through one KMS client. */
import {
  DescribeKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GetKeyPolicyCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { DistributionFailed } from '../domain/base/errors.ts';
import { findKeyDefect, type KeyFacts } from '../domain/keys/image-keys.ts';
import { type KeyPolicy, KeyPolicySchema } from '../domain/keys/key-policy.ts';
import { callAwsForDistribution } from './aws-refusals.ts';

export async function describeKey(client: KMSClient, key: string): Promise<KeyFacts | undefined> {
  const answer = await callAwsForDistribution(
    `Reading the key ${key}`,
    () => client.send(new DescribeKeyCommand({ KeyId: key })),
    { absent: ['NotFoundException'] },
  );
  const metadata = answer?.KeyMetadata;
  if (metadata?.Arn === undefined) return undefined;
  return {
    arn: metadata.Arn,
    keyId: metadata.KeyId ?? metadata.Arn,
    managedBy: metadata.KeyManager ?? 'CUSTOMER',
    state: metadata.KeyState ?? 'in an unknown state',
    spec: metadata.KeySpec ?? 'SYMMETRIC_DEFAULT',
  };
}

/** With its policy, where that may be read: never that of a key of another account (kms GetKeyPolicy, "Cross-account use"). */
export async function describeKeyWithPolicy(client: KMSClient, key: string): Promise<KeyFacts | undefined> {
  const facts = await describeKey(client, key);
  if (facts === undefined || facts.managedBy === 'AWS') return facts;
  return { ...facts, policy: await readPolicy(client, facts.arn) };
}

async function readPolicy(client: KMSClient, keyArn: string): Promise<KeyPolicy | undefined> {
  const answer = await callAwsForDistribution(
    `Reading the policy of ${keyArn}`,
    () => client.send(new GetKeyPolicyCommand({ KeyId: keyArn, PolicyName: 'default' })),
    { absent: ['AccessDeniedException', 'NotFoundException'] },
  );
  try {
    return KeyPolicySchema.parse(JSON.parse(answer?.Policy ?? ''));
  } catch {
    return undefined;
  }
}

/** Whether KMS would let the client's principal encrypt with the key itself, asked without doing so (kms GenerateDataKeyWithoutPlaintext, DryRun). */
export async function mayEncrypt(client: KMSClient, keyArn: string): Promise<boolean> {
  const refused = ['AccessDeniedException'];
  const answer = await callAwsForDistribution(
    `Trying the key ${keyArn}`,
    () =>
      client
        .send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId: keyArn, KeySpec: 'AES_256', DryRun: true }))
        .catch((error: unknown) => {
          if (error instanceof Error && error.name === 'DryRunOperationException') return true;
          throw error;
        }),
    { absent: refused },
  );
  return answer !== undefined;
}

/** The ARN behind an alias, id or ARN; CopyImage would find out about a bad key long after it has answered (ec2 CopyImageRequest.KmsKeyId). */
export async function resolveKey(client: KMSClient, key: string, where: string): Promise<string> {
  const facts = await describeKey(client, key);
  const defect = findKeyDefect(key, facts);
  if (defect !== undefined || facts === undefined)
    throw new DistributionFailed(
      defect === undefined
        ? `The key ${key} in ${where} has no ARN.`
        : `${where}: ${defect.problem}. ${defect.fix}.`,
    );
  return facts.arn;
}

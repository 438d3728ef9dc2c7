/** The port Targets: assumes the role in the target account and works there with EC2, SSM and KMS of one region. */
import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  GetParameterCommand,
  PutParameterCommand,
  SSMClient,
  type SSMClientConfig,
} from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { PreflightFailed, TryLater } from '../domain/base/errors.ts';
import { findPartition } from '../domain/base/regions.ts';
import type { TargetAccount, Targets } from '../ports/targets.ts';
import { errorName } from './aws-client.ts';
import { callAwsForDistribution } from './aws-refusals.ts';
import {
  copyImage,
  deprecateImage,
  describeImage,
  findImagesByBake,
  removeImage,
  tagResources,
} from './ec2-images.ts';
import { addVersion, readDefaultVersion, removeVersion, setDefaultVersion } from './ec2-launch-templates.ts';
import { resolveKey } from './kms-keys.ts';
import type { TargetClients } from './target-clients.ts';
import { inspectTarget } from './target-preflight.ts';

export interface TargetsOptions {
  /** Account of the control plane, for messages. */
  readonly account: string;
  readonly roleName: string;
  readonly externalId: string;
  readonly sts: STSClient;
  /** What the clients in the targets have in common: retries and time-outs. */
  readonly clientDefaults?: EC2ClientConfig & SSMClientConfig & KMSClientConfig;
  readonly now?: () => Date;
}

interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** A session is used until so long before its end: a call that was signed with it has to arrive. */
const MARGIN_MS = 5 * 60_000;
const SESSION_SECONDS = 3600;

export function createTargets(options: TargetsOptions): Targets {
  const { sts } = options;
  const now = options.now ?? (() => new Date());
  const sessions = new Map<string, Session>();
  const targets = new Map<string, { readonly accessKeyId: string; readonly target: TargetAccount }>();

  const session = async (account: string, region: string): Promise<Session> => {
    const standing = sessions.get(account);
    if (standing !== undefined && standing.expiration.getTime() - MARGIN_MS > now().getTime())
      return standing;
    const fresh = await assumeRole(sts, options, account, region);
    sessions.set(account, fresh);
    return fresh;
  };

  return {
    open: async (account, region) => {
      const credentials = await session(account, region);
      const place = `${account}/${region}`;
      const standing = targets.get(place);
      if (standing?.accessKeyId === credentials.accessKeyId) return standing.target;
      const config = { ...options.clientDefaults, region, credentials };
      const target = targetAccount({
        account,
        region,
        ec2: new EC2Client(config),
        ssm: new SSMClient(config),
        kms: new KMSClient(config),
      });
      targets.set(place, { accessKeyId: credentials.accessKeyId, target });
      return target;
    },
  };
}

async function assumeRole(
  sts: STSClient,
  options: TargetsOptions,
  account: string,
  region: string,
): Promise<Session> {
  const role = `arn:${findPartition(region)}:iam::${account}:role/${options.roleName}`;
  const answer = await callAwsForDistribution(`Assuming ${role}`, () =>
    sts.send(
      new AssumeRoleCommand({
        RoleArn: role,
        RoleSessionName: 'ovenbird',
        ExternalId: options.externalId,
        DurationSeconds: SESSION_SECONDS,
      }),
    ),
  ).catch((error: unknown) => {
    if (error instanceof TryLater) throw error;
    throw toPreflightFailed(options, account, role, error);
  });
  const found = answer?.Credentials;
  if (
    found?.AccessKeyId === undefined ||
    found.SecretAccessKey === undefined ||
    found.SessionToken === undefined ||
    found.Expiration === undefined
  )
    throw new TryLater(`STS answered without credentials for ${role}.`);
  return {
    accessKeyId: found.AccessKeyId,
    secretAccessKey: found.SecretAccessKey,
    sessionToken: found.SessionToken,
    expiration: found.Expiration,
  };
}

function toPreflightFailed(
  options: TargetsOptions,
  account: string,
  role: string,
  error: unknown,
): PreflightFailed {
  const said = error instanceof Error ? error.message : errorName(error);
  return new PreflightFailed(
    `The role ${role} cannot be assumed (${said}). Deploy the template resources/target-account.yml in account ${account} with ControlAccount=${options.account} and ExternalId as this installation's parameter TargetExternalId: the role's trust policy lacks its statement LetTheControlPlaneIn, or the id differs. The account must be among the parameter TargetAccounts here, too.`,
    { account, role },
    { cause: error },
  );
}

const NO_PARAMETER = ['ParameterNotFound'];

function targetAccount(clients: TargetClients): TargetAccount {
  const { account, region, ec2, ssm, kms } = clients;
  return {
    resolveKey: (key) => resolveKey(kms, key, `${account}/${region}`),
    copy: (request) => copyImage(ec2, request),
    describe: (imageId) => describeImage(ec2, imageId),
    findByBake: (bake) => findImagesByBake(ec2, bake),
    tag: (resources, tags) => tagResources(ec2, resources, tags),
    deprecate: (imageId, at) => deprecateImage(ec2, imageId, at),
    remove: (imageId) => removeImage(ec2, imageId),
    addTemplateVersion: (template, imageId, note) => addVersion(ec2, template, imageId, note),
    setDefaultTemplateVersion: (template, version) => setDefaultVersion(ec2, template, version),
    removeTemplateVersion: (template, version) => removeVersion(ec2, template, version),
    readTemplateDefault: (template) => readDefaultVersion(ec2, template),
    readParameter: async (name) => {
      const answer = await callAwsForDistribution(
        `Reading the parameter ${name}`,
        () => ssm.send(new GetParameterCommand({ Name: name })),
        { absent: NO_PARAMETER },
      );
      return answer?.Parameter?.Value;
    },
    writeParameter: async (name, imageId, tags) => {
      await callAwsForDistribution(`Writing the parameter ${name}`, () =>
        ssm.send(
          new PutParameterCommand({
            Name: name,
            Value: imageId,
            Type: 'String',
            DataType: 'aws:ec2:image',
            Overwrite: true,
          }),
        ),
      );
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      // Tags cannot be given together with Overwrite (ssm PutParameterRequest.Tags).
      if (Tags.length > 0)
        await callAwsForDistribution(`Tagging the parameter ${name}`, () =>
          ssm.send(new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId: name, Tags })),
        );
    },
    removeParameter: async (name) => {
      await callAwsForDistribution(
        `Deleting the parameter ${name}`,
        () => ssm.send(new DeleteParameterCommand({ Name: name })),
        { absent: NO_PARAMETER },
      );
    },
    preflight: (request) => inspectTarget(clients, request),
  };
}

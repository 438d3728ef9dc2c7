/** The port Locations: assumes the role of a target and works there with EC2, SSM and KMS of one region. */
import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import { SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { PreflightFailed, TryLater } from '../../domain/base/errors.ts';
import { findPartition } from '../../domain/base/regions.ts';
import type { ControlLocations, Location, Locations } from '../../ports/locations.ts';
import { ec2Artifacts } from '../artifacts/ec2.ts';
import { errorName } from '../aws-error-classes.ts';
import { callAwsForDistribution } from '../aws-refusals.ts';
import { createPointers } from './pointers.ts';
import { inspectTarget } from './preflight.ts';

export interface LocationsOptions {
  readonly control: ControlLocations;
  /** The control account, for messages. */
  readonly account: string;
  readonly installation: string;
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

export function createLocations(options: LocationsOptions): Locations {
  const now = options.now ?? (() => new Date());
  const sessions = new Map<string, Session>();
  const targets = new Map<string, { readonly accessKeyId: string; readonly location: Location }>();

  const openSession = async (account: string, region: string): Promise<Session> => {
    const standing = sessions.get(account);
    if (standing !== undefined && standing.expiration.getTime() - MARGIN_MS > now().getTime())
      return standing;
    const fresh = await assumeRole(options, account, region);
    sessions.set(account, fresh);
    return fresh;
  };

  return {
    ...options.control,
    toRoleArn: (account, region) => toRoleArn(options, account, region),
    open: async (account, region) => {
      const credentials = await openSession(account, region);
      const name = `${account}/${region}`;
      const standing = targets.get(name);
      if (standing?.accessKeyId === credentials.accessKeyId) return standing.location;
      const config = { ...options.clientDefaults, region, credentials };
      const clients = {
        installation: options.installation,
        account,
        region,
        ec2: new EC2Client(config),
        ssm: new SSMClient(config),
        kms: new KMSClient(config),
      };
      const location: Location = {
        artifacts: { ami: ec2Artifacts(clients) },
        pointers: createPointers(clients),
        preflight: (request) =>
          inspectTarget({ ...clients, role: toRoleArn(options, account, region) }, request),
      };
      targets.set(name, { accessKeyId: credentials.accessKeyId, location });
      return location;
    },
  };
}

function toRoleArn({ roleName }: LocationsOptions, account: string, region: string): string {
  return `arn:${findPartition(region)}:iam::${account}:role/${roleName}`;
}

async function assumeRole(options: LocationsOptions, account: string, region: string): Promise<Session> {
  const role = toRoleArn(options, account, region);
  const answer = await callAwsForDistribution(`Assuming ${role}`, () =>
    options.sts.send(
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
  options: LocationsOptions,
  account: string,
  role: string,
  error: unknown,
): PreflightFailed {
  const said = error instanceof Error ? error.message : errorName(error);
  return new PreflightFailed(
    `The role ${role} cannot be assumed (${said}). Deploy the template resources/target-account.yml in account ${account} with Installation=${options.installation}, ControlAccount=${options.account} and ExternalId as this installation's parameter TargetExternalId: the role's trust policy lacks its statement LetTheControlPlaneIn, or the id differs. The account must be among the parameter TargetAccounts here, too, or in the organization of OrganizationId.`,
    { account, role },
    { cause: error },
  );
}

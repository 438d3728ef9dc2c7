import type { EC2Client } from '@aws-sdk/client-ec2';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { SSMClient } from '@aws-sdk/client-ssm';

/** Clients of one account and region. */
export interface LocationClients {
  /** Name of the service's stack, with which the names in templates for targets begin. */
  readonly installation: string;
  readonly account: string;
  readonly region: string;
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly kms: KMSClient;
}

/** The control account in every region, with the credentials of the function itself. */
import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import type { ControlLocations } from '../../ports/locations.ts';
import { ec2Artifacts } from '../artifacts/ec2.ts';
import { perRegion } from '../regions.ts';

export function createControlLocations(
  { account, installation }: { readonly account: string; readonly installation: string },
  clientDefaults: EC2ClientConfig & KMSClientConfig = {},
): ControlLocations {
  return {
    openControl: perRegion((region) => {
      const config = { ...clientDefaults, region };
      const clients = {
        installation,
        account,
        region,
        ec2: new EC2Client(config),
        kms: new KMSClient(config),
      };
      return { artifacts: { ami: ec2Artifacts(clients) } };
    }),
  };
}

/** The control account in every region, with the credentials of the function itself. */
import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import type { ControlLocations } from '../../ports/locations.ts';
import { ec2Artifacts } from '../artifacts/ec2.ts';

export function createControlLocations(
  account: string,
  clientDefaults: EC2ClientConfig & KMSClientConfig = {},
): ControlLocations {
  const opened = new Map<string, ReturnType<ControlLocations['openControl']>>();
  return {
    openControl: (region) => {
      const config = { ...clientDefaults, region };
      const location = opened.get(region) ?? {
        artifacts: {
          ami: ec2Artifacts({
            account,
            region,
            ec2: new EC2Client(config),
            kms: new KMSClient(config),
          }),
        },
      };
      opened.set(region, location);
      return location;
    },
  };
}

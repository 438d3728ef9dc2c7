import type { Image } from '@aws-sdk/client-ec2';

/** Facts of an AMI for the build and for people, where EC2 tells them. */
export function toAmiDetail({ ImageId, Architecture, Name, DeprecationTime }: Image): Record<string, string> {
  return {
    ...(ImageId === undefined ? {} : { amiId: ImageId }),
    ...(Architecture === undefined ? {} : { architecture: Architecture }),
    ...(Name === undefined ? {} : { name: Name }),
    ...(DeprecationTime === undefined ? {} : { deprecatedAt: DeprecationTime }),
  };
}

/** The port InstanceTypes on EC2. */
import { type EC2Client, type InstanceTypeInfo, paginateDescribeInstanceTypes } from '@aws-sdk/client-ec2';
import type { InstanceType } from '../domain/artifacts/instance-type.ts';
import type { InstanceTypes } from '../ports/base-images.ts';
import { callAwsForDistribution } from './aws-refusals.ts';

export function createInstanceTypes(client: EC2Client): InstanceTypes {
  return {
    async describe(names) {
      if (names.length === 0) return [];
      // A filter leaves out what the region does not have, where InstanceTypes would be refused as a whole (ec2 DescribeInstanceTypesRequest).
      const filters = [{ Name: 'instance-type', Values: [...names] }];
      const pages = await callAwsForDistribution('Reading instance types', () =>
        Array.fromAsync(paginateDescribeInstanceTypes({ client }, { Filters: filters })),
      );
      return (pages ?? []).flatMap(({ InstanceTypes = [] }) => InstanceTypes.map(toInstanceType));
    },
  };
}

function toInstanceType(info: InstanceTypeInfo): InstanceType {
  return {
    name: info.InstanceType ?? '',
    architectures: info.ProcessorInfo?.SupportedArchitectures ?? [],
    bootModes: info.SupportedBootModes ?? [],
  };
}

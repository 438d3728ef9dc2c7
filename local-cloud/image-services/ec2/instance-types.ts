import type {
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult,
  InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import { type Operations, operation } from './context.ts';
import { createMatcher, type FilterTable } from './filters.ts';
import { takePage } from './pages.ts';

export interface InstanceTypeRecord {
  name: string;
  architectures: ('i386' | 'x86_64' | 'arm64')[];
  vCpus: number;
  memoryMiB: number;
  burstable: boolean;
}

const SIZES: readonly [name: string, vCpus: number, memoryGiB: number][] = [
  ['large', 2, 1],
  ['xlarge', 4, 2],
  ['2xlarge', 8, 4],
  ['4xlarge', 16, 8],
];

/** Families with the memory of their `large` size in GiB [D:ec2/latest/instancetypes]. */
const FAMILIES: readonly [family: string, architecture: 'x86_64' | 'arm64', memoryOfLarge: number][] = [
  ['m5', 'x86_64', 8],
  ['m5a', 'x86_64', 8],
  ['m6a', 'x86_64', 8],
  ['m6i', 'x86_64', 8],
  ['m7a', 'x86_64', 8],
  ['m7i', 'x86_64', 8],
  ['c5', 'x86_64', 4],
  ['c5a', 'x86_64', 4],
  ['c6a', 'x86_64', 4],
  ['c6i', 'x86_64', 4],
  ['c7i', 'x86_64', 4],
  ['r5', 'x86_64', 16],
  ['r6i', 'x86_64', 16],
  ['r7i', 'x86_64', 16],
  ['m6g', 'arm64', 8],
  ['m7g', 'arm64', 8],
  ['m8g', 'arm64', 8],
  ['c6g', 'arm64', 4],
  ['c7g', 'arm64', 4],
  ['r6g', 'arm64', 16],
  ['r7g', 'arm64', 16],
];

const BURSTABLE: readonly [family: string, architectures: InstanceTypeRecord['architectures']][] = [
  ['t2', ['i386', 'x86_64']],
  ['t3', ['x86_64']],
  ['t3a', ['x86_64']],
  ['t4g', ['arm64']],
];

const BURSTABLE_SIZES: readonly [name: string, vCpus: number, memoryGiB: number][] = [
  ['nano', 2, 0.5],
  ['micro', 2, 1],
  ['small', 2, 2],
  ['medium', 2, 4],
  ['large', 2, 8],
  ['xlarge', 4, 16],
];

export const INSTANCE_TYPES: ReadonlyMap<string, InstanceTypeRecord> = new Map(
  [
    ...BURSTABLE.flatMap(([family, architectures]) =>
      BURSTABLE_SIZES.map(([size, vCpus, memory]) => ({
        name: `${family}.${size}`,
        architectures,
        vCpus,
        memoryMiB: memory * 1024,
        burstable: true,
      })),
    ),
    ...FAMILIES.flatMap(([family, architecture, memoryOfLarge]) =>
      SIZES.map(([size, vCpus, factor]) => ({
        name: `${family}.${size}`,
        architectures: [architecture],
        vCpus,
        memoryMiB: memoryOfLarge * factor * 1024,
        burstable: false,
      })),
    ),
  ].map((type) => [type.name, type]),
);

const FILTERS: FilterTable<InstanceTypeRecord> = {
  'bare-metal': () => ['false'],
  'burstable-performance-supported': (type) => [String(type.burstable)],
  'current-generation': (type) => [String(!type.name.startsWith('t2.'))],
  hypervisor: () => ['nitro'],
  'instance-type': (type) => [type.name],
  'memory-info.size-in-mib': (type) => [String(type.memoryMiB)],
  'processor-info.supported-architecture': (type) => type.architectures,
  'supported-root-device-type': () => ['ebs'],
  'supported-virtualization-type': () => ['hvm'],
  'supported-usage-class': () => ['on-demand', 'spot'],
  'vcpu-info.default-vcpus': (type) => [String(type.vCpus)],
};

export function instanceTypeOperations(): Operations {
  return {
    DescribeInstanceTypes: operation<DescribeInstanceTypesRequest, DescribeInstanceTypesResult>((request) => {
      const names: readonly string[] = request.InstanceTypes ?? [];
      const unknown = names.filter((name) => !INSTANCE_TYPES.has(name));
      if (unknown.length > 0) {
        throw new AwsError(
          'InvalidInstanceType',
          `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
        );
      }
      const matches = createMatcher(request.Filters, FILTERS);
      const found = [...INSTANCE_TYPES.values()].filter(
        (type) => (names.length === 0 || names.includes(type.name)) && matches(type),
      );
      const page = takePage(found, ({ name }) => name, request, { least: 5, most: 100 });
      return {
        InstanceTypes: page.records.map(typeInfo),
        ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
      };
    }),
  };
}

function typeInfo(type: InstanceTypeRecord): InstanceTypeInfo {
  return {
    InstanceType: type.name as NonNullable<InstanceTypeInfo['InstanceType']>,
    CurrentGeneration: !type.name.startsWith('t2.'),
    FreeTierEligible: type.name.endsWith('.micro'),
    SupportedUsageClasses: ['on-demand', 'spot'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    BareMetal: false,
    Hypervisor: type.name.startsWith('t2.') ? 'xen' : 'nitro',
    ProcessorInfo: { SupportedArchitectures: type.architectures },
    VCpuInfo: { DefaultVCpus: type.vCpus },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    InstanceStorageSupported: false,
    BurstablePerformanceSupported: type.burstable,
    SupportedBootModes: type.architectures.includes('arm64') ? ['uefi'] : ['legacy-bios', 'uefi'],
  };
}

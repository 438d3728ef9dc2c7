import * as z from 'zod';
import { AwsError, type Call, type Shape } from '../service.ts';
import type { FindingRecord, FindingStore } from './records.ts';

const MOST = 100; // [M:inspector2 ListFindingsMaxResults]

// [M:inspector2 StringFilter], 1 to 10 of each key
const filterSchema = z
  .array(
    z.object({ comparison: z.enum(['EQUALS', 'PREFIX', 'NOT_EQUALS']), value: z.string().min(1).max(1024) }),
  )
  .min(1)
  .max(10);
type Filter = z.infer<typeof filterSchema>[number];

const requestSchema = z.looseObject({
  maxResults: z.int().min(1).max(MOST).default(MOST),
  nextToken: z.string().optional(),
  filterCriteria: z.record(z.string(), z.unknown()).default({}),
});

const READERS: Record<string, (finding: FindingRecord) => readonly (string | undefined)[]> = {
  findingArn: ({ findingArn }) => [findingArn],
  awsAccountId: ({ awsAccountId }) => [awsAccountId],
  findingType: ({ type }) => [type],
  findingStatus: ({ status }) => [status],
  severity: ({ severity }) => [severity],
  title: ({ title }) => [title],
  fixAvailable: ({ fixAvailable }) => [fixAvailable],
  exploitAvailable: ({ exploitAvailable }) => [exploitAvailable],
  vulnerabilityId: ({ packageVulnerabilityDetails }) => [packageVulnerabilityDetails.vulnerabilityId],
  resourceType: ({ resources }) => resources.map(({ type }) => type),
  resourceId: ({ resources }) => resources.map(({ id }) => id),
  ec2InstanceImageId: ({ resources }) =>
    resources.map(({ details }) => readText(details.awsEc2Instance.imageId)),
};

/** Pages of findings; filters of one key are alternatives, all keys must hold (docs/aws/inspector.md#findings). */
export function listFindings(store: FindingStore, input: Shape, call: Call): Shape {
  const { maxResults, nextToken, filterCriteria } = readRequest(input);
  const checks = Object.entries(filterCriteria)
    .filter(([, filters]) => filters !== undefined)
    .map(([name, filters]) => createCheck(name, filters));
  const found = store.at(call).filter((finding) => checks.every((holds) => holds(finding)));
  const start = nextToken === undefined ? 0 : readOffset(nextToken);
  const findings = found.slice(start, start + maxResults);
  const end = start + findings.length;
  return { findings, ...(end < found.length ? { nextToken: toToken(end) } : {}) };
}

function readRequest(input: Shape): z.output<typeof requestSchema> {
  const parsed = requestSchema.safeParse(input);
  if (!parsed.success) throw invalid(parsed.error.issues[0]?.message ?? '');
  return parsed.data;
}

function createCheck(name: string, filters: unknown): (finding: FindingRecord) => boolean {
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (read === undefined)
    throw new AwsError(
      'NotImplementedByLocalCloud',
      `The filter '${name}' of ListFindings is not part of the local cloud. Run this against AWS.`,
      501,
    );
  const parsed = filterSchema.safeParse(filters);
  if (!parsed.success) throw invalid(`filterCriteria.${name}: ${parsed.error.issues[0]?.message ?? ''}`);
  return (finding) =>
    parsed.data.some((filter) =>
      read(finding).some((value) => value !== undefined && matches(filter, value)),
    );
}

function matches({ comparison, value }: Filter, found: string): boolean {
  switch (comparison) {
    case 'EQUALS':
      return found === value;
    case 'PREFIX':
      return found.startsWith(value);
    case 'NOT_EQUALS':
      return found !== value;
  }
}

function toToken(offset: number): string {
  return Buffer.from(`findings ${offset}`).toString('base64url');
}

function readOffset(token: string): number {
  const [, offset] = /^findings ([0-9]+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (offset === undefined) throw invalid('The nextToken is not one that this call has given out.');
  return Number(offset);
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message); // [M:inspector2 ValidationException]
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

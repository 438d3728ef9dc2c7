/**
 * What an event can say: that the selectors of some topics may mean something else now. The event is never believed; it only names what is
 * to be read again. Shapes: imagebuilder/userguide/integ-eventbridge, AWSEC2/UserGuide/monitor-ami-events,
 * systems-manager/userguide/monitoring-systems-manager-event-examples, imagebuilder/userguide/log-cloudtrail, and beside each detail.
 */
import * as z from 'zod';
import { findPartition } from '../base/regions.ts';
import { type FixClaim, inferFormatFromPlatform } from '../packages/vulnerabilities.ts';
import { arnTopic, selectorTopic } from './selectors.ts';

/** Our own message, from the reconcile or the API. */
const TopicsSchema = z.lazy(() => z.object({ topics: z.array(z.string().min(1)).min(1).max(100) }));

/** A page of all findings, or inventories to index; of our own too. */
const FindingsSchema = z.lazy(() => z.object({ findingsAfter: z.string().nullable() }));
const InventoriesSchema = z.lazy(() =>
  z.object({
    inventories: z
      .array(z.object({ pipeline: z.string(), channel: z.string() }))
      .min(1)
      .max(100),
  }),
);

const EnvelopeSchema = z.lazy(() =>
  z.object({
    source: z.string(),
    'detail-type': z.string(),
    account: z.string(),
    region: z.string(),
    resources: z.array(z.string()).default([]),
    detail: z.record(z.string(), z.unknown()).default({}),
  }),
);
type Envelope = z.infer<typeof EnvelopeSchema>;

const ImageDetail = z.lazy(() => z.object({ state: z.object({ status: z.string() }) }));
const AmiDetail = z.lazy(() => z.object({ ImageId: z.string() }));
const ParameterDetail = z.lazy(() => z.object({ name: z.string().startsWith('/') }));
const ComponentCall = z.lazy(() =>
  z.object({
    errorCode: z.string().optional(),
    requestParameters: z.object({ name: z.string() }).nullish(),
    responseElements: z.object({ componentBuildVersionArn: z.string() }).nullish(),
  }),
);
/** inspector/latest/user/eventbridge-integration */
const FindingDetail = z.lazy(() =>
  z.object({
    findingArn: z.string().startsWith('arn:'),
    type: z.string(),
    packageVulnerabilityDetails: z
      .object({
        vulnerablePackages: z
          .array(z.object({ name: z.string(), fixedInVersion: z.string().optional() }))
          .default([]),
      })
      .optional()
      .catch(undefined),
    resources: z
      .array(
        z.object({
          details: z
            .object({ awsEc2Instance: z.object({ platform: z.string().optional() }).optional() })
            .optional(),
        }),
      )
      .default([])
      .catch([]),
  }),
);
/** AmazonECR/latest/userguide/ecr-eventbridge */
const ContainerDetail = z.lazy(() =>
  z.object({
    'action-type': z.string(),
    result: z.string(),
    'repository-name': z.string().min(1),
  }),
);
/** AmazonS3/latest/userguide/ev-events: unlike in other notifications of S3, the key is not encoded. */
const ObjectDetail = z.lazy(() =>
  z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({ key: z.string().min(1) }),
  }),
);
const ReleaseDetail = z.lazy(() => z.object({ pipeline: z.string(), channel: z.string() }));

export type Hint =
  | { readonly kind: 'topics'; readonly topics: readonly string[] }
  /** `claims`: what the event says of packages; enough to see that nothing is new, and nothing more. Absent where it does not say. */
  | { readonly kind: 'finding'; readonly arn: string; readonly claims?: readonly FixClaim[] }
  /** Undefined: the first page. */
  | { readonly kind: 'findings'; readonly after: string | undefined }
  | { readonly kind: 'inventories'; readonly channels: readonly { pipeline: string; channel: string }[] }
  /** Understood, and about nothing that a selector could name. */
  | { readonly kind: 'nothing'; readonly why: string }
  | { readonly kind: 'malformed'; readonly why: string };

/** Any JSON value that arrived in the hint queue. */
export function parseHint(body: unknown): Hint {
  const own = TopicsSchema.safeParse(body);
  if (own.success) return { kind: 'topics', topics: [...new Set(own.data.topics)] };
  const findings = FindingsSchema.safeParse(body);
  if (findings.success) return { kind: 'findings', after: findings.data.findingsAfter ?? undefined };
  const inventories = InventoriesSchema.safeParse(body);
  if (inventories.success) return { kind: 'inventories', channels: inventories.data.inventories };
  const envelope = EnvelopeSchema.safeParse(body);
  if (!envelope.success) return { kind: 'malformed', why: 'It is neither an event nor a list of topics.' };
  return (
    parseEnvelope(envelope.data) ?? {
      kind: 'malformed',
      why: `Its detail is not that of a "${envelope.data['detail-type']}".`,
    }
  );
}

/** Undefined where the detail has another shape than documented. */
function parseEnvelope(event: Envelope): Hint | undefined {
  switch (`${event.source}/${event['detail-type']}`) {
    case 'aws.imagebuilder/EC2 Image Builder Image State Change':
      return parseImageEvent(event);
    case 'aws.imagebuilder/AWS API Call via CloudTrail':
      return parseComponentEvent(event);
    case 'aws.ssm/Parameter Store Change':
      return parseParameterEvent(event);
    case 'aws.ec2/EC2 AMI State Change':
      return parseAmiEvent(event);
    case 'aws.ecr/ECR Image Action':
      return parseContainerEvent(event);
    case 'aws.s3/Object Created':
    case 'aws.s3/Object Deleted':
      return parseObjectEvent(event);
    case 'aws.inspector2/Inspector2 Finding':
      return parseFindingEvent(event);
    case 'ovenbird/Ovenbird Image Released': {
      const detail = ReleaseDetail.safeParse(event.detail);
      if (!detail.success) return undefined;
      return toTopicHint(selectorTopic({ kind: 'pipeline', ...detail.data }));
    }
    default:
      return { kind: 'nothing', why: `No selector depends on "${event['detail-type']}" of ${event.source}.` };
  }
}

function parseImageEvent(event: Envelope): Hint | undefined {
  const detail = ImageDetail.safeParse(event.detail);
  const arn = event.resources.find((resource) => resource.includes(':image/'));
  if (!detail.success || arn === undefined) return undefined;
  // A version that went away moves no selector forward, and one that is being made is none yet.
  if (detail.data.state.status !== 'AVAILABLE')
    return { kind: 'nothing', why: `The image is ${detail.data.state.status}.` };
  return toTopicHint(arnTopic(arn));
}

function parseComponentEvent(event: Envelope): Hint | undefined {
  const call = ComponentCall.safeParse(event.detail);
  if (!call.success) return undefined;
  const { errorCode, requestParameters, responseElements } = call.data;
  if (errorCode !== undefined) return { kind: 'nothing', why: `The call failed: ${errorCode}.` };
  const arn = responseElements?.componentBuildVersionArn;
  if (arn !== undefined) return toTopicHint(arnTopic(arn));
  if (requestParameters == null) return undefined;
  // What the response holds is not documented; the ARN follows from the name (imagebuilder CreateComponentRequest.name).
  const name = requestParameters.name.toLowerCase().replaceAll(/[ _]/g, '-');
  const { region, account } = event;
  return toTopicHint(`arn:${findPartition(region)}:imagebuilder:${region}:${account}:component/${name}`);
}

/** The image may be pinned somewhere, and it may be, or have been, the newest that a lookup of its owner finds. */
function parseAmiEvent({ detail, account, region }: Envelope): Hint | undefined {
  const image = AmiDetail.safeParse(detail);
  if (!image.success) return undefined;
  const pinned = selectorTopic({ kind: 'ami', id: image.data.ImageId, region });
  return { kind: 'topics', topics: [pinned, lookupTopic(region, account)] };
}

function parseContainerEvent({ detail, account, region }: Envelope): Hint | undefined {
  const action = ContainerDetail.safeParse(detail);
  if (!action.success) return undefined;
  const { 'action-type': type, result, 'repository-name': repository } = action.data;
  if (result !== 'SUCCESS') return { kind: 'nothing', why: `The ${type} ended in ${result}.` };
  // A deleted tag leaves a selector without a version, which people are told.
  if (type !== 'PUSH' && type !== 'DELETE') return { kind: 'nothing', why: `${type} moves no tag.` };
  return toTopicHint(selectorTopic({ kind: 'container', account, region, repository, tag: '' }));
}

function parseObjectEvent({ detail }: Envelope): Hint | undefined {
  const created = ObjectDetail.safeParse(detail);
  if (!created.success) return undefined;
  const { bucket, object } = created.data;
  return toTopicHint(selectorTopic({ kind: 'source', bucket: bucket.name, object: object.key }));
}

function parseParameterEvent(event: Envelope): Hint | undefined {
  const detail = ParameterDetail.safeParse(event.detail);
  if (!detail.success) return undefined;
  return toTopicHint(selectorTopic({ kind: 'ssm', name: detail.data.name, region: event.region }));
}

function parseFindingEvent(event: Envelope): Hint | undefined {
  const detail = FindingDetail.safeParse(event.detail);
  if (!detail.success) return undefined;
  const { type, findingArn: arn, packageVulnerabilityDetails, resources } = detail.data;
  if (type !== 'PACKAGE_VULNERABILITY') return { kind: 'nothing', why: `A finding of the type ${type}.` };
  const format = resources
    .map(({ details }) => inferFormatFromPlatform(details?.awsEc2Instance?.platform))
    .find((entry) => entry !== undefined);
  const packages = packageVulnerabilityDetails?.vulnerablePackages ?? [];
  if (format === undefined || packages.length === 0) return { kind: 'finding', arn };
  const claims = packages.map(({ name, fixedInVersion = '' }) => ({ name, format, fixed: fixedInVersion }));
  return { kind: 'finding', arn, claims };
}

function toTopicHint(name: string): Hint {
  return { kind: 'topics', topics: [name] };
}

function lookupTopic(region: string, owner: string): string {
  return selectorTopic({ kind: 'lookup', owner, region, name: '', architecture: 'x86_64' });
}

/** Kinds whose answer may take long, or needs clients and permissions that the others do without: a function of its own resolves them. */
const STORE_TOPIC_PREFIXES = ['ami:', 'lookup:', 'container:', 'source:', 'packages:'];

/** Whether selectors of the topic are about what is kept in a store: images of EC2, containers, objects, package feeds. */
export function isStoreTopic(topic: string): boolean {
  return STORE_TOPIC_PREFIXES.some((prefix) => topic.startsWith(prefix));
}

/**
 * What an event can say: that the selectors of some topics may mean something else now. The event is never believed; it only names what is
 * to be read again. Shapes: imagebuilder/userguide/integ-eventbridge, AWSEC2/UserGuide/monitor-ami-events,
 * systems-manager/userguide/monitoring-systems-manager-event-examples, imagebuilder/userguide/log-cloudtrail, and beside each detail.
 */
import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { type FixClaim, inferFormatFromPlatform } from '../packages/vulnerabilities.ts';
import { type Announcement, readAnnouncement } from './announcements.ts';
import { type AwsEvent, AwsEventSchema, eventName } from './events.ts';
import { listSelectorKinds } from './selectors.ts';

/** Our own message, from the resync or the API. */
const TopicsSchema = lazyObject(() => ({ topics: z.array(z.string().min(1)).min(1).max(100) }));

/** A page of all findings, or inventories to index; of our own too. */
const FindingsSchema = lazyObject(() => ({ findingsAfter: z.string().nullable() }));
const InventoriesSchema = lazyObject(() => ({
  inventories: z
    .array(z.object({ pipeline: z.string(), channel: z.string() }))
    .min(1)
    .max(100),
}));

/** inspector/latest/user/eventbridge-integration */
const FindingDetail = lazyObject(() => ({
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
}));

export type Hint =
  | { readonly kind: 'topics'; readonly topics: readonly string[] }
  /** `claims`: what the event says of packages; enough to see that nothing is new, and nothing more. Absent where it does not say. */
  | { readonly kind: 'finding'; readonly arn: string; readonly claims?: readonly FixClaim[] }
  /** Undefined: the first page. */
  | { readonly kind: 'findings'; readonly after: string | undefined }
  | { readonly kind: 'inventories'; readonly channels: readonly { pipeline: string; channel: string }[] }
  /** AWS has announced new images of its own. */
  | { readonly kind: 'announcement'; readonly announcement: Announcement }
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
  const announcement = readAnnouncement(body);
  if (announcement === 'unknown')
    return { kind: 'nothing', why: 'AWS announces no images on that topic of SNS.' };
  if (announcement !== undefined) return { kind: 'announcement', announcement };
  const event = AwsEventSchema.safeParse(body);
  if (!event.success) return { kind: 'malformed', why: 'It is neither an event nor a list of topics.' };
  return parseEvent(event.data);
}

function parseEvent(event: AwsEvent): Hint {
  const type = event['detail-type'];
  const malformed = { kind: 'malformed', why: `Its detail is not that of a "${type}".` } as const;
  if (eventName(event) === 'aws.inspector2/Inspector2 Finding') return parseFinding(event) ?? malformed;
  const readings = listSelectorKinds().flatMap((kind) => kind.topicsIn?.(event) ?? []);
  if (readings.length === 0)
    return { kind: 'nothing', why: `No selector depends on "${type}" of ${event.source}.` };
  const topics = readings.flatMap((reading) => ('topics' in reading ? reading.topics : []));
  if (topics.length > 0) return { kind: 'topics', topics };
  const [why] = readings.flatMap((reading) => ('ignored' in reading ? [reading.ignored] : []));
  return why === undefined ? malformed : { kind: 'nothing', why };
}

/** Undefined where the detail has another shape than documented. */
function parseFinding(event: AwsEvent): Hint | undefined {
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

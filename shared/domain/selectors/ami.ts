/** `ami:` selectors: one AMI by its id. */
import * as z from 'zod';
import { createTextSchema, lazyObject, lazyStrictObject } from '../base/schemas.ts';
import { type AwsEvent, type EventReading, readEvent } from './events.ts';
import type { SelectorKind } from './kind.ts';

const Form = lazyStrictObject(() => ({
  ami: createTextSchema(
    /^ami-[0-9a-f]{8,17}$/,
    'an AMI id such as ami-0f3c9a1b2d4e5f678',
    'ami-0f3c9a1b2d4e5f678',
  ).meta({ description: 'A pinned AMI; it never moves.' }),
}));
const Stored = lazyStrictObject(() => ({ kind: z.literal('ami'), id: z.string(), region: z.string() }));

const STATE_CHANGE = 'aws.ec2/EC2 AMI State Change';
const StateDetail = lazyObject(() => ({ ImageId: z.string() }));
/** Sharing an image: docs/aws/events.md#calls-recorded-by-cloudtrail. */
const RECORDED_CALL = 'aws.ec2/AWS API Call via CloudTrail';
const SharingDetail = lazyObject(() => ({
  eventName: z.literal('ModifyImageAttribute'),
  requestParameters: z.object({ imageId: z.string() }),
}));

/** The topic of an event about an image: that it changed its state, or that its owner changed whom it is shared with. */
export function readImageEvent(
  event: AwsEvent,
  toTopic: (image: { readonly id: string; readonly owner: string; readonly region: string }) => string,
): EventReading | undefined {
  const place = { owner: event.account, region: event.region };
  return (
    readEvent(event, [STATE_CHANGE], StateDetail, ({ ImageId }) => ({
      topics: [toTopic({ id: ImageId, ...place })],
    })) ??
    readEvent(event, [RECORDED_CALL], SharingDetail, ({ requestParameters }) => ({
      topics: [toTopic({ id: requestParameters.imageId, ...place })],
    }))
  );
}

export const ami = {
  kind: 'ami',
  usableAs: ['base', 'input'],
  comparesAs: 'value',
  speed: 'slow',
  form: Form,
  stored: Stored,
  normalise: (form, { home }) => ({ selector: { kind: 'ami', id: form.ami, region: home.region } }),
  key: (selector) => toKey(selector),
  topic: (selector) => toKey(selector),
  describe: (rest) => `image ${rest.slice(rest.indexOf(':') + 1)}`,
  topicsIn: (event) => readImageEvent(event, toKey),
  baseImage: ({ version }) => version,
  reach: ({ id, region }) => ({ image: { id, region } }),
  completeKey: (rest, { region }) => `ami:${region}:${rest}`,
  canResolveTo: ({ id }, version) => version === id,
} satisfies SelectorKind<z.infer<typeof Form>, z.infer<typeof Stored>>;

function toKey({ id, region }: { readonly id: string; readonly region: string }): string {
  return `ami:${region}:${id}`;
}

/** Events of EventBridge, as selector kinds read them. */
import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';

export const AwsEventSchema = lazyObject(() => ({
  source: z.string(),
  'detail-type': z.string(),
  account: z.string(),
  region: z.string(),
  resources: z.array(z.string()).default([]),
  detail: z.record(z.string(), z.unknown()).default({}),
}));
export type AwsEvent = z.infer<typeof AwsEventSchema>;

/** Topics that an event hints at, why it hints at none, or that its detail has another shape than documented. */
export type EventReading =
  | { readonly topics: readonly string[] }
  | { readonly ignored: string }
  | { readonly malformed: true };

/** `<source>/<detail-type>`. */
export function eventName(event: AwsEvent): string {
  return `${event.source}/${event['detail-type']}`;
}

/** Reads the detail of an event that has one of these names; undefined for every other event. `read` returns undefined for a malformed one. */
export function readEvent<Detail>(
  event: AwsEvent,
  names: readonly string[],
  schema: z.ZodType<Detail>,
  read: (detail: Detail) => EventReading | undefined,
): EventReading | undefined {
  if (!names.includes(eventName(event))) return undefined;
  const detail = schema.safeParse(event.detail);
  return (detail.success ? read(detail.data) : undefined) ?? { malformed: true };
}

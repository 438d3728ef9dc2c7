import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { Time } from './values.ts';

/** What is to be published, written with the state change that it tells of. */
export const OutboxRecordSchema = lazyObject(() => ({
  id: z.string(),
  detailType: z.string(),
  detail: z.record(z.string(), z.unknown()),
  at: Time,
  published: z.boolean(),
}));
export type OutboxRecord = z.infer<typeof OutboxRecordSchema>;

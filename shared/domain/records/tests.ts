/** What was run on a candidate and what it answered. */
import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { PlacingSchema } from './placing.ts';
import { AttemptRef } from './values.ts';

export const SuiteResultSchema = lazyObject(() => ({
  suite: z.string(),
  status: z.enum(['passed', 'failed', 'timed-out']),
  exitCode: z.number().int().optional(),
  /** Key of the output document. */
  output: z.string().optional(),
  excerpt: z.string().max(2000).default(''),
}));
export type SuiteResult = z.infer<typeof SuiteResultSchema>;

export const TestRecordSchema = lazyObject(() => ({
  ...AttemptRef.shape,
  variant: z.string(),
  instanceType: z.string(),
  instance: z.string().optional(),
  /** How many placements there are for it. */
  placements: z.number().int().positive().optional(),
  placing: PlacingSchema.optional(),
  /** Its index, on which writes are conditional. */
  placed: z.number().int().optional(),
  terminated: z.boolean().default(false),
  results: z.array(SuiteResultSchema).default([]),
  /** Commands sent, by suite: a repeat finds the one that runs. */
  commands: z.record(z.string(), z.string()).default({}),
  /** Why the case could not be run to its end. */
  problem: z.string().optional(),
}));
export type TestRecord = z.infer<typeof TestRecordSchema>;

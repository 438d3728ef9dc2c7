/** What was observed and decided: of a pipeline, of a fingerprint, of waves and of slots for bakes. */
import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { Fingerprint, Time } from './values.ts';

/** What decided against a fingerprint: a person, or too many failures. */
export const RefusedBySchema = z.enum(['rejected', 'expired', 'cancelled', 'rolled-back', 'failures']);

/** Why a pipeline does not bake, as it was decided: a code of `HOLD_REASONS`, the facts of that code, and the message that they gave. */
export const HoldReasonSchema = lazyObject(() => ({
  code: z.string(),
  message: z.string(),
  /** When time alone ends it. */
  until: Time.optional(),
  /** The other pipeline, the bake, and so on that it is about. */
  pipeline: z.string().optional(),
  bake: z.string().optional(),
  phase: z.enum(['in-progress', 'ending', 'targets-unknown', 'earlier-tick', 'superseded']).optional(),
  /** The bake named was begun for exactly what is wanted. */
  buildsDesired: z.boolean().optional(),
  selector: z.string().optional(),
  change: z.string().optional(),
  images: z.number().int().optional(),
  isMore: z.boolean().optional(),
  capacity: z.string().optional(),
  used: z.number().int().optional(),
  release: z.string().optional(),
  channel: z.string().optional(),
  failures: z.number().int().optional(),
  refusedBy: RefusedBySchema.optional(),
  /** Words for people: a schedule, the reason of a freeze window or of a refusal. */
  detail: z.string().optional(),
}));
export type HoldReason = z.infer<typeof HoldReasonSchema>;

/** The status of one pipeline. `version` fences every write: it rises by one with each. */
export const PipelineStatusSchema = lazyObject(() => ({
  pipeline: z.string(),
  version: z.number().int().nonnegative(),
  dirty: z.boolean(),
  /** First change since the last plan that started or found nothing to do. */
  dirtySince: Time.optional(),
  /** Seconds for which ancestors in progress alone have held it; `since` while that goes on. It ends with `maxHold`. */
  heldByAncestors: z.object({ seconds: z.number().nonnegative(), since: Time.optional() }).optional(),
  dueAt: Time.optional(),
  /** Changes come in groups: before this nothing starts by itself. */
  debounceUntil: Time.optional(),
  /** Id of the last forced request: it is part of the bits from then on. */
  rebuildToken: z.string().optional(),
  /** Tick of a schedule that always bakes: part of the bits until the next one. */
  tick: Time.optional(),
  /** Ticks up to here were taken up, or found nothing to do. */
  ticksHandledUntil: Time.optional(),
  /** Minimum versions of packages, by name, each with the change that raised it. */
  minimumVersions: z.record(z.string(), z.object({ version: z.string(), change: z.string() })).default({}),
  /** Targets that a person would not have the current release go to. */
  refusedTargets: z.array(z.string()).optional(),
  /** Changes not yet taken up by a bake, oldest first. */
  changes: z.array(z.string()),
  /** First changes of their chains. */
  causes: z.array(z.string()).default([]),
  /** Set by a person's request to bake; taken up with the next plan. */
  request: z.object({ id: z.string(), by: z.string(), at: Time, force: z.boolean() }).optional(),
  activeBake: z.string().optional(),
  supersededInRow: z.number().int().nonnegative(),
  consecutiveFailures: z.number().int().nonnegative(),
  decision: z
    .object({
      at: Time,
      kind: z.enum(['start', 'hold', 'up-to-date']),
      reasons: z.array(HoldReasonSchema),
      bake: z.string().optional(),
      /** Version of the row that holds it: a higher one means that something has been told since. */
      version: z.number().int().optional(),
    })
    .optional(),
}));
export type PipelineStatus = z.infer<typeof PipelineStatusSchema>;

/** One row per fingerprint of a pipeline: at most one bake, ever, unless it failed and may be tried again. */
export const FingerprintRecordSchema = lazyObject(() => ({
  pipeline: z.string(),
  ...Fingerprint.shape,
  state: z.enum(['baking', 'released', 'failed', 'refused']),
  bake: z.string(),
  failures: z.number().int().nonnegative(),
  /** Attempts that ended for want of room, since the last release. */
  shortages: z.number().int().nonnegative().optional(),
  lastFailureAt: Time.optional(),
  /** Of a refused one. */
  refusedBy: RefusedBySchema.optional(),
  reason: z.string().optional(),
  /** Of a release: where it was brought to. */
  targets: z.array(z.string()).optional(),
  /** The bake whose release is retained while another one brings it to new targets or points to it again. */
  retained: z.string().optional(),
}));
export type FingerprintRecord = z.infer<typeof FingerprintRecordSchema>;

/** A wave that needs a person: listed while it waits, due from its confirmation until the pipelines that it held have been reconciled. */
export const WaveRecordSchema = lazyObject(() => ({ change: z.string() }));
export type WaveRecord = z.infer<typeof WaveRecordSchema>;

/** Slots for bakes of one account or team: how many are used. */
export const CapacityRecordSchema = lazyObject(() => ({
  key: z.string(),
  used: z.number().int().nonnegative(),
}));

/** What the planner knows and has decided: of a pipeline, of a fingerprint, of waves and of places for bakes. */
import * as z from 'zod';
import { Time } from './values.ts';

/** Why a pipeline is not baking, as it was decided; shown as it stands, never rebuilt by guessing. */
export const HoldReasonSchema = z.lazy(() =>
  z.object({
    code: z.enum([
      'up-to-date',
      'debounce',
      'ancestor-in-progress',
      'bake-running',
      'after-approval',
      'unresolved',
      'manual',
      'disabled',
      'too-many-failures',
      'pinned',
      'refused',
      'back-off',
      'schedule',
      'freeze',
      'wave-unconfirmed',
      'concurrency',
      'superseded-twice',
    ]),
    message: z.string(),
    /** When time alone ends it. */
    until: Time.optional(),
    /** Who or what it is about, where it is about one: for machines, which do not read sentences. */
    pipeline: z.string().optional(),
    bake: z.string().optional(),
    /** The bake named was begun for exactly what is wanted. */
    buildsDesired: z.boolean().optional(),
    selector: z.string().optional(),
    change: z.string().optional(),
    capacity: z.string().optional(),
  }),
);
export type HoldReason = z.infer<typeof HoldReasonSchema>;

/** What the planner knows of one pipeline. `version` fences every write: it rises by one with each. */
export const PipelineStatusSchema = z.lazy(() =>
  z.object({
    pipeline: z.string(),
    version: z.number().int().nonnegative(),
    dirty: z.boolean(),
    /** First change since the last plan that started or found nothing to do. */
    dirtySince: Time.optional(),
    dueAt: Time.optional(),
    /** Changes come in groups: before this nothing starts by itself. */
    debounceUntil: Time.optional(),
    /** Id of the last forced request: it is part of the bits from then on. */
    rebuildToken: z.string().optional(),
    /** Tick of a schedule that always bakes: part of the bits until the next one. */
    tick: Time.optional(),
    /** Ticks up to here were taken up, or found nothing to do. */
    ticksHandledUntil: Time.optional(),
    /** Least versions wanted of packages, by name, each with the change that asked for it. */
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
  }),
);
export type PipelineStatus = z.infer<typeof PipelineStatusSchema>;

/** One row per fingerprint of a pipeline: at most one bake, ever, unless it failed and may be tried again. */
export const FingerprintRecordSchema = z.lazy(() =>
  z.object({
    pipeline: z.string(),
    bits: z.string(),
    proof: z.string(),
    state: z.enum(['baking', 'released', 'failed', 'refused']),
    bake: z.string(),
    failures: z.number().int().nonnegative(),
    lastFailureAt: Time.optional(),
    reason: z.string().optional(),
    /** Of a release: where it was brought to. */
    targets: z.array(z.string()).optional(),
    /** The bake whose release is kept, while another one brings it to new targets or points to it again. */
    retained: z.string().optional(),
  }),
);
export type FingerprintRecord = z.infer<typeof FingerprintRecordSchema>;

/** A wave that needs a person: listed while it waits, due from when it was confirmed until whoever it held has been planned. */
export const WaveRecordSchema = z.lazy(() => z.object({ change: z.string() }));
export type WaveRecord = z.infer<typeof WaveRecordSchema>;

/** Places for bakes of one account or team: how many are taken. */
export const CapacityRecordSchema = z.lazy(() =>
  z.object({ key: z.string(), used: z.number().int().nonnegative() }),
);
export type CapacityRecord = z.infer<typeof CapacityRecordSchema>;

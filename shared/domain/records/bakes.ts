/** What is stored of bakes: their attempts, steps and images. */
import * as z from 'zod';
import { ArtifactSchema } from '../artifacts/artifacts.ts';
import { lazyObject } from '../base/schemas.ts';
import { ENGINE_NAMES } from '../engines/engines.ts';
import { ATTEMPT_STATES, STEP_NAMES } from './attempt-states.ts';
import { FingerprintInputsSchema, LockSchema } from './locks.ts';
import { PlacingSchema } from './placing.ts';
import { AttemptRef, BakeId, Fingerprint, Time } from './values.ts';

export const BakeRecordSchema = lazyObject(() => ({
  id: BakeId,
  pipeline: z.string(),
  revision: z.number().int().positive(),
  channel: z.string(),
  ...Fingerprint.shape,
  lock: LockSchema,
  fingerprintInputs: FingerprintInputsSchema.optional(),
  /** The step at which it began, and the bake whose images it reuses. */
  startsAt: z.enum(['Build', 'Test', 'Approve', 'Distribute']).default('Build'),
  reusesBake: z.string().optional(),
  /** The release that it led to. */
  release: z.string().optional(),
  /** Sentence that says why it was started. */
  reason: z.string(),
  /** Changes that it takes up, and the first changes of their chains. */
  changes: z.array(z.string()),
  causes: z.array(z.string()),
  requestedBy: z.string().optional(),
  attempt: z.number().int().positive(),
  state: z.enum(ATTEMPT_STATES),
  createdAt: Time,
  endedAt: Time.optional(),
}));
export type BakeRecord = z.infer<typeof BakeRecordSchema>;

export const FailureSchema = lazyObject(() => ({
  step: z.string(),
  name: z.string(),
  reason: z.string(),
  log: z.string().optional(),
}));
export type Failure = z.infer<typeof FailureSchema>;

export const AttemptRecordSchema = lazyObject(() => ({
  ...AttemptRef.shape,
  state: z.enum(ATTEMPT_STATES),
  execution: z.string().optional(),
  startedAt: Time,
  endedAt: Time.optional(),
  /** The identity that requested this retry; the bake's own requester stands there. */
  requestedBy: z.string().optional(),
  /** A person or a newer lock wants the attempt to end; decides which terminal state an aborted execution gets. */
  endRequested: z.object({ as: z.enum(['cancelled', 'superseded']), by: z.string(), at: Time }).optional(),
  failure: FailureSchema.optional(),
  cleanedUp: z.boolean().default(false),
  /** Its distribution failed: until then its approved image and verified copies are kept for a retry. */
  keptUntil: Time.optional(),
  /** The attempt whose image it distributes, without building, testing and asking again. */
  continues: z.number().int().positive().optional(),
  /** Slots among concurrent bakes that it holds. */
  capacity: z.array(z.string()).default([]),
}));
export type AttemptRecord = z.infer<typeof AttemptRecordSchema>;

export const StepRecordSchema = lazyObject(() => ({
  ...AttemptRef.shape,
  name: z.enum(STEP_NAMES),
  state: z.enum(['running', 'succeeded', 'failed', 'skipped']),
  startedAt: Time,
  endedAt: Time.optional(),
  /** One sentence for people. */
  summary: z.string().optional(),
  /** What stops nothing and has to be known before the image is approved, a sentence each. */
  warnings: z.array(z.string()).optional(),
  links: z.record(z.string(), z.string()).default({}),
}));
export type StepRecord = z.infer<typeof StepRecordSchema>;

export const ArtifactRecordSchema = lazyObject(() => ({
  ...AttemptRef.shape,
  variant: z.string(),
  engine: z.enum(ENGINE_NAMES),
  /** Id of the build at the engine. */
  build: z.string(),
  startedAt: Time.optional(),
  /** How many placements the engine has for it. */
  placements: z.number().int().positive().optional(),
  placing: PlacingSchema.optional(),
  /** Builds that ended for want of room, before this one. */
  replaced: z.array(z.string()).optional(),
  /** What the build made; absent until it is recorded. */
  artifact: ArtifactSchema.optional(),
  /** Key of the inventory document (evidence bucket). */
  inventory: z.string().optional(),
  /** Digest of the packages alone: equal for images with equal inventories. */
  inventoryDigest: z.string().optional(),
  /** Why there is no inventory, once it was to be collected. */
  inventoryProblem: z.string().optional(),
  /** The bake that built it, where this one reuses it: its tags name that bake, and this one never removes it. */
  reusedFrom: BakeId.optional(),
  log: z.string().optional(),
  durationSeconds: z.number().nonnegative().optional(),
  digest: z.string().optional(),
  /** Of its tests, with a sentence for each that it did not pass. */
  verdict: z.enum(['passed', 'failed']).optional(),
  testFailures: z.array(z.string()).optional(),
  /** Cleaned up: image, snapshots and the engine's record are gone. */
  removed: z.boolean().default(false),
}));
export type ArtifactRecord = z.infer<typeof ArtifactRecordSchema>;

/** All that were started for the artifact, oldest first. */
export function listBuilds({ replaced = [], build }: Pick<ArtifactRecord, 'replaced' | 'build'>): string[] {
  return [...replaced, build];
}

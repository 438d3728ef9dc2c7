/** What is stored of releases, and of the channels in which they are current. */
import * as z from 'zod';
import { ArtifactSchema } from '../artifacts/artifacts.ts';
import { lazyObject } from '../base/schemas.ts';
import { FingerprintInputsSchema } from './locks.ts';
import { Fingerprint, Time } from './values.ts';

export const ChannelRecordSchema = lazyObject(() => ({
  pipeline: z.string(),
  channel: z.string(),
  release: z.string(),
  bake: z.string(),
  ...Fingerprint.shape,
  /** Rises by one with each move: the fence for writes of pointers. */
  sequence: z.number().int().positive(),
  /** AMI in the control account per variant, which dependents build on. */
  images: z.record(z.string(), z.string()),
  /** What the release is made of; a newer desired state is compared with it. */
  fingerprintInputs: FingerprintInputsSchema.optional(),
  /** Digest of the packages in the image, for dependents with early cutoff. */
  inventoryDigest: z.string().optional(),
  /** Targets that the release was brought to: `account/region/mode`. */
  targets: z.array(z.string()).optional(),
  at: Time,
}));
export type ChannelRecord = z.infer<typeof ChannelRecordSchema>;

/** A copy of a release in one target. Parameter and launch template are named where they show it. */
const ReleaseTargetSchema = lazyObject(() => ({
  account: z.string(),
  region: z.string(),
  variant: z.string(),
  artifact: ArtifactSchema,
  parameter: z.string().optional(),
  launchTemplate: z.string().optional(),
}));

/**
 * How far the clean-up is with a release: marked; its images deprecated too; the mark taken back, which their dates do not show yet; its images are
 * being removed; all of them are gone. The first three can still become current again.
 */
const CleanUpStateSchema = z.enum(['marked', 'announced', 'undone', 'removing', 'removed']);

export const ReleaseRecordSchema = lazyObject(() => ({
  id: z.string(),
  pipeline: z.string(),
  channel: z.string(),
  bake: z.string(),
  ...Fingerprint.shape,
  images: z.record(z.string(), z.string()),
  /** Every copy that is retained. */
  targets: z.array(ReleaseTargetSchema),
  /** When it was made current, last. */
  at: Time,
  /** The bakes that made it current, oldest first: the first built the image, the others reused it. */
  bakes: z
    .array(
      z.object({
        bake: z.string(),
        startsAt: z.enum(['Build', 'Test', 'Approve', 'Distribute']),
        proof: z.string(),
        at: Time,
      }),
    )
    .default([]),
  cleanUp: CleanUpStateSchema.optional(),
  /** Of a marked one: not removed before. */
  removeAt: Time.optional(),
  /** The person who wants it kept, whatever the definition says. */
  keptBy: z.string().optional(),
}));
export type ReleaseRecord = z.infer<typeof ReleaseRecordSchema>;

/** Its images are going or gone: nothing can be made of it any more. */
export function isGoing({ cleanUp }: Pick<ReleaseRecord, 'cleanUp'>): boolean {
  return cleanUp === 'removing' || cleanUp === 'removed';
}

/** What is stored of releases, and of the channels in which they are current. */
import * as z from 'zod';
import { ArtifactSchema } from '../artifacts/artifacts.ts';
import { FingerprintInputsSchema } from './locks.ts';
import { Time } from './values.ts';

export const ChannelRecordSchema = z.lazy(() =>
  z.object({
    pipeline: z.string(),
    channel: z.string(),
    release: z.string(),
    bake: z.string(),
    /** Hash of what changes the image. */
    bits: z.string(),
    /** Hash of what changes how the image is judged. */
    proof: z.string(),
    /** Rises by one with each move: the fence for writes of pointers. */
    sequence: z.number().int().positive(),
    /** AMI in the control account per variant, which children build on. */
    images: z.record(z.string(), z.string()),
    /** What the release is made of; a newer desired state is compared with it. */
    fingerprintInputs: FingerprintInputsSchema.optional(),
    /** Digest of the packages in the image, for children with early cutoff. */
    inventoryDigest: z.string().optional(),
    /** Targets that the release was brought to: `account/region/mode`. */
    targets: z.array(z.string()).optional(),
    at: Time,
  }),
);
export type ChannelRecord = z.infer<typeof ChannelRecordSchema>;

/** A copy of a release in one target. Parameter and launch template are named where they show it. */
export const ReleaseTargetSchema = z.lazy(() =>
  z.object({
    account: z.string(),
    region: z.string(),
    variant: z.string(),
    artifact: ArtifactSchema,
    parameter: z.string().optional(),
    launchTemplate: z.string().optional(),
  }),
);

export const ReleaseRecordSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    pipeline: z.string(),
    channel: z.string(),
    bake: z.string(),
    /** Hash of what changes the image. */
    bits: z.string(),
    /** Hash of what changes how the image is judged. */
    proof: z.string(),
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
  }),
);
export type ReleaseRecord = z.infer<typeof ReleaseRecordSchema>;

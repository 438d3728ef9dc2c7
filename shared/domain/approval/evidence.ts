/** What a vote is about: the evidence, and the digests of evidence, images and targets that a decision is bound to. */
import * as z from 'zod';
import { ArtifactSchema } from '../artifacts/artifacts.ts';
import { canonical, type Digest } from '../base/canonical.ts';
import { type Definition, TargetSchema } from '../definitions/definition.ts';
import type { ArtifactRecord } from '../records/bakes.ts';
import { GateRecordSchema } from '../records/gates.ts';
import { LockSchema } from '../records/locks.ts';
import { SuiteResultSchema } from '../records/tests.ts';
import { PackageDiffSchema } from './package-diff.ts';

const ChangeSchema = z.object({
  id: z.string(),
  selector: z.string(),
  from: z.string().optional(),
  to: z.string(),
  at: z.string(),
});

/**
 * What approvers vote on, frozen with the request and stored as one document. Two attempts with equal content have equal evidence, so that
 * a decision stands for both.
 */
export const EvidenceSchema = z.object({
  version: z.literal(1),
  pipeline: z.string(),
  description: z.string(),
  team: z.string(),
  channel: z.string(),
  revision: z.number().int().positive(),
  bake: z.string(),
  /** Why the bake was started, as a sentence. */
  reason: z.string(),
  requestedBy: z.string().optional(),
  /** Changes since the bake before, each with the first change of its chain where that is another one. */
  changes: z.array(ChangeSchema.extend({ cause: ChangeSchema.optional() })),
  lock: LockSchema,
  images: z.array(z.object({ variant: z.string(), artifact: ArtifactSchema })),
  tests: z.array(
    z.object({ variant: z.string(), instanceType: z.string(), results: z.array(SuiteResultSchema) }),
  ),
  /** Each gate's own verdict; the digest binds a decision to what the gate judged. */
  gates: z.array(
    GateRecordSchema.unwrap().pick({ name: true, outcome: true, reasons: true, evidenceDigest: true }),
  ),
  /** Compared with the current release of the channel; without a release there is no `against`. */
  packages: z.array(
    z.object({ variant: z.string(), total: z.number().int(), against: z.string().optional() }).extend({
      diff: PackageDiffSchema,
      /** Why the packages are not known. */
      unknown: z.string().optional(),
    }),
  ),
  /** Where the image would go; of an image that is released already, the new targets only. */
  targets: z.array(TargetSchema),
  /** What will not happen though it is asked for: targets that are not required and cannot be written to. */
  warnings: z.array(z.string()).optional(),
  /** Of an image that an earlier bake built: that bake, the step at which this one starts, and the targets that have the release already. */
  retained: z
    .object({
      bake: z.string(),
      startsAt: z.enum(['Test', 'Approve', 'Distribute']),
      targets: z.array(z.string()).default([]),
    })
    .optional(),
});
export type Evidence = z.infer<typeof EvidenceSchema>;

export function evidenceDigest(digest: Digest, evidence: Evidence): string {
  return digest(canonical(evidence));
}

export function imagesDigest(digest: Digest, images: readonly ArtifactRecord[]): string {
  const claims = images
    .map(({ variant, artifact, digest: own }) => ({ variant, artifact, digest: own }))
    .sort((a, b) => (a.variant < b.variant ? -1 : 1));
  return digest(canonical(claims));
}

export function targetsDigest(digest: Digest, distribution: Definition['distribution']): string {
  return digest(canonical({ targets: distribution.targets, parameter: distribution.parameter }));
}

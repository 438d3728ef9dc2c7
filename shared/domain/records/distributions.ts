/** What is stored of a distribution: its plan, and one ledger row for each target. */
import * as z from 'zod';
import { ArtifactSchema } from '../artifacts/artifacts.ts';
import { lazyObject } from '../base/schemas.ts';
import { AttemptRef, Time } from './values.ts';

export const LEDGER_STEPS = [
  'sweep',
  'permit-source',
  'copy',
  'tag',
  'deprecate',
  'permit',
  'launch-template',
  'verify',
  'remember',
  'parameter',
  'default-version',
] as const;

export type LedgerStep = (typeof LEDGER_STEPS)[number];

/** A target's row in the ledger: what has been done there, so that every step is idempotent and resumable. */
export const TargetRecordSchema = lazyObject(() => ({
  ...AttemptRef.shape,
  account: z.string(),
  region: z.string(),
  variant: z.string(),
  mode: z.enum(['copy', 'share']),
  required: z.boolean(),
  /** What is copied or shared: the artifact as built, or what another transfer of the plan has made. */
  from: z.union([z.literal('built'), z.object({ transfer: z.string() })]).default('built'),
  /** Copies into one account and region are started batch by batch. */
  batch: z.number().int().nonnegative().default(0),
  state: z.enum(['planned', 'copying', 'verified', 'released', 'failed', 'removed']),
  done: z.array(z.enum(LEDGER_STEPS)).default([]),
  /** The copy, or the shared artifact itself. A copy that is on its way names no snapshots yet. */
  artifact: ArtifactSchema.optional(),
  copyAttempts: z.number().int().nonnegative().default(0),
  problem: z.string().optional(),
  parameter: z.string().optional(),
  /** What the parameter held before, so that a failed flip can be taken back. */
  previousParameterValue: z.string().optional(),
  /** When Parameter Store was first and last asked to show the artifact: it answers before it has looked at the value. */
  parameterAsked: z.object({ first: Time, last: Time }).optional(),
  /** Since when its pointers are being put back. */
  restoringSince: Time.optional(),
  launchTemplate: z.string().optional(),
  launchTemplateVersion: z.string().optional(),
  /** Default version of the launch template before. */
  previousTemplateVersion: z.string().optional(),
  digest: z.string().optional(),
  version: z.number().int().nonnegative().default(0),
  /** True for the control account's own copy in a region that targets in `share` mode are given. */
  sharedCopy: z.boolean().default(false),
  /** Key as the definition names it, and the ARN that it had when the copy was started. */
  key: z.string().optional(),
  keyArn: z.string().optional(),
  copyStartedAt: Time.optional(),
  /** When its account was last permitted to copy the source; EC2 may not know it at once. */
  permittedAt: Time.optional(),
  /** The artifact belongs to a retained release: it is verified again, and never removed or unshared. */
  reused: z.boolean().default(false),
  /** The retained copy that stood here and is gone. */
  missingImageId: z.string().optional(),
  /** AWS asked us to come back, or all copy slots are taken: not before this time. */
  notBefore: Time.optional(),
  postponements: z.number().int().nonnegative().default(0),
}));
export type TargetRecord = z.infer<typeof TargetRecordSchema>;

/** What a bake's distribution was planned to do; frozen, so that every repeat of a call says the same to AWS. */
export const DistributionRecordSchema = lazyObject(() => ({
  ...AttemptRef.shape,
  pipeline: z.string(),
  channel: z.string(),
  account: z.string(),
  region: z.string(),
  /** The channel's sequence when the plan was made, 0 without a release: a newer release since then makes this one outdated. */
  sequence: z.number().int().nonnegative(),
  /** The image as built, per variant. */
  sources: z.record(
    z.string(),
    z.object({
      artifact: ArtifactSchema,
      architecture: z.string(),
      devices: z.array(z.string()),
      tags: z.record(z.string(), z.string()),
    }),
  ),
  deprecateAt: Time.optional(),
  /** Accounts that a retained release shares the image as built with, per variant: they keep it in any case. */
  sharedWith: z.record(z.string(), z.array(z.string())).optional(),
  /** Pointers move only in `moving`; `restored` is final for the attempt. */
  state: z.enum(['planned', 'moving', 'moved', 'restoring', 'restored', 'released']),
  plannedAt: Time,
  version: z.number().int().nonnegative().default(0),
}));
export type DistributionRecord = z.infer<typeof DistributionRecordSchema>;

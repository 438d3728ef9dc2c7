/** What an image is made of: versions of selectors at one moment, and everything else that reconcile compares. */
import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { SelectorSchema } from '../selectors/selectors.ts';

/** A selector's version as it was when a lock was taken. */
export const LockEntrySchema = lazyObject(() => ({
  key: z.string(),
  selector: SelectorSchema,
  version: z.string(),
  detail: z.record(z.string(), z.string()).optional(),
}));
export type LockEntry = z.infer<typeof LockEntrySchema>;

/** All versions of one pipeline's selectors at one moment, each kind in the order of the definition. */
export const LockSchema = lazyObject(() => ({
  base: LockEntrySchema,
  components: z.array(LockEntrySchema),
  inputs: z.array(LockEntrySchema).default([]),
  /** Test components: they judge the image. */
  tests: z.array(LockEntrySchema).default([]),
}));
export type Lock = z.infer<typeof LockSchema>;

/** Everything that reconcile compares of an image's content. */
export const FingerprintInputsSchema = lazyObject(() => ({
  definitionDigest: z.string(),
  /** The definition's own part of the proof, the hash of what changes how the image is judged. */
  proof: z.string().optional(),
  /** By selector key. */
  versions: z.record(z.string(), z.string()),
  /** Id of a forced request. */
  rebuildToken: z.string().optional(),
  /** Tick of a schedule that always bakes. */
  tick: z.string().optional(),
  /** Least version wanted of a package, by its name. */
  minimumVersions: z.record(z.string(), z.string()).optional(),
}));
export type FingerprintInputs = z.infer<typeof FingerprintInputsSchema>;

/** What is stored of selectors: what they mean now, what depends on them, and how they have moved. */
import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { SelectorSchema } from '../selectors/selectors.ts';
import { Time } from './values.ts';

/** A pipeline whose definition names the selector; what a change needs to know to mark it. */
export const SelectorDependentRecordSchema = lazyObject(() => ({
  selector: z.string(),
  pipeline: z.string(),
  debounceSeconds: z.number().int().nonnegative(),
}));
export type SelectorDependentRecord = z.infer<typeof SelectorDependentRecordSchema>;

/** A selector under its topic: what an event about the topic leads to. */
export const TopicSelectorRecordSchema = lazyObject(() => ({
  topic: z.string(),
  key: z.string(),
  selector: SelectorSchema,
}));
export type TopicSelectorRecord = z.infer<typeof TopicSelectorRecordSchema>;

/** How often a definition has begun to look at a parameter. */
export const LookersRecordSchema = lazyObject(() => ({ version: z.number().int().positive() }));

export const SelectorRecordSchema = lazyObject(() => ({
  key: z.string(),
  topic: z.string(),
  selector: SelectorSchema,
  /** Undefined until it first resolved. */
  version: z.string().optional(),
  detail: z.record(z.string(), z.string()).optional(),
  change: z.string().optional(),
  since: Time.optional(),
  checkedAt: Time.optional(),
  /** Why the last attempt to resolve it gave nothing; the last known version stays. */
  problem: z.string().optional(),
  /** Versions that it has left within the last hour or so. */
  leftVersions: z.array(z.object({ version: z.string(), at: Time, isReturn: z.boolean() })).optional(),
  /** Where it stands now, if that is not yet followed because it goes to and fro. */
  unsettled: z.object({ version: z.string(), until: Time }).optional(),
  /** How often a pipeline has begun to use it: removing it as unused is conditional on this, so that a concurrent new dependent is not missed. */
  uses: z.number().int().nonnegative().optional(),
  /** When a definition first named it; one that was forgotten and named again counts its uses anew. */
  namedAt: Time.optional(),
}));
export type SelectorRecord = z.infer<typeof SelectorRecordSchema>;

export const ChangeRecordSchema = lazyObject(() => ({
  id: z.string(),
  selector: z.string(),
  from: z.string().optional(),
  to: z.string(),
  at: Time,
  /** Id of the first change of the chain; its own id where it is the first. */
  cause: z.string(),
  /** All first changes, where several chains led to the release that this change tells of. */
  causes: z.array(z.string()).default([]),
  /** The change that led to the bake whose release is this change, for `pipeline:` selectors. */
  follows: z.array(z.string()).default([]),
  release: z.string().optional(),
  fanOut: z.enum(['open', 'done']),
  /** Where the fan-out goes on: everything before it is marked. */
  cursor: z.string().optional(),
  /** Of a finding: the package that is to be newer, and the vulnerability. `from` and `to` are its versions. */
  finding: z
    .object({ package: z.string(), format: z.enum(['apt', 'rpm']), vulnerability: z.string() })
    .optional(),
  /** Of a first change that leads to more bakes than may start without a person. */
  wave: z
    .object({
      size: z.number().int().positive(),
      /** Counting stopped at `size`. */
      isMore: z.boolean(),
      confirmed: z.object({ by: z.string(), at: Time }).optional(),
    })
    .optional(),
}));
export type ChangeRecord = z.infer<typeof ChangeRecordSchema>;

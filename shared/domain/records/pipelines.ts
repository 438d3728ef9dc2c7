/** What is stored of a pipeline: its row with what reconcile needs of its definition, and its revisions. */
import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { DefinitionSchema } from '../definitions/definition.ts';
import { SelectorSchema } from '../selectors/selectors.ts';
import { Time } from './values.ts';

export const FreezeWindowSchema = z.lazy(() =>
  z.union([
    z.object({ reason: z.string(), from: Time, to: Time }),
    z.object({
      reason: z.string(),
      opens: z.string(),
      timeZone: z.string(),
      lastsSeconds: z.number().int().positive(),
    }),
  ]),
);
export type FreezeWindow = z.infer<typeof FreezeWindowSchema>;

export const ScheduleSchema = lazyObject(() => ({
  expression: z.string(),
  timeZone: z.string(),
  startCondition: z.enum(['dependency-updates-available', 'always']),
  since: Time.optional().meta({ description: 'When this schedule was applied: a rate counts from there.' }),
}));
export type Schedule = z.infer<typeof ScheduleSchema>;

/** What reconcile needs of a revision, beside the pipeline's row so that no decision has to read whole definitions. */
export const PipelineSpecSchema = lazyObject(() => ({
  channel: z.string(),
  team: z.string(),
  base: SelectorSchema,
  components: z.array(SelectorSchema),
  inputs: z.array(SelectorSchema).default([]),
  /** Test components. */
  tests: z.array(SelectorSchema).default([]),
  /** The engine runs test components within the build, so that they are part of the bits. */
  testsAreBits: z.boolean().default(false),
  /** The base counts as equal while its inventory is. */
  earlyCutoff: z.boolean().default(false),
  /** The definition's own part of the bits: a digest of parameters, architecture, volumes. */
  definitionDigest: z.string(),
  /** The definition's own part of the proof: a digest of suites, gates and where the suites run. */
  proof: z.string(),
  /** Where the image is distributed to: `account/region/mode`. */
  targets: z.array(z.string()).default([]),
  mode: z.enum(['immediate', 'schedule', 'manual']),
  schedule: ScheduleSchema.optional(),
  freeze: z.array(FreezeWindowSchema).default([]),
  pinned: z.boolean().default(false),
  debounceSeconds: z.number().int().nonnegative(),
  longestWaitSeconds: z.number().int().nonnegative().default(3600),
  maxHoldSeconds: z.number().int().nonnegative(),
  maxFailures: z.number().int().positive(),
}));
export type PipelineSpec = z.infer<typeof PipelineSpecSchema>;

/** All selectors of a pipeline in the order in which rows and locks hold them. */
export function listDependencies(
  spec: Pick<PipelineSpec, 'base' | 'components' | 'inputs' | 'tests'>,
): PipelineSpec['components'] {
  return [spec.base, ...spec.components, ...spec.inputs, ...spec.tests];
}

export const DisabledSchema = lazyObject(() => ({
  by: z.string(),
  at: Time,
  reason: z.string().max(500).default(''),
}));
export type Disabled = z.infer<typeof DisabledSchema>;

export const PipelineRecordSchema = lazyObject(() => ({
  name: z.string(),
  revision: z.number().int().positive(),
  digest: z.string(),
  enabled: z.boolean(),
  /** Who disabled it and why, while it is. */
  disabled: DisabledSchema.optional(),
  parents: z.array(z.string()),
  spec: PipelineSpecSchema,
  createdAt: Time,
  updatedAt: Time,
}));
export type PipelineRecord = z.infer<typeof PipelineRecordSchema>;

export const RevisionRecordSchema = lazyObject(() => ({
  pipeline: z.string(),
  revision: z.number().int().positive(),
  definition: DefinitionSchema,
  selectors: z.object({
    base: SelectorSchema,
    components: z.array(SelectorSchema),
    inputs: z.array(SelectorSchema).default([]),
    tests: z.array(SelectorSchema).default([]),
  }),
  digest: z.string(),
  appliedBy: z.string(),
  appliedAt: Time,
}));
export type RevisionRecord = z.infer<typeof RevisionRecordSchema>;

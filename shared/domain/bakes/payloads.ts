import * as z from 'zod';
import { WAIT_KIND_NAMES } from '../waits/lookup.ts';

/**
 * Payloads between states. Executions carry ids; plans and evidence live in the table or in the evidence bucket. Every function that a
 * machine calls parses its input with the schema here, and a test parses what each state sends with the same schema.
 */

/** An attempt of a bake; the input of bake, build, test, approve and distribute. */
export const BakeRefSchema = z.object({ bake: z.string().length(26), attempt: z.number().int().positive() });
export type BakeRef = z.infer<typeof BakeRefSchema>;

/** What check-preflight answers: the step that the bake goes on with. The steps between are skipped: a retained image has been through them. */
export const PreflightAnswerSchema = BakeRefSchema.extend({
  startsAt: z.enum(['Build', 'Test', 'Approve', 'Distribute']),
});

// build
export const BuildListSchema = z.object({
  builds: z.array(z.object({ variant: z.string(), build: z.string() })),
  timeoutSeconds: z.number().int().positive(),
});
/** A build that ended for want of room, to be started anew at its next placement. */
export const PlaceBuildInputSchema = BakeRefSchema.extend({
  variant: z.string(),
  build: z.string(),
  shortage: z.string(),
});
/** Beside what was started, or in its place: none of its placements has room for now. */
const PauseSchema = z.object({
  resource: z.string(),
  lookAgainAt: z.string(),
  timeoutSeconds: z.number().int().positive(),
});
export const PlacedBuildSchema = z.object({ build: z.string(), pause: PauseSchema.optional() });
export const RecordImageInputSchema = BakeRefSchema.extend({ variant: z.string(), build: z.string() });

// waits: the input of register-wait; `token` comes from the context object
export const RegisterWaitInputSchema = BakeRefSchema.extend({
  kind: z.enum(WAIT_KIND_NAMES),
  resource: z.string(),
  token: z.string().min(1).max(2048),
  timeoutSeconds: z.number().int().positive(),
  subject: z.record(z.string(), z.string()).default({}),
});

// test
/** `inventory`: name of the first run that reads the packages, where this case is the one that does. */
export const TestCaseSchema = BakeRefSchema.extend({
  variant: z.string(),
  instanceType: z.string(),
  suites: z.array(z.string()),
  inventory: z.string().optional(),
});
/** `lost`: an instance that ended for want of room. */
export const LaunchInputSchema = TestCaseSchema.extend({
  lost: z.object({ instance: z.string(), reason: z.string() }).optional(),
});
export const TestPlanSchema = z.object({ cases: z.array(TestCaseSchema) });
export const SuiteRunSchema = BakeRefSchema.extend({
  variant: z.string(),
  instanceType: z.string(),
  instance: z.string(),
  suite: z.string(),
});
/** What record-verdict answers. It is told as data: the gate `tests` judges it. */
export const VerdictSchema = z.object({ passed: z.boolean() });

// approve: what the approval waits for and ends with
export const ApprovalOutcomeSchema = z.object({
  /** `asked-again`: the request was withdrawn since its approvers changed; request-approval asks those of now. */
  decision: z.enum(['approved', 'rejected', 'expired', 'not-required', 'asked-again']),
  by: z.string().optional(),
  comment: z.string().optional(),
});
/** What request-approval answers. `waiting` is false where no approval is required, or where a decision still stands: then `outcome` holds it. */
export const RequestApprovalAnswerSchema = z.object({
  waiting: z.boolean(),
  approval: z.string(),
  timeoutSeconds: z.number().int().positive(),
  outcome: ApprovalOutcomeSchema,
});

// distribute
export const DistributionPlanSchema = z.object({
  regions: z.array(z.string()),
  /** One nested execution for each region, under a name that a repeat finds again. */
  runs: z.array(z.object({ region: z.string(), name: z.string() })),
});
export const RegionInputSchema = BakeRefSchema.extend({ region: z.string() });
/** What advance-targets answers: either all targets of the region have ended, or some copies are to be waited for. */
export const RegionProgressSchema = z.object({
  waiting: z.boolean(),
  resource: z.string(),
  failedRequired: z.array(z.string()),
});

/** `regions`: how the nested executions ended; a failure there is data, with the error that Step Functions gives. */
export const MovePointersInputSchema = BakeRefSchema.extend({
  regions: z
    .array(
      z.object({
        region: z.string(),
        failed: z.boolean(),
        error: z.string().optional(),
        cause: z.string().optional(),
      }),
    )
    .default([]),
});

// the end of a bake
export const RecordOutcomeInputSchema = BakeRefSchema.extend({
  error: z.object({ name: z.string(), cause: z.string() }),
});

// answers of the test machine's functions
export const LaunchedSchema = z.union([z.object({ instance: z.string() }), z.object({ pause: PauseSchema })]);
export const SentCommandSchema = z.object({
  command: z.string(),
  timeoutSeconds: z.number().int().positive(),
});
export const CollectTestInputSchema = SuiteRunSchema.extend({ command: z.string() });
export const SuiteStatusSchema = z.object({
  suite: z.string(),
  status: z.enum(['passed', 'failed', 'timed-out']),
});
/** Either the command of a run that has ended, or what kept the packages from being read. */
export const CollectInventoryInputSchema = BakeRefSchema.extend({
  variant: z.string(),
  instanceType: z.string(),
  instance: z.string(),
  suite: z.string(),
  command: z.string().optional(),
  problem: z.string().optional(),
});
/** `suite`: the run that is to follow, empty after the last. */
export const InventoryProgressSchema = z.object({ suite: z.string() });
/** `problem`: why the case could not be run to its end; absent when all suites ran, passed or not. */
export const TerminateInputSchema = TestCaseSchema.extend({ problem: z.string().optional() });

// gates: what evaluate-gates answers; the last three when gates are to be asked again
export const GatesAnswerSchema = z.object({
  outcome: z.enum(['passed', 'failed', 'waiting']),
  reasons: z.array(z.string()),
  resource: z.string().optional(),
  lookAgainAt: z.string().optional(),
  timeoutSeconds: z.number().int().positive().optional(),
});

/** `done` is false while a resource that AWS is still ending has to be checked again. */
export const CleanUpResultSchema = z.object({ done: z.boolean(), removed: z.array(z.string()) });

import * as z from 'zod';
import { DefinitionSchema } from './definition.ts';
import { ATTEMPT_STATES, STEP_NAMES } from './lifecycle.ts';
import { SelectorSchema } from './selectors.ts';

/**
 * Items of the one table. Each record is a zod schema; keys are in naming.ts. Times are ISO strings in UTC. They are lazy because every
 * function imports all of them and uses few: one that starts cold builds those alone.
 */
const Time = z.iso.datetime();
const BakeId = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/);

/** A selector's version as it was when a lock was taken. */
export const LockEntrySchema = z.lazy(() =>
  z.object({
    key: z.string(),
    selector: SelectorSchema,
    version: z.string(),
    detail: z.record(z.string(), z.string()).optional(),
  }),
);
export type LockEntry = z.infer<typeof LockEntrySchema>;
/** All versions of one pipeline's selectors at one moment, each kind in the order of the definition. */
export const LockSchema = z.lazy(() =>
  z.object({
    base: LockEntrySchema,
    components: z.array(LockEntrySchema),
    inputs: z.array(LockEntrySchema).default([]),
    /** Test components: they judge the image. */
    tests: z.array(LockEntrySchema).default([]),
  }),
);
export type Lock = z.infer<typeof LockSchema>;

/** Everything that an image is made of, as far as planning compares it. */
export const IngredientsSchema = z.lazy(() =>
  z.object({
    recipe: z.string(),
    /** The definition's own part of the proof. */
    proof: z.string().optional(),
    /** By selector key. */
    versions: z.record(z.string(), z.string()),
    /** Id of a forced request. */
    salt: z.string().optional(),
    /** Tick of a schedule that always bakes. */
    tick: z.string().optional(),
    /** Least version wanted of a package, by its name. */
    floors: z.record(z.string(), z.string()).optional(),
  }),
);
export type Ingredients = z.infer<typeof IngredientsSchema>;

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

export const ScheduleSchema = z.lazy(() =>
  z.object({
    expression: z.string(),
    timeZone: z.string(),
    startCondition: z.enum(['dependency-updates-available', 'always']),
  }),
);
export type Schedule = z.infer<typeof ScheduleSchema>;

/** What planning needs of a revision, beside the pipeline's row so that no decision has to read whole definitions. */
export const PlanInputsSchema = z.lazy(() =>
  z.object({
    channel: z.string(),
    team: z.string().optional(),
    base: SelectorSchema,
    components: z.array(SelectorSchema),
    inputs: z.array(SelectorSchema).default([]),
    /** Test components. */
    tests: z.array(SelectorSchema).default([]),
    /** Image Builder's own test workflow is on, so that test components are part of the bits. */
    testsAreBits: z.boolean().default(false),
    /** The base counts as equal while its inventory is. */
    earlyCutoff: z.boolean().default(false),
    /** Digest of what the definition itself adds to the bits: parameters, architecture, volumes. */
    recipe: z.string(),
    proof: z.string(),
    /** Where the image is distributed to: `account/region/mode`. */
    places: z.array(z.string()).default([]),
    mode: z.enum(['immediate', 'schedule', 'manual']),
    schedule: ScheduleSchema.optional(),
    freeze: z.array(FreezeWindowSchema).default([]),
    pinned: z.boolean().default(false),
    debounceSeconds: z.number().int().nonnegative(),
    longestWaitSeconds: z.number().int().nonnegative().default(3600),
    maxHoldSeconds: z.number().int().nonnegative(),
    maxFailures: z.number().int().positive(),
  }),
);
export type PlanInputs = z.infer<typeof PlanInputsSchema>;

/** All selectors of a pipeline in the order in which rows and locks hold them. */
export function dependenciesOf(
  plan: Pick<PlanInputs, 'base' | 'components' | 'inputs' | 'tests'>,
): PlanInputs['components'] {
  return [plan.base, ...plan.components, ...plan.inputs, ...plan.tests];
}

export const DisabledSchema = z.lazy(() =>
  z.object({ by: z.string(), at: Time, reason: z.string().max(500).default('') }),
);
export type Disabled = z.infer<typeof DisabledSchema>;

export const PipelineRecordSchema = z.lazy(() =>
  z.object({
    name: z.string(),
    revision: z.number().int().positive(),
    digest: z.string(),
    enabled: z.boolean(),
    /** Who disabled it and why, while it is. */
    disabled: DisabledSchema.optional(),
    parents: z.array(z.string()),
    plan: PlanInputsSchema,
    createdAt: Time,
    updatedAt: Time,
  }),
);
export type PipelineRecord = z.infer<typeof PipelineRecordSchema>;

export const RevisionRecordSchema = z.lazy(() =>
  z.object({
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
  }),
);
export type RevisionRecord = z.infer<typeof RevisionRecordSchema>;

/** Why a pipeline is not baking, as it was decided; shown as it stands, never rebuilt by guessing. */
export const HoldReasonSchema = z.lazy(() =>
  z.object({
    code: z.enum([
      'up-to-date',
      'debounce',
      'ancestor-moving',
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
      'storm-cap',
      'concurrency',
      'superseded-twice',
    ]),
    message: z.string(),
    /** When time alone ends it. */
    until: Time.optional(),
    /** Who or what it is about, where it is about one: for machines, which do not read sentences. */
    pipeline: z.string().optional(),
    bake: z.string().optional(),
    selector: z.string().optional(),
    change: z.string().optional(),
    capacity: z.string().optional(),
  }),
);
export type HoldReason = z.infer<typeof HoldReasonSchema>;

/** What the planner knows of one pipeline. `version` fences every write: it rises by one with each. */
export const PlanningRecordSchema = z.lazy(() =>
  z.object({
    pipeline: z.string(),
    version: z.number().int().nonnegative(),
    dirty: z.boolean(),
    /** First change since the last plan that started or found nothing to do. */
    dirtySince: Time.optional(),
    dueAt: Time.optional(),
    /** Changes come in groups: before this nothing starts by itself. */
    debounceUntil: Time.optional(),
    /** When it was last told of a change. */
    markedAt: Time.optional(),
    /** Id of the last forced request: it is part of the bits from then on. */
    salt: z.string().optional(),
    /** Tick of a schedule that always bakes: part of the bits until the next one. */
    tick: Time.optional(),
    /** Ticks up to here were taken up, or found nothing to do. */
    ticksSeen: Time.optional(),
    /** Least versions wanted of packages, by name, each with the change that asked for it. */
    floors: z.record(z.string(), z.object({ version: z.string(), change: z.string() })).default({}),
    /** Targets that a person would not have the current release go to. */
    refusedPlaces: z.array(z.string()).optional(),
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
        kind: z.enum(['start', 'hold', 'current']),
        reasons: z.array(HoldReasonSchema),
        bake: z.string().optional(),
        /** Version of the row that holds it: a higher one means that something has been told since. */
        version: z.number().int().optional(),
      })
      .optional(),
  }),
);
export type PlanningRecord = z.infer<typeof PlanningRecordSchema>;

/** A pipeline that uses a selector; what a change needs to know to mark it. */
export const SelectorUserRecordSchema = z.lazy(() =>
  z.object({
    selector: z.string(),
    pipeline: z.string(),
    debounceSeconds: z.number().int().nonnegative(),
    /**
     * Of a pipeline that may start in the transaction of the change itself, because it waits for nobody: immediate, no debounce, built on no
     * other pipeline. Everything that the decision has to read is named here.
     */
    express: z.object({ revision: z.number().int().positive(), plan: PlanInputsSchema }).optional(),
  }),
);
export type SelectorUserRecord = z.infer<typeof SelectorUserRecordSchema>;

/** A selector under its topic: what an event about the topic leads to. */
export const TopicSelectorRecordSchema = z.lazy(() =>
  z.object({
    topic: z.string(),
    key: z.string(),
    selector: SelectorSchema,
  }),
);
export type TopicSelectorRecord = z.infer<typeof TopicSelectorRecordSchema>;

export const ChannelRecordSchema = z.lazy(() =>
  z.object({
    pipeline: z.string(),
    channel: z.string(),
    release: z.string(),
    bake: z.string(),
    bits: z.string(),
    proof: z.string(),
    /** Rises by one with each move: the fence of whoever writes pointers. */
    sequence: z.number().int().positive(),
    /** AMI in the control account per variant, which children build on. */
    images: z.record(z.string(), z.string()),
    /** What the release is made of; a newer wish is compared with it. */
    ingredients: IngredientsSchema.optional(),
    /** Digest of the packages in the image, for children with early cutoff. */
    inventoryDigest: z.string().optional(),
    /** Places that the release was brought to: `account/region/mode`. */
    places: z.array(z.string()).optional(),
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
    imageId: z.string(),
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
    bits: z.string(),
    proof: z.string(),
    images: z.record(z.string(), z.string()),
    /** Every copy that is kept. */
    targets: z.array(ReleaseTargetSchema),
    /** When it was made current, last. */
    at: Time,
    /** The bakes that made it current, oldest first: the first built the image, the others kept it. */
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
    places: z.array(z.string()).optional(),
    /** The bake whose release is kept, while another one brings it to new targets or points to it again. */
    kept: z.string().optional(),
  }),
);
export type FingerprintRecord = z.infer<typeof FingerprintRecordSchema>;

export const SelectorRecordSchema = z.lazy(() =>
  z.object({
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
    left: z.array(z.object({ version: z.string(), at: Time, back: z.boolean() })).optional(),
    /** Where it stands now, if that is not yet followed because it goes to and fro. */
    unsettled: z.object({ version: z.string(), until: Time }).optional(),
    /** How often a pipeline has begun to use it: whoever removes it as unused must not miss one that begins meanwhile. */
    uses: z.number().int().nonnegative().optional(),
  }),
);
export type SelectorRecord = z.infer<typeof SelectorRecordSchema>;

export const ChangeRecordSchema = z.lazy(() =>
  z.object({
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
  }),
);
export type ChangeRecord = z.infer<typeof ChangeRecordSchema>;

/** A wave that needs a person: listed while it waits, due from when it was confirmed until whoever it held has been planned. */
export const WaveRecordSchema = z.lazy(() => z.object({ change: z.string() }));
export type WaveRecord = z.infer<typeof WaveRecordSchema>;

export const BakeRecordSchema = z.lazy(() =>
  z.object({
    id: BakeId,
    pipeline: z.string(),
    revision: z.number().int().positive(),
    channel: z.string(),
    bits: z.string(),
    proof: z.string(),
    lock: LockSchema,
    ingredients: IngredientsSchema.optional(),
    /** Where it began, and whose image it took over from there. */
    startsAt: z.enum(['Build', 'Test', 'Approve', 'Distribute']).default('Build'),
    reuses: z.string().optional(),
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
  }),
);
export type BakeRecord = z.infer<typeof BakeRecordSchema>;

export const FailureSchema = z.lazy(() =>
  z.object({
    step: z.string(),
    name: z.string(),
    reason: z.string(),
    log: z.string().optional(),
  }),
);
export type Failure = z.infer<typeof FailureSchema>;

export const AttemptRecordSchema = z.lazy(() =>
  z.object({
    bake: BakeId,
    attempt: z.number().int().positive(),
    state: z.enum(ATTEMPT_STATES),
    execution: z.string().optional(),
    startedAt: Time,
    endedAt: Time.optional(),
    /** Who asked for this attempt by a retry; who asked for the bake stands there. */
    requestedBy: z.string().optional(),
    /** Set when somebody (or a newer lock) asked for the end of the attempt; decides which terminal state an aborted execution gets. */
    endRequested: z.object({ as: z.enum(['cancelled', 'superseded']), by: z.string(), at: Time }).optional(),
    failure: FailureSchema.optional(),
    cleanedUp: z.boolean().default(false),
    /** Places among concurrent bakes that it holds. */
    capacity: z.array(z.string()).default([]),
  }),
);
export type AttemptRecord = z.infer<typeof AttemptRecordSchema>;

export const StepRecordSchema = z.lazy(() =>
  z.object({
    bake: BakeId,
    attempt: z.number().int().positive(),
    name: z.enum(STEP_NAMES),
    state: z.enum(['running', 'succeeded', 'failed', 'skipped']),
    startedAt: Time,
    endedAt: Time.optional(),
    /** One sentence for people. */
    summary: z.string().optional(),
    links: z.record(z.string(), z.string()).default({}),
  }),
);
export type StepRecord = z.infer<typeof StepRecordSchema>;

export const ImageRecordSchema = z.lazy(() =>
  z.object({
    bake: BakeId,
    attempt: z.number().int().positive(),
    variant: z.string(),
    account: z.string(),
    region: z.string(),
    /** Build-version ARN at the engine. */
    build: z.string(),
    imageId: z.string().optional(),
    snapshotIds: z.array(z.string()).default([]),
    /** Key of the inventory document (evidence bucket). */
    inventory: z.string().optional(),
    /** Digest of the packages alone: equal for images with equal inventories. */
    inventoryDigest: z.string().optional(),
    /** The bake that built it, where this one uses a kept image: its tags name that bake, and it is not this one's to remove. */
    adoptedFrom: BakeId.optional(),
    log: z.string().optional(),
    durationSeconds: z.number().nonnegative().optional(),
    digest: z.string().optional(),
    verdict: z.enum(['passed', 'failed']).optional(),
    /** Cleaned up: image, snapshots and the engine's record are gone. */
    removed: z.boolean().default(false),
  }),
);
export type ImageRecord = z.infer<typeof ImageRecordSchema>;

export const SuiteResultSchema = z.lazy(() =>
  z.object({
    suite: z.string(),
    status: z.enum(['passed', 'failed', 'timed-out']),
    exitCode: z.number().int().optional(),
    /** Key of the output document. */
    output: z.string().optional(),
    excerpt: z.string().max(2000).default(''),
  }),
);
export type SuiteResult = z.infer<typeof SuiteResultSchema>;

export const TestRecordSchema = z.lazy(() =>
  z.object({
    bake: BakeId,
    attempt: z.number().int().positive(),
    variant: z.string(),
    instanceType: z.string(),
    instance: z.string().optional(),
    terminated: z.boolean().default(false),
    results: z.array(SuiteResultSchema).default([]),
    /** Commands sent, by suite: a repeat finds the one that runs. */
    commands: z.record(z.string(), z.string()).default({}),
    /** Why the case could not be run to its end. */
    problem: z.string().optional(),
  }),
);
export type TestRecord = z.infer<typeof TestRecordSchema>;

/** One thing that a state machine waits for. The token is only ever read by the function that completes tasks. */
export const WaitRecordSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    kind: z.enum(['image', 'instance', 'command', 'copies', 'approval']),
    resource: z.string(),
    bake: BakeId,
    attempt: z.number().int().positive(),
    token: z.string(),
    state: z.enum(['pending', 'decided', 'delivered']),
    /** What the machine is told: success with data, or a failure with an error name. */
    outcome: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.literal('success'), output: z.unknown() }),
        z.object({ kind: z.literal('failure'), error: z.string(), cause: z.string() }),
      ])
      .optional(),
    /** Facts that a check needs, e.g. instance id of a command. */
    subject: z.record(z.string(), z.string()).default({}),
    createdAt: Time,
    expiresAt: Time,
  }),
);
export type WaitRecord = z.infer<typeof WaitRecordSchema>;
export type WaitOutcome = NonNullable<WaitRecord['outcome']>;

export const ApprovalRecordSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    bake: BakeId,
    attempt: z.number().int().positive(),
    pipeline: z.string(),
    approvers: z.array(z.string()),
    imageDigest: z.string(),
    evidenceDigest: z.string(),
    targetsDigest: z.string(),
    evidence: z.string(),
    state: z.enum(['open', 'approved', 'rejected', 'expired', 'void']),
    requestedAt: Time,
    expiresAt: Time,
    /** Approvers who have been sent their link, so that a repeated request does not send it twice. */
    notified: z.array(z.string()).default([]),
    decision: z
      .object({
        by: z.string(),
        at: Time,
        comment: z.string().max(2000).default(''),
        via: z.enum(['link', 'api']),
      })
      .optional(),
  }),
);
export type ApprovalRecord = z.infer<typeof ApprovalRecordSchema>;

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
export const TargetRecordSchema = z.lazy(() =>
  z.object({
    bake: BakeId,
    attempt: z.number().int().positive(),
    account: z.string(),
    region: z.string(),
    variant: z.string(),
    mode: z.enum(['copy', 'share']),
    required: z.boolean(),
    state: z.enum(['planned', 'copying', 'verified', 'released', 'failed', 'removed']),
    done: z.array(z.enum(LEDGER_STEPS)).default([]),
    imageId: z.string().optional(),
    snapshotIds: z.array(z.string()).default([]),
    copyAttempts: z.number().int().nonnegative().default(0),
    problem: z.string().optional(),
    parameter: z.string().optional(),
    /** What the parameter held before, so that a failed flip can be taken back. */
    previousParameterValue: z.string().optional(),
    launchTemplate: z.string().optional(),
    launchTemplateVersion: z.string().optional(),
    /** Default version of the launch template before. */
    previousTemplateVersion: z.string().optional(),
    digest: z.string().optional(),
    version: z.number().int().nonnegative().default(0),
    /** True for the control account's own copy in a region that targets in `share` mode are given. */
    carrier: z.boolean().default(false),
    /** Key as the definition names it, and the ARN that it had when the copy was started. */
    key: z.string().optional(),
    keyArn: z.string().optional(),
    copyStartedAt: Time.optional(),
    /** What stands here belongs to a release that is kept: it is verified again, and never removed or taken back. */
    adopted: z.boolean().default(false),
    /** The kept copy that was looked for here and is gone. */
    missing: z.string().optional(),
    /** AWS asked us to come back, or all copy slots are taken: not before this time. */
    notBefore: Time.optional(),
    postponements: z.number().int().nonnegative().default(0),
  }),
);
export type TargetRecord = z.infer<typeof TargetRecordSchema>;

/** What a bake's distribution was planned to do; frozen, so that every repeat of a call says the same to AWS. */
export const DistributionRecordSchema = z.lazy(() =>
  z.object({
    bake: BakeId,
    attempt: z.number().int().positive(),
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
        imageId: z.string(),
        architecture: z.string(),
        snapshotIds: z.array(z.string()),
        devices: z.array(z.string()),
        tags: z.record(z.string(), z.string()),
      }),
    ),
    deprecateAt: Time.optional(),
    /** Accounts that a kept release lets launch the image as built, per variant: they keep that, whatever comes of this. */
    sharedWith: z.record(z.string(), z.array(z.string())).optional(),
    /** Pointers move only in `moving`; `restored` is final for the attempt. */
    state: z.enum(['planned', 'moving', 'moved', 'restoring', 'restored', 'released']),
    plannedAt: Time,
    version: z.number().int().nonnegative().default(0),
  }),
);
export type DistributionRecord = z.infer<typeof DistributionRecordSchema>;

/** Places for bakes of one account or team: how many are taken. */
export const CapacityRecordSchema = z.lazy(() =>
  z.object({ key: z.string(), used: z.number().int().nonnegative() }),
);
export type CapacityRecord = z.infer<typeof CapacityRecordSchema>;

/** What is to be published, written with the state change that it tells of. */
export const OutboxRecordSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    detailType: z.string(),
    detail: z.record(z.string(), z.unknown()),
    at: Time,
    published: z.boolean(),
  }),
);
export type OutboxRecord = z.infer<typeof OutboxRecordSchema>;

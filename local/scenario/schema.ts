import * as z from 'zod';
import { AccountIdSchema, RegionSchema } from '../../shared/domain/definitions/definition.ts';
import { ATTEMPT_STATES } from '../../shared/domain/records/attempt-states.ts';

/**
 * A scenario: what happens in a local cloud and what must come of it. Its JSON Schema is local/scenario.schema.json. Paths are relative to
 * the scenario file. Seconds are seconds of the wall clock; only the image services' own durations are divided by `speed`.
 */

const Seconds = z.number().nonnegative();
const Name = z.string().min(1);
const Package = z.strictObject({
  name: z.string(),
  version: z.string(),
  type: z.enum(['rpm', 'deb']).default('rpm'),
});

const EbsEncryptionSchema = z.enum(['off', 'aws/ebs', 'own key']).meta({
  description:
    'Encryption of EBS volumes by default in the account. `own key`: a customer managed key with the policy that KMS gives it.',
});
export type EbsEncryption = z.infer<typeof EbsEncryptionSchema>;

const LaunchSchema = z.strictObject({
  pipeline: Name,
  account: AccountIdSchema,
  region: RegionSchema,
  as: z.string().default('auto-scaling').meta({
    description:
      'Who starts it: `auto-scaling`, `spot` or `fleet`, which are the service-linked roles of the account, or the ARN of a role or user.',
  }),
});
export type Launch = z.infer<typeof LaunchSchema>;

/** The condition of an entry; all given parts must hold. */
export const ConditionSchema = z.strictObject({
  seconds: Seconds.optional().meta({ description: 'Seconds since the timeline began.' }),
  bake: z
    .strictObject({
      pipeline: Name,
      state: z.enum(ATTEMPT_STATES),
      number: z.number().int().positive().default(1).meta({ description: 'The n-th bake of the pipeline.' }),
    })
    .optional()
    .meta({ description: 'A bake of the pipeline is in this state, or has been.' }),
  released: z.strictObject({ pipeline: Name, times: z.number().int().positive().default(1) }).optional(),
  quiet: z.literal(true).optional().meta({ description: 'No bake runs, nothing is due.' }),
});
export type Condition = z.infer<typeof ConditionSchema>;

const Effect = z.union([
  z.strictObject({
    error: z.strictObject({
      code: z.string(),
      message: z.string().optional(),
      status: z.number().int().optional(),
    }),
  }),
  z.strictObject({ delayMs: z.number().int().positive() }),
  z.strictObject({ dropResponse: z.literal(true) }),
]);

/** One thing that happens. Exactly one action. */
export const ActionSchema = z.union([
  z.strictObject({
    publishBase: z.strictObject({
      parameter: z.string(),
      name: z.string(),
      architecture: z.enum(['x86_64', 'arm64']).default('x86_64'),
      inventory: z.array(Package).default([]),
    }),
  }),
  z.strictObject({
    publishComponent: z.strictObject({ name: z.string(), version: z.string(), file: z.string() }),
  }),
  z.strictObject({
    putParameter: z.union([
      z.strictObject({ name: z.string(), value: z.string() }),
      z
        .strictObject({ name: z.string(), from: z.string() })
        .meta({ description: 'Gives it the value of another parameter.' }),
    ]),
  }),
  z.strictObject({
    upload: z
      .strictObject({ key: z.string(), content: z.string() })
      .meta({ description: 'A new version of an object in the bucket ovenbird-sources.' }),
  }),
  z.strictObject({
    pushContainer: z
      .strictObject({ repository: z.string(), tag: z.string(), content: z.string() })
      .meta({ description: 'A container image in a repository of the control account.' }),
  }),
  z.strictObject({ apply: z.array(z.string()).min(1) }),
  z.strictObject({
    plan: z
      .strictObject({
        apply: z.array(z.string()).default([]),
        changes: z.array(z.strictObject({ selector: z.string(), version: z.string() })).default([]),
      })
      .meta({ description: 'Asks what would bake if these were applied and moved.' }),
  }),
  z.strictObject({ bake: z.strictObject({ pipeline: Name, force: z.boolean().default(false) }) }),
  z.strictObject({ cancel: z.strictObject({ pipeline: Name }) }),
  z.strictObject({ retry: z.strictObject({ pipeline: Name }) }),
  z.strictObject({
    failCall: z.strictObject({
      service: z.string(),
      operation: z.string(),
      account: AccountIdSchema.optional(),
      region: RegionSchema.optional(),
      principal: z.string().optional(),
      skip: z.number().int().nonnegative().default(0),
      times: z.number().int().positive().nullable().default(1),
      effect: Effect,
    }),
  }),
  z.strictObject({
    failEvents: z.strictObject({
      source: z.string().optional(),
      detailType: z.string().optional(),
      effect: z.union([z.enum(['lose', 'repeat']), z.strictObject({ delayMs: z.number().int().positive() })]),
      skip: z.number().int().nonnegative().default(0),
      times: z.number().int().positive().nullable().default(null),
      percent: z.number().min(0).max(100).default(100),
    }),
  }),
  z.strictObject({
    failCopy: z.strictObject({
      account: AccountIdSchema,
      region: RegionSchema,
      times: z.number().int().positive().nullable(),
      reason: z.string(),
    }),
  }),
  z.strictObject({
    failBuild: z.strictObject({ pipeline: Name, times: z.number().int().positive(), reason: z.string() }),
  }),
  z.strictObject({
    publishFinding: z
      .strictObject({
        id: z.string().meta({ description: 'End of its ARN.' }),
        vulnerability: z.string().meta({ description: 'Such as CVE-2026-1234.' }),
        severity: z.enum(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']).default('HIGH'),
        platform: z.string().default('AMAZON_LINUX_2023'),
        instances: z.number().int().positive().default(1).meta({
          description:
            'How many instances it is found on: each is a finding, whose ARN ends in its number too.',
        }),
        packages: z
          .array(
            z.strictObject({
              name: z.string(),
              version: z.string(),
              fixedInVersion: z.string().optional().meta({ description: 'Left out where there is no fix.' }),
            }),
          )
          .min(1),
      })
      .meta({ description: 'Amazon Inspector finds a vulnerable package in the control account.' }),
  }),
  z.strictObject({
    declareComponent: z
      .strictObject({
        name: z.string(),
        version: z.string(),
        adds: z.array(Package).default([]),
        removes: z.array(z.string()).default([]),
      })
      .meta({ description: 'What a component version adds from now on, as when a package feed moves on.' }),
  }),
  z.strictObject({ declareCommand: z.lazy(() => CommandSchema) }),
  z.strictObject({
    launch: LaunchSchema.meta({
      description: 'Somebody starts an instance from the current release, and ends it when it runs.',
    }),
  }),
  z.strictObject({
    tick: z.strictObject({
      function: z.enum(['sweep-work', 'resync-selectors', 'finalize-bakes']),
      every: z.number().positive().optional().meta({
        description: 'Again after so many seconds, until the end: a schedule that does not let anybody wait.',
      }),
    }),
  }),
]);
export type Action = z.infer<typeof ActionSchema>;

/**
 * The declared result of commands on simulated instances, which execute nothing. Without a matching entry a command that asks for the packages is answered
 * by the image (an entry without suite and text does not match it), and any other times out.
 */
export const CommandSchema = z.strictObject({
  match: z.strictObject({
    pipeline: z.string().optional(),
    suite: z.string().optional(),
    contains: z.string().optional(),
  }),
  status: z.enum(['Success', 'Failed', 'TimedOut']),
  stdout: z.string().default(''),
  stderr: z.string().default(''),
  exitCode: z.number().int().default(0),
  times: z.number().int().positive().optional(),
});

export type Command = z.infer<typeof CommandSchema>;

/** The change that a component version makes to the inventory of images built with it. */
const ComponentEffectSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  file: z
    .string()
    .optional()
    .meta({ description: 'AWSTOE document; given, the component is created before the timeline begins.' }),
  adds: z.array(Package).default([]),
  removes: z.array(z.string()).default([]),
});

const EntrySchema = z.strictObject({
  when: ConditionSchema.optional(),
  within: Seconds.default(60).meta({
    description: 'Deadline for `when`, in seconds from when the entry before it was done.',
  }),
  do: ActionSchema,
});

/** A rule that answers approvals by the link in the mail. The first rule whose pipeline and count match answers. */
const ApprovalRuleSchema = z.strictObject({
  pipeline: z.string().default('*'),
  approver: z.email().optional(),
  decision: z.enum(['approve', 'reject', 'ignore']),
  comment: z.string().default(''),
  scannerFirst: z
    .boolean()
    .default(false)
    .meta({ description: 'A mail scanner opens every link of the mail before the person does.' }),
  after: ConditionSchema.optional(),
  times: z.number().int().positive().optional(),
});

/** An expectation at the end of the scenario; each is one line of the report. */
export const ExpectationSchema = z.union([
  z.strictObject({
    released: z.strictObject({ pipeline: Name, times: z.number().int().positive().default(1) }),
  }),
  z.strictObject({
    bakes: z.strictObject({
      pipeline: Name,
      count: z.number().int().nonnegative(),
      state: z.enum(ATTEMPT_STATES).optional(),
    }),
  }),
  z.strictObject({ attempts: z.strictObject({ pipeline: Name, count: z.number().int().positive() }) }),
  z.strictObject({ after: z.strictObject({ parent: Name, child: Name }) }),
  z.strictObject({ cause: z.strictObject({ pipeline: Name, selector: z.string() }) }),
  z.strictObject({
    reason: z.strictObject({ pipeline: Name, state: z.enum(ATTEMPT_STATES), contains: z.string() }),
  }),
  z.strictObject({ notified: z.strictObject({ kind: z.string(), pipeline: Name }) }),
  z.strictObject({
    copyFailures: z.strictObject({
      account: AccountIdSchema,
      region: RegionSchema,
      count: z.number().int().positive(),
    }),
  }),
  z.strictObject({ linksScanned: z.strictObject({ pipeline: Name }) }),
  z.strictObject({
    launched: LaunchSchema.extend({ state: z.enum(['running', 'terminated']).default('running') }),
  }),
  z.strictObject({ everyTarget: z.literal(true) }),
  z.strictObject({ nothingLeftBehind: z.literal(true) }),
  z.strictObject({ nothingDenied: z.literal(true) }),
  z.strictObject({ fresh: z.literal(true) }),
]);
export type Expectation = z.infer<typeof ExpectationSchema>;

export const ScenarioSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().regex(/^[a-z][a-z0-9-]+$/),
  description: z.string().default(''),
  speed: z
    .number()
    .positive()
    .default(1)
    .meta({ description: "How many times faster than AWS the image services' clock runs." }),
  control: z.strictObject({
    account: AccountIdSchema,
    region: RegionSchema,
    inventoryAssociation: z.boolean().default(false).meta({
      description:
        'The account gathers the inventory of all its instances, as Quick Setup for host management arranges it.',
    }),
    ebsEncryption: EbsEncryptionSchema.default('off'),
    instanceProfiles: z
      .array(z.string().regex(/^[\w+=,.@-]{1,64}$/))
      .default([])
      .meta({
        description:
          'Instance profiles that definitions may name, each with a role of its name under /images/.',
      }),
    buildKey: z.boolean().default(false).meta({
      description:
        'Whether resources/build-key.yml is deployed; definitions name its key alias/ovenbird-build.',
    }),
  }),
  targets: z
    .array(
      z.strictObject({
        account: AccountIdSchema,
        regions: z.array(RegionSchema).min(1),
        forwardsEvents: z.boolean().default(true),
        ebsEncryption: EbsEncryptionSchema.default('off'),
        launchTemplates: z.array(z.string()).default([]).meta({
          description: 'Launch templates that the owner of the account has there and lets Ovenbird move.',
        }),
      }),
    )
    .default([]),
  sharedRegions: z.array(RegionSchema).default([]).meta({
    description: 'Regions other than the home region in which own copies are made for the mode `share`.',
  }),
  approvers: z.array(z.email()).default([]).meta({
    description: 'Addresses that are subscribed for approvals, and confirm it.',
  }),
  people: z
    .array(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/))
    .default([])
    .meta({
      description:
        'Users of the control account beside its root, whom `npx ovenbird --as NAME` calls the API as.',
    }),
  bases: z
    .array(
      z.strictObject({
        parameter: z.string(),
        name: z.string(),
        architecture: z.enum(['x86_64', 'arm64']).default('x86_64'),
        imageId: z
          .string()
          .regex(/^ami-[0-9a-f]{17}$/)
          .optional()
          .meta({ description: 'Its id in the home region, for definitions that name it.' }),
        volumes: z
          .array(z.strictObject({ deviceName: z.string(), sizeGiB: z.number().int().positive() }))
          .optional()
          .meta({ description: 'One of 8 GiB, /dev/xvda, where it is left out.' }),
        rootDeviceName: z
          .string()
          .optional()
          .meta({ description: 'The first of the volumes where it is left out.' }),
        platformDetails: z.string().optional().meta({ description: 'Such as Windows.' }),
        agent: z
          .boolean()
          .optional()
          .meta({ description: 'false: the agent of Systems Manager is not in the image.' }),
        inventory: z.array(Package).default([]),
      }),
    )
    .default([]),
  effectDelay: Seconds.optional().meta({
    description:
      'AWS seconds from the answer of a write until its effect is seen, for all writes that AWS answers early.',
  }),
  components: z.array(ComponentEffectSchema).default([]),
  commands: z.array(CommandSchema).default([]),
  approvals: z.array(ApprovalRuleSchema).default([]),
  timeline: z.array(EntrySchema).min(1),
  /** Seconds that everything may take once the timeline began. */
  deadline: Seconds.default(300),
  expect: z.array(ExpectationSchema).min(1),
});
export type Scenario = z.infer<typeof ScenarioSchema>;
export type ApprovalRule = Scenario['approvals'][number];

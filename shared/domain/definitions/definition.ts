import * as z from 'zod';
import { DEFAULT_INSTANCE_TYPES } from '../artifacts/instance-type.ts';
import { DEFAULT_TARGET_KEY } from '../base/naming.ts';
import { createListSchema, createTextSchema, lazyStrictObject } from '../base/schemas.ts';
import { ENGINE_NAMES, ENGINE_SETTINGS, findEngine } from '../engines/engines.ts';
import { listGateSettings } from '../gates/settings.ts';
import { component } from '../selectors/component.ts';
import { ChannelName, PIPELINE_NAME } from '../selectors/pipeline.ts';
import { BaseSelectorSchema, InputSelectorSchema } from '../selectors/selectors.ts';
import { ApproverSchema, findSharedPrincipals } from './approvers.ts';

/** Schemas are lazy: nearly every function imports this file for its words, few ever read a definition. */
export const API_VERSION = 'ovenbird.dev/v1';

/** A field that the schema reserves for a later release: refused with a clear message, never ignored. */
function createReservedField(what: string) {
  return z
    .unknown()
    .refine((value) => value === undefined, { message: describeRefusal(what) })
    .optional()
    .meta({ description: `${what}. Not implemented yet: a definition that sets it is refused.` });
}

function describeRefusal(what: string): string {
  return `${what} is not implemented yet; remove the field`;
}

/** A length of time as people write it: `0s`, `90s`, `15m`, `2h`, `3d`. */
export const DurationSchema = z.lazy(() =>
  createTextSchema(DURATION, 'a whole number with a unit, such as 90s, 15m, 2h or 3d', '15m'),
);
const DURATION = /^[0-9]{1,6}(?:s|m|h|d)$/;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a duration that `DurationSchema` accepted. */
export function durationSeconds(duration: string): number {
  const unit = UNIT_SECONDS[duration.slice(-1)];
  if (unit === undefined) throw new Error(`Not a duration: ${duration}`);
  return Number.parseInt(duration, 10) * unit;
}

/** A duration that something outside the definition bounds; `why` says what. */
function createDurationSchema(least: string, most: string, why: string) {
  const [from, to] = [durationSeconds(least), durationSeconds(most)];
  const isWithin = (seconds: number) => seconds >= from && seconds <= to;
  return z.lazy(() =>
    DurationSchema.unwrap()
      // What has another form is refused for that alone.
      .refine(
        (duration) => !DURATION.test(duration) || isWithin(durationSeconds(duration)),
        `must be ${least} to ${most}: ${why}`,
      )
      .meta({ description: `${least} to ${most}: ${why}.` }),
  );
}

export const AccountIdSchema = z.lazy(() =>
  createTextSchema(/^[0-9]{12}$/, 'an AWS account id: 12 digits, in quotes', '123456789012'),
);
export const RegionSchema = z.lazy(() =>
  createTextSchema(/^[a-z]{2,}(?:-[a-z]+)+-[0-9]+$/, 'a region name such as eu-west-1', 'eu-west-1'),
);
const InstanceTypeSchema = z.lazy(() =>
  createTextSchema(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'an instance type such as t3.small', 't3.small'),
);

/** Names none where the definition names none: the default follows from the architecture. */
function createInstanceTypes(use: keyof typeof DEFAULT_INSTANCE_TYPES) {
  const { x86_64, arm64 } = DEFAULT_INSTANCE_TYPES[use];
  return createListSchema(InstanceTypeSchema, {
    most: 5,
    of: 'instance types',
    fix: 'Keep those that come first: they are tried in this order.',
  })
    .min(1)
    .default(() => [])
    .meta({
      default: undefined,
      description: `${x86_64} where it is left out, and ${arm64} for arm64.`,
    });
}

/** AWSEC2/UserGuide/Using_Tags, "Tag restrictions"; ours are in naming.ts. */
const RESERVED_TAG = /^(?:aws|ovenbird):/i;

/** imagebuilder CreateInfrastructureConfigurationRequest.resourceTags: 30, of which five are kept for our own. */
const MAX_INSTANCE_TAGS = 25;
export const InstanceTags = z.lazy(() =>
  z
    .record(
      createTextSchema(
        /^[A-Za-z0-9+=._:/-]{1,128}$/,
        'a tag of 1 to 128 letters, digits and "+-=._:/"',
        'cost-center',
      ),
      z.string().max(256),
    )
    .refine(
      (tags) => !Object.keys(tags).some((key) => RESERVED_TAG.test(key)),
      'has a tag that begins with "aws:" or "ovenbird:": the first are kept by AWS, the others tell which bake an instance is of',
    )
    .refine(
      (tags) => Object.keys(tags).length <= MAX_INSTANCE_TAGS,
      `has more than ${MAX_INSTANCE_TAGS} tags: EC2 Image Builder takes 30, and five are kept for those that tell which bake an instance is of`,
    )
    .default({})
    .meta({ description: 'Tags that instances and their volumes have from their launch.' }),
);

/** Ids of EC2, of 8 digits where they are old. */
function createIdSchema(prefix: 'subnet' | 'sg', what: string) {
  return createTextSchema(
    new RegExp(`^${prefix}-[0-9a-f]{8}(?:[0-9a-f]{9})?$`),
    `the id of a ${what}`,
    `${prefix}-0123456789abcdef0`,
  );
}

const PlacementSchema = z.lazy(() =>
  z
    .strictObject({
      subnets: createListSchema(createIdSchema('subnet', 'subnet'), {
        most: 10,
        of: 'subnets',
        fix: 'Keep those that come first: they are tried in this order.',
      })
        .min(1)
        .optional()
        .meta({
          description:
            'In order of preference, in several zones: where one has no room, the next is tried. Without it BuildSubnetIds of the installation.',
        }),
      // vpc/latest/userguide/amazon-vpc-limits: security groups per network interface
      securityGroups: createListSchema(createIdSchema('sg', 'security group'), {
        most: 5,
        of: 'security groups',
        fix: 'Put the rules of several into one.',
      })
        .min(1)
        .optional()
        .meta({
          description: 'Of the VPC of the subnets. Without it the group that the installation makes.',
        }),
      instanceProfile: createTextSchema(
        /^[\w+=,.@-]{1,128}$/,
        'the name of an instance profile, without its path',
        'image-builds',
      )
        .optional()
        .meta({
          description:
            'Its role has to be among InstanceRoles of the installation. Without it the profile that the installation makes.',
        }),
    })
    .superRefine(({ subnets = [], securityGroups = [] }, context) => {
      for (const [field, ids] of Object.entries({ subnets, securityGroups }))
        refuseRepeats(
          context,
          ids.map((name, index) => ({ name, path: [field, index] })),
          (id) => `names ${id} a second time`,
        );
    })
    .prefault({})
    .meta({ description: 'Where instances run, and as what.' }),
);
export type Placement = z.output<typeof PlacementSchema>;

/** ec2 InstanceMetadataOptionsRequest.HttpPutResponseHopLimit */
const HopLimit = z.lazy(() =>
  z
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .meta({ description: 'Hops that an answer of the metadata may take; 2 where containers ask for it.' }),
);

const ComponentSchema = z.lazy(() =>
  component.form.unwrap().extend({
    parameters: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  }),
);

/** imagebuilder quotas, components per recipe */
const COMPONENTS = {
  most: 20,
  of: 'components',
  fix: 'Join some into one component, or move them to a pipeline that this one is built on.',
};

/** imagebuilder EbsInstanceBlockDeviceSpecification.volumeSize */
const VolumeGiB = z.lazy(() =>
  z.number().int().min(1).max(16_000, 'must be at most 16000: EC2 Image Builder makes no larger volume'),
);

/** Adds an issue for each entry that has the name of an earlier one. */
function refuseRepeats(
  context: z.core.$RefinementCtx,
  entries: readonly { readonly name: string; readonly path: PropertyKey[] }[],
  describe: (name: string) => string,
): void {
  const seen = new Set<string>();
  for (const { name, path } of entries) {
    if (seen.has(name)) context.addIssue({ code: 'custom', path, message: describe(name) });
    seen.add(name);
  }
}

const BuildSchema = lazyStrictObject(() => ({
  engine: z
    .enum(ENGINE_NAMES, {
      error: ({ input }) => (input === 'packer' ? describeRefusal('Building with Packer') : undefined),
    })
    .default('imageBuilder')
    .meta({ description: 'What builds the image. Packer follows; a definition that names it is refused.' }),
  instanceTypes: createInstanceTypes('build'),
  /** The recipe and the infrastructure configuration of the build have them too. */
  instanceTags: InstanceTags,
  placement: PlacementSchema,
  metadata: z
    .strictObject({
      httpTokens: z.enum(['required', 'optional']).default('required').meta({
        description: '`optional` lets components ask as IMDSv1 does.',
      }),
      hopLimit: HopLimit,
    })
    .prefault({}),
  timeout: createDurationSchema('1s', '13d', 'the machine that waits for a build ends after 14 days').default(
    '4h',
  ),
  rootVolumeGiB: VolumeGiB.optional(),
  dataVolumes: createListSchema(
    z.strictObject({
      device: createTextSchema(/^\/dev\/[a-z0-9]+$/, 'the name of a device', '/dev/sdf'),
      sizeGiB: VolumeGiB,
    }),
    { most: 10, of: 'data volumes', fix: 'Remove it; instances may be given more at their launch.' },
  )
    .superRefine((volumes, context) => {
      const devices = volumes.map(({ device }, index) => ({ name: device, path: [index, 'device'] }));
      refuseRepeats(context, devices, (device) => `names ${device} a second time`);
    })
    .default([]),
  key: createTextSchema(
    /^(?:alias\/(?!aws\/)[A-Za-z0-9/_-]{1,250}|arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(?:key\/[A-Za-z0-9-]+|alias\/(?!aws\/)[A-Za-z0-9/_-]+))$/,
    'the alias or the ARN of a customer managed key of KMS',
    'alias/ovenbird-build',
  )
    .optional()
    .meta({
      description:
        'Encrypts the volumes of the image, and so of the instances that build and test it. Without it BuildKeyArn of the installation does, or what the account says by default.',
    }),
  ...ENGINE_SETTINGS,
  source: createReservedField('Building from a source archive or Git reference'),
  container: createReservedField('Building container images'),
}));

/** The same script from every machine: without a byte order mark, with line ends of Unix and none at its end. A shell on Linux takes `bash\r` for a name. */
function toUnixText(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n?/g, '\n')
    .replace(/\n+$/, '');
}

const SuiteSchema = lazyStrictObject(() => ({
  name: createTextSchema(
    /^[a-z][a-z0-9-]{0,39}$/,
    '1 to 40 of a-z, 0-9 and "-", and start with a letter',
    'boots',
  ),
  /** Shell lines. In a file, `script: ./boots.sh` names a file beside the definition; the CLI puts its text here. */
  script: z.string().min(1).max(60_000).overwrite(toUnixText),
  /** systems-manager AWS-RunShellScript, executionTimeout */
  timeout: createDurationSchema('1s', '2d', 'Run Command ends a command after 172800 seconds').default('10m'),
}));

const TestsSchema = z.lazy(() =>
  z
    .strictObject({
      instanceTypes: createInstanceTypes('tests').describe(
        'Each of them is tested. t3.small where it is left out, and t4g.small for arm64.',
      ),
      fallbackInstanceTypes: createListSchema(InstanceTypeSchema, {
        most: 5,
        of: 'instance types',
        fix: 'Keep those that come first: they are tried in this order.',
      })
        .default([])
        .meta({ description: 'Stand in for an instance type that there is no room for in any subnet.' }),
      instanceTags: InstanceTags,
      placement: PlacementSchema,
      /** Tokens are always required: what asks without one would not start where IMDSv2 alone is allowed. */
      metadata: z.strictObject({ hopLimit: HopLimit }).prefault({}),
      suites: createListSchema(SuiteSchema, {
        most: 20,
        of: 'suites',
        fix: 'Put several into one script.',
      }).min(1),
      /** Components whose test phase is run on the candidate: they judge the image and are no part of it. */
      components: createListSchema(ComponentSchema, COMPONENTS).default([]),
    })
    .refine(({ suites }) => sumSuiteSeconds(suites) <= durationSeconds('10d'), {
      path: ['suites'],
      message:
        'have timeouts of more than 10d together: they run one after the other, and the machine that tests ends after 14 days',
    }),
);

function sumSuiteSeconds(suites: readonly { readonly timeout: string }[]): number {
  return suites.reduce(
    (sum, { timeout }) => sum + (DURATION.test(timeout) ? durationSeconds(timeout) : 0),
    0,
  );
}

const GatesSchema = lazyStrictObject(() => ({
  vulnerabilities: createReservedField('The vulnerability gate'),
  policy: createReservedField('The policy gate'),
  ...listGateSettings(),
}));

const ApprovalSchema = lazyStrictObject(() => ({
  required: z.boolean().default(true),
  approvers: createListSchema(ApproverSchema, {
    most: 20,
    of: 'approvers',
    fix: 'Name those who are there to decide; one answer is enough.',
  }).default([]),
  expiresAfter: createDurationSchema(
    '1s',
    '47d',
    'a bake ends after 90 days, of which 42 are kept for build, tests and distribution',
  ).default('3d'),
  quorum: createReservedField('A quorum of approvers'),
  reminders: createReservedField('Reminders'),
}));

export const TargetSchema = lazyStrictObject(() => ({
  account: AccountIdSchema,
  regions: createListSchema(RegionSchema, {
    most: 40,
    of: 'regions',
    fix: 'Write the account a second time with the others.',
  }).min(1),
  /** `copy`: the target owns its image, encrypted with the target's key. `share`: the control account's copy is made launchable for it. */
  mode: z.enum(['copy', 'share']).default('copy'),
  required: z.boolean().default(true),
  /** Key alias, id or ARN in the target; `default` is the key that the template for targets makes. */
  key: z.string().default(DEFAULT_TARGET_KEY),
  launchTemplate: createTextSchema(
    /^[A-Za-z0-9()./_-]{3,128}$/,
    '3 to 128 letters, digits and "()./_-"',
    'web-servers',
  ).optional(),
}));

const MAX_TAGS = 40;

const DistributionSchema = lazyStrictObject(() => ({
  targets: createListSchema(TargetSchema, {
    most: 100,
    of: 'targets',
    fix: 'Write the regions of an account into one target, or let a second pipeline, built on this one, go to the others.',
  }).default([]),
  /** Name of the SSM parameter in each target; `{pipeline}` and `{channel}` are filled in. */
  parameter: createTextSchema(
    /^\/[A-Za-z0-9_./{}-]+$/,
    'a full parameter name that starts with "/"',
    '/ovenbird/{pipeline}/{channel}',
  ).default('/ovenbird/{pipeline}/{channel}'),
  tags: z
    .record(z.string().min(1).max(128), z.string().max(256))
    .refine(
      (tags) => !Object.keys(tags).some((key) => RESERVED_TAG.test(key)),
      'has a tag that begins with "aws:" or "ovenbird:": the first are kept by AWS, the others tell where the image is from',
    )
    .refine(
      (tags) => Object.keys(tags).length <= MAX_TAGS,
      `has more than ${MAX_TAGS} tags: AWS takes 50, and ten are kept for those that tell where the image is from`,
    )
    .default({}),
  /** ec2 EnableImageDeprecation */
  deprecateAfter: createDurationSchema(
    '2d',
    '3650d',
    'EC2 takes a date in the next 10 years, and copying to a region may take 2 days until it is set',
  ).optional(),
  organizations: createReservedField('Sharing with organisations and OUs'),
  rings: createReservedField('Rings'),
}));

/** Five or six fields as AWS writes them, or a rate (scheduler/latest/UserGuide/schedule-types). Whether it ever comes is checked at apply. */
const ScheduleExpression = z.lazy(() =>
  z
    .string()
    .regex(
      /^(?:cron\([^()]+\)|rate\((?:1 (?:minute|hour|day)|(?:[2-9]|[1-9][0-9]{1,5}) (?:minutes|hours|days))\))$/,
      { error: ({ input }) => `must be ${suggestRate(String(input)) ?? SCHEDULE_FORMS}` },
    )
    .meta({ examples: ['cron(0 8 ? * MON *)', 'rate(1 day)'] }),
);
const SCHEDULE_FORMS =
  'cron(minutes hours day-of-month month day-of-week year), or a rate such as rate(1 day) or rate(12 hours)';

/** The rate that was meant, where only its unit is written wrongly. */
function suggestRate(given: string): string | undefined {
  const [, number, unit] = /^rate\(([1-9][0-9]{0,5}) (minute|hour|day)s?\)$/i.exec(given) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  return `rate(${number} ${unit.toLowerCase()}${number === '1' ? '' : 's'}): the unit is singular for 1 alone`;
}
const TimeZone = z.lazy(() =>
  createTextSchema(
    /^[A-Za-z0-9]+(?:[/_+-][A-Za-z0-9_+-]+)*$/,
    'a time zone such as Europe/Berlin',
    'Europe/Berlin',
  ),
);
const Instant = z.lazy(() =>
  z.iso
    .datetime({ offset: true, error: 'must be a date and time with its zone' })
    .meta({ examples: ['2026-12-24T00:00:00Z'] }),
);

const ScheduleSchema = lazyStrictObject(() => ({
  expression: ScheduleExpression,
  timeZone: TimeZone.default('Etc/UTC'),
  /** As EC2 Image Builder: at a tick, bake only when a dependency has a newer version, or whatever has changed. */
  startCondition: z.enum(['dependency-updates-available', 'always']).default('dependency-updates-available'),
}));

const FreezeSchema = z.lazy(() =>
  z.union([
    z.strictObject({
      reason: z.string().min(1).max(200),
      from: Instant,
      to: Instant,
    }),
    z.strictObject({
      reason: z.string().min(1).max(200),
      /** When the window opens, again and again. */
      opens: ScheduleExpression,
      timeZone: TimeZone.default('Etc/UTC'),
      lasts: createDurationSchema(
        '1s',
        '365d',
        'a longer window need never close; lifecycle.pinned keeps a release',
      ),
    }),
  ]),
);

const TriggersSchema = lazyStrictObject(() => ({
  mode: z.enum(['immediate', 'schedule', 'manual']).default('immediate'),
  /** Changes come in groups: nothing starts until none has come for so long. */
  debounce: DurationSchema.default('5m'),
  /** The debounce does not put a bake off beyond this. */
  longestWait: DurationSchema.default('1h'),
  maxHold: DurationSchema.default('3d'),
  schedule: ScheduleSchema.optional(),
  /** Times in which nothing starts by itself. */
  freeze: createListSchema(FreezeSchema, {
    most: 20,
    of: 'windows',
    fix: 'Remove those that are over, or write one that opens again and again.',
  }).default([]),
}));

/** Releases that are kept: the newest ones of the channel, and all that are younger. What is in use is kept in any case. */
const RetentionSchema = lazyStrictObject(() => ({
  keep: z.number().int().min(1).max(1000).default(10),
  days: z.number().int().min(0).max(3650).default(90),
}));
export type RetentionPolicy = z.output<typeof RetentionSchema>;

const LifecycleSchema = lazyStrictObject(() => ({
  maxFailures: z.number().int().min(1).max(10).default(5),
  retention: RetentionSchema.prefault({}),
  /** Stays on its current release, whatever changes. */
  pinned: z.boolean().default(false),
}));

const VariantSchema = lazyStrictObject(() => ({
  name: createTextSchema(
    /^[a-z][a-z0-9-]{0,19}$/,
    '1 to 20 of a-z, 0-9 and "-", and start with a letter',
    'x86-64',
  ),
  architecture: z.enum(['x86_64', 'arm64']),
}));

export const TEAM_NAME = /^[a-z][a-z0-9-]{0,39}$/;
/** The team of a definition that names none. */
const DEFAULT_TEAM = 'default';

/** The file that a user writes. One pipeline, one image. Fields that later releases implement are refused, not ignored. */
export const DefinitionSchema = z.lazy(() =>
  z
    .strictObject({
      $schema: z.string().optional(),
      apiVersion: z.literal(API_VERSION),
      kind: z.literal('Pipeline').default('Pipeline'),
      name: createTextSchema(
        PIPELINE_NAME,
        '3 to 40 of a-z, 0-9 and "-", and start with a letter',
        'web-server',
      ),
      description: z.string().max(500).default(''),
      team: createTextSchema(
        TEAM_NAME,
        '1 to 40 of a-z, 0-9 and "-", and start with a letter',
        'platform',
      ).default(DEFAULT_TEAM),
      channel: ChannelName.default('stable'),
      base: BaseSelectorSchema,
      components: createListSchema(ComponentSchema, COMPONENTS).default([]),
      /** What else the image depends on: a newer version of any of these is a change, though no build step names it. */
      inputs: createListSchema(InputSelectorSchema, {
        most: 20,
        of: 'inputs',
        fix: 'Move some to a pipeline that this one is built on.',
      }).default([]),
      variants: z
        .array(VariantSchema)
        .min(1)
        .max(1, 'more than one variant is not implemented yet; keep one')
        .default([{ name: 'x86-64', architecture: 'x86_64' }]),
      build: BuildSchema.prefault({}),
      tests: TestsSchema,
      gates: GatesSchema.prefault({}),
      approval: ApprovalSchema.prefault({}),
      distribution: DistributionSchema.prefault({}),
      triggers: TriggersSchema.prefault({}),
      lifecycle: LifecycleSchema.prefault({}),
    })
    .overwrite((definition) => {
      const { build, tests, variants } = definition;
      return {
        ...definition,
        build: { ...build, instanceTypes: orDefault('build', build, variants) },
        tests: { ...tests, instanceTypes: orDefault('tests', tests, variants) },
      };
    })
    .superRefine((definition, context) => {
      if (definition.approval.required && definition.approval.approvers.length === 0) {
        context.addIssue({
          code: 'custom',
          path: ['approval', 'approvers'],
          message: 'names nobody; add an address, or set approval.required: false',
        });
      }
      for (const { approver, principal } of findSharedPrincipals(definition.approval)) {
        context.addIssue({
          code: 'custom',
          path: ['approval', 'approvers', approver, 'principals', principal],
          message: 'is named a second time; one identity is one approver',
        });
      }
      const { build, components, tests } = definition;
      const counts = { build: components.length, tests: tests.components.length };
      for (const { path, message } of findEngine(build).findProblems(build, counts))
        context.addIssue({ code: 'custom', path: [...path], message });
      const targets = definition.distribution.targets.flatMap(({ account, regions }, index) =>
        regions.map((region, position) => ({
          name: `${account}/${region}`,
          path: ['distribution', 'targets', index, 'regions', position],
        })),
      );
      refuseRepeats(context, targets, (target) => `names ${target} a second time`);
      const suites = tests.suites.map(({ name }, index) => ({
        name,
        path: ['tests', 'suites', index, 'name'],
      }));
      refuseRepeats(context, suites, (suite) => `"${suite}" is used twice`);
    }),
);

function orDefault(
  use: keyof typeof DEFAULT_INSTANCE_TYPES,
  { instanceTypes }: { readonly instanceTypes: string[] },
  variants: readonly { readonly architecture: 'x86_64' | 'arm64' }[],
): string[] {
  if (instanceTypes.length > 0) return instanceTypes;
  return [...new Set(variants.map(({ architecture }) => DEFAULT_INSTANCE_TYPES[use][architecture]))];
}

export type DefinitionInput = z.input<typeof DefinitionSchema>;
export type Definition = z.output<typeof DefinitionSchema>;
export type Target = Definition['distribution']['targets'][number];

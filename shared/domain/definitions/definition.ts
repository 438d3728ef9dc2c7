import * as z from 'zod';
import { createTextSchema } from '../base/zod-text.ts';
import { ENGINE_NAMES, ENGINE_SETTINGS, findEngine } from '../engines/engines.ts';
import { listGateSettings } from '../gates/settings.ts';
import { component } from '../selectors/component.ts';
import { ChannelName, PIPELINE_NAME } from '../selectors/pipeline.ts';
import { BaseSelectorSchema, InputSelectorSchema } from '../selectors/selectors.ts';

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
  createTextSchema(/^[a-z]{2}(?:-[a-z]+)+-[0-9]$/, 'a region name such as eu-west-1', 'eu-west-1'),
);
const InstanceTypeSchema = z.lazy(() =>
  createTextSchema(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'an instance type such as t3.small', 't3.small'),
);

const ComponentSchema = z.lazy(() =>
  component.form.unwrap().extend({
    parameters: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  }),
);

/** imagebuilder EbsInstanceBlockDeviceSpecification.volumeSize */
const VolumeGiB = z.lazy(() =>
  z.number().int().min(1).max(16_000, 'must be at most 16000: EC2 Image Builder makes no larger volume'),
);

const BuildSchema = z.lazy(() =>
  z.strictObject({
    engine: z
      .enum(ENGINE_NAMES, {
        error: ({ input }) => (input === 'packer' ? describeRefusal('Building with Packer') : undefined),
      })
      .default('imageBuilder')
      .meta({ description: 'What builds the image. Packer follows; a definition that names it is refused.' }),
    instanceTypes: z.array(InstanceTypeSchema).min(1).max(5).default(['t3.medium']),
    timeout: createDurationSchema(
      '1s',
      '13d',
      'the machine that waits for a build ends after 14 days',
    ).default('4h'),
    rootVolumeGiB: VolumeGiB.optional(),
    dataVolumes: z
      .array(
        z.strictObject({
          device: createTextSchema(/^\/dev\/[a-z0-9]+$/, 'the name of a device', '/dev/sdf'),
          sizeGiB: VolumeGiB,
        }),
      )
      .max(10)
      .superRefine((volumes, context) => {
        const devices = volumes.map(({ device }) => device);
        devices.forEach((device, index) => {
          if (devices.indexOf(device) !== index)
            context.addIssue({
              code: 'custom',
              path: [index, 'device'],
              message: `names ${device} a second time`,
            });
        });
      })
      .default([]),
    ...ENGINE_SETTINGS,
    source: createReservedField('Building from a source archive or Git reference'),
    container: createReservedField('Building container images'),
  }),
);

const SuiteSchema = z.lazy(() =>
  z.strictObject({
    name: createTextSchema(
      /^[a-z][a-z0-9-]{0,39}$/,
      '1 to 40 of a-z, 0-9 and "-", and start with a letter',
      'boots',
    ),
    /** Shell lines. In a file, `script: ./boots.sh` names a file beside the definition; the CLI puts its text here. */
    script: z.string().min(1).max(60_000),
    /** systems-manager AWS-RunShellScript, executionTimeout */
    timeout: createDurationSchema('1s', '2d', 'Run Command ends a command after 172800 seconds').default(
      '10m',
    ),
  }),
);

const TestsSchema = z.lazy(() =>
  z
    .strictObject({
      instanceTypes: z.array(InstanceTypeSchema).min(1).max(5).default(['t3.small']),
      suites: z.array(SuiteSchema).min(1).max(20),
      /** Components whose test phase is run on the candidate: they judge the image and are no part of it. */
      components: z.array(ComponentSchema).max(20).default([]),
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

const GatesSchema = z.lazy(() =>
  z.strictObject({
    vulnerabilities: createReservedField('The vulnerability gate'),
    policy: createReservedField('The policy gate'),
    ...listGateSettings(),
  }),
);

const ApprovalSchema = z.lazy(() =>
  z.strictObject({
    required: z.boolean().default(true),
    approvers: z
      .array(z.email('must be an e-mail address').meta({ examples: ['ada@example.com'] }))
      .max(20)
      .default([]),
    expiresAfter: createDurationSchema(
      '1s',
      '47d',
      'a bake ends after 90 days, of which 42 are kept for build, tests and distribution',
    ).default('3d'),
    quorum: createReservedField('A quorum of approvers'),
    reminders: createReservedField('Reminders'),
  }),
);

export const TargetSchema = z.lazy(() =>
  z.strictObject({
    account: AccountIdSchema,
    regions: z.array(RegionSchema).min(1).max(40),
    /** `copy`: the target owns its image, encrypted with the target's key. `share`: the control account's copy is made launchable for it. */
    mode: z.enum(['copy', 'share']).default('copy'),
    required: z.boolean().default(true),
    /** Key alias, id or ARN in the target; the template for targets makes `alias/ovenbird-images`. */
    key: z.string().default('alias/ovenbird-images'),
    launchTemplate: createTextSchema(
      /^[A-Za-z0-9()./_-]{3,128}$/,
      '3 to 128 letters, digits and "()./_-"',
      'web-servers',
    ).optional(),
  }),
);

const MAX_TAGS = 40;
/** AWSEC2/UserGuide/Using_Tags, "Tag restrictions"; ours are in naming.ts. */
const RESERVED_TAG = /^(?:aws|ovenbird):/i;

const DistributionSchema = z.lazy(() =>
  z.strictObject({
    targets: z.array(TargetSchema).max(100).default([]),
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
  }),
);

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
    /^[A-Za-z]+(?:[/_+-][A-Za-z0-9_+-]+)*$/,
    'a time zone such as Europe/Berlin',
    'Europe/Berlin',
  ),
);
const Instant = z.lazy(() =>
  z.iso
    .datetime({ offset: true, error: 'must be a date and time with its zone' })
    .meta({ examples: ['2026-12-24T00:00:00Z'] }),
);

const ScheduleSchema = z.lazy(() =>
  z.strictObject({
    expression: ScheduleExpression,
    timeZone: TimeZone.default('Etc/UTC'),
    /** As EC2 Image Builder: at a tick, bake only when a dependency has a newer version, or whatever has changed. */
    startCondition: z
      .enum(['dependency-updates-available', 'always'])
      .default('dependency-updates-available'),
  }),
);

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

const TriggersSchema = z.lazy(() =>
  z.strictObject({
    mode: z.enum(['immediate', 'schedule', 'manual']).default('immediate'),
    /** Changes come in groups: nothing starts until none has come for so long. */
    debounce: DurationSchema.default('5m'),
    /** The debounce does not put a bake off beyond this. */
    longestWait: DurationSchema.default('1h'),
    maxHold: DurationSchema.default('3d'),
    schedule: ScheduleSchema.optional(),
    /** Times in which nothing starts by itself. */
    freeze: z.array(FreezeSchema).max(20).default([]),
  }),
);

const LifecycleSchema = z.lazy(() =>
  z.strictObject({
    maxFailures: z.number().int().min(1).max(10).default(5),
    retention: createReservedField('Retention'),
    /** Stays on its current release, whatever changes. */
    pinned: z.boolean().default(false),
  }),
);

const VariantSchema = z.lazy(() =>
  z.strictObject({
    name: createTextSchema(
      /^[a-z][a-z0-9-]{0,19}$/,
      '1 to 20 of a-z, 0-9 and "-", and start with a letter',
      'x86-64',
    ),
    architecture: z.enum(['x86_64', 'arm64']),
  }),
);

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
      components: z.array(ComponentSchema).max(20).default([]),
      /** What else the image depends on: a newer version of any of these is a change, though no build step names it. */
      inputs: z.array(InputSelectorSchema).max(20).default([]),
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
    .superRefine((definition, context) => {
      if (definition.approval.required && definition.approval.approvers.length === 0) {
        context.addIssue({
          code: 'custom',
          path: ['approval', 'approvers'],
          message: 'names nobody; add an address, or set approval.required: false',
        });
      }
      const { build, components, tests } = definition;
      const counts = { build: components.length, tests: tests.components.length };
      for (const { path, message } of findEngine(build).findProblems(build, counts))
        context.addIssue({ code: 'custom', path: [...path], message });
      const seen = new Set<string>();
      definition.distribution.targets.forEach((target, index) => {
        target.regions.forEach((region, position) => {
          const place = `${target.account}/${region}`;
          if (seen.has(place)) {
            context.addIssue({
              code: 'custom',
              path: ['distribution', 'targets', index, 'regions', position],
              message: `names ${place} a second time`,
            });
          }
          seen.add(place);
        });
      });
      const names = definition.tests.suites.map((suite) => suite.name);
      names.forEach((name, index) => {
        if (names.indexOf(name) !== index) {
          context.addIssue({
            code: 'custom',
            path: ['tests', 'suites', index, 'name'],
            message: `"${name}" is used twice`,
          });
        }
      });
    }),
);

export type DefinitionInput = z.input<typeof DefinitionSchema>;
export type Definition = z.output<typeof DefinitionSchema>;
export type Target = Definition['distribution']['targets'][number];
export type Suite = Definition['tests']['suites'][number];

import * as z from 'zod';
import type { Call, Shape } from '../service.ts';
import { formatArn, parseArn, type ResourceKind, toSlug } from './arns.ts';
import { type Context, formatDate, type Operations, openHome } from './context.ts';
import {
  alreadyExists,
  hasDependents,
  invalidValue,
  notFound,
  notImplemented,
  quotaExceeded,
} from './errors.ts';
import { filtersSchema, nameSchema, pageSchema, read, tagsSchema, textSchema, tokenSchema } from './input.ts';
import { filtered, takePage } from './pages.ts';
import { quotas } from './quotas.ts';
import { type Configuration, once, type RegionState } from './store.ts';

// [M:imagebuilder CreateInfrastructureConfigurationRequest]
export const infrastructureSchema = z.object({
  description: textSchema.optional(),
  instanceTypes: z.array(z.string()).optional(),
  instanceProfileName: z.string().regex(/^[\w+=,.@-]{1,256}$/),
  securityGroupIds: z.array(textSchema).optional(),
  subnetId: textSchema.optional(),
  logging: z.record(z.string(), z.unknown()).optional(),
  keyPair: textSchema.optional(),
  terminateInstanceOnFailure: z.boolean().default(true),
  snsTopicArn: z.string().optional(),
  resourceTags: tagsSchema.optional(),
  instanceMetadataOptions: z
    .object({
      httpTokens: z.enum(['required', 'optional']).optional(),
      httpPutResponseHopLimit: z.int().min(1).max(64).optional(),
    })
    .optional(),
  placement: z.record(z.string(), z.unknown()).optional(),
});
export type Infrastructure = z.infer<typeof infrastructureSchema>;

// [M:imagebuilder Distribution]; what the local cloud cannot do is kept, and refused when something is built with it
const distributionSchema = z.looseObject({
  region: z.string().min(1),
  amiDistributionConfiguration: z
    .looseObject({
      name: z.string().min(1).max(127).optional(),
      description: textSchema.optional(),
      amiTags: tagsSchema.optional(),
      kmsKeyId: textSchema.optional(),
      launchPermission: z
        .looseObject({ userIds: z.array(z.string().regex(/^\d{12}$/)).optional() })
        .optional(),
    })
    .optional(),
});
export const distributionsSchema = z.object({
  description: textSchema.optional(),
  distributions: z.array(distributionSchema),
});
export type Distribution = z.infer<typeof distributionSchema>;

interface Kind<S extends z.ZodType> {
  readonly kind: ResourceKind & ('infrastructure-configuration' | 'distribution-configuration');
  readonly type: 'InfrastructureConfiguration' | 'DistributionConfiguration';
  /** Member of the ARN in requests and of the document in responses. */
  readonly arn: string;
  readonly member: string;
  readonly list: string;
  readonly limit: number;
  readonly schema: S;
  readonly check: (context: Context, call: Call, settings: z.infer<S>) => Promise<void> | void;
  readonly records: (home: RegionState) => Configuration[];
  readonly summary: (record: Configuration) => Shape;
  readonly extra: Shape;
}

/** The operations of infrastructure and of distribution configurations, which differ in their settings only. */
export const configurationOperations = (context: Context): Operations => ({
  ...createOperations(context, {
    kind: 'infrastructure-configuration',
    type: 'InfrastructureConfiguration',
    arn: 'infrastructureConfigurationArn',
    member: 'infrastructureConfiguration',
    list: 'infrastructureConfigurationSummaryList',
    limit: quotas.infrastructureConfigurations,
    schema: infrastructureSchema,
    check: checkProfile,
    records: (home) => home.infrastructure,
    summary: infrastructureSummary,
    extra: {},
  }),
  ...createOperations(context, {
    kind: 'distribution-configuration',
    type: 'DistributionConfiguration',
    arn: 'distributionConfigurationArn',
    member: 'distributionConfiguration',
    list: 'distributionConfigurationSummaryList',
    limit: quotas.distributionConfigurations,
    schema: distributionsSchema,
    check: (_context, _call, { distributions }) => checkDistributions(distributions),
    records: (home) => home.distribution,
    summary: distributionSummary,
    extra: { timeoutMinutes: 720 }, // required by the shape [M:DistributionConfiguration]; as documented for its default
  }),
});

const createOperations = <S extends z.ZodType<Record<string, unknown>>>(
  context: Context,
  kind: Kind<S>,
): Operations => {
  const create = async (home: RegionState, call: Call, input: Shape): Promise<Shape> => {
    const { name, tags } = read(
      z.object({ name: nameSchema, tags: tagsSchema.optional(), clientToken: tokenSchema.optional() }),
      input,
    );
    const settings = read(kind.schema, input);
    await kind.check(context, call, settings);
    const slug = toSlug(name);
    const arn = formatArn(kind.kind, call, slug);
    const records = kind.records(home);
    if (records.some((record) => record.arn === arn)) throw alreadyExists(kind.type, arn);
    if (records.length >= kind.limit) throw quotaExceeded(`${kind.type} resources`, kind.limit);
    records.push({
      arn,
      name,
      slug,
      dateCreated: formatDate(context.world.clock.now()),
      tags: tags ?? {},
      settings,
    });
    return { [kind.arn]: arn };
  };
  const find = (call: Call, input: Shape): Configuration => {
    const { [kind.arn]: arn } = read(z.object({ [kind.arn]: z.string() }), input);
    const record = findConfiguration(kind.records(openHome(context, call)), String(arn), kind.arn, kind.kind);
    if (record === undefined) throw notFound(kind.type, String(arn));
    return record;
  };
  return {
    [`Create${kind.type}`]: async (input, call) => {
      const home = openHome(context, call);
      const output = await once(home, `Create${kind.type}`, input, () => create(home, call, input));
      return { requestId: call.requestId, ...output };
    },
    [`Get${kind.type}`]: (input, call) => ({
      requestId: call.requestId,
      [kind.member]: { ...kind.extra, ...describeConfiguration(find(call, input)) },
    }),
    // A full replacement: what is left out is reset (docs/aws/image-builder.md#updates-replace-everything).
    [`Update${kind.type}`]: async (input, call) => {
      const home = openHome(context, call);
      const output = await once(home, `Update${kind.type}`, input, async () => {
        const record = find(call, input);
        const settings = read(kind.schema, input);
        await kind.check(context, call, settings);
        record.settings = settings;
        record.dateUpdated = formatDate(context.world.clock.now());
        return { [kind.arn]: record.arn };
      });
      return { requestId: call.requestId, ...output };
    },
    [`List${kind.type}s`]: (input, call) => {
      const { filters, ...page } = read(z.object({ ...pageSchema, filters: filtersSchema }), input);
      const records = filtered(kind.records(openHome(context, call)), filters, {
        name: (record) => record.name,
      });
      const { page: entries, ...rest } = takePage(records, kind.type, page);
      return { requestId: call.requestId, [kind.list]: entries.map(kind.summary), ...rest };
    },
    [`Delete${kind.type}`]: (input, call) => {
      const record = find(call, input);
      const home = openHome(context, call);
      const users = home.pipelines
        .filter(({ settings }) => settings[kind.arn] === record.arn)
        .map(({ arn }) => arn);
      if (users.length > 0) throw hasDependents(record.arn, users);
      const records = kind.records(home);
      records.splice(records.indexOf(record), 1);
      return { requestId: call.requestId, [kind.arn]: record.arn };
    },
  };
};

export const findConfiguration = (
  records: readonly Configuration[],
  arn: string,
  parameter: string,
  kind: ResourceKind,
): Configuration | undefined => {
  parseArn(arn, parameter, [kind]);
  return records.find((record) => record.arn === arn);
};

/** A configuration as its Get operation returns it. */
export const describeConfiguration = (record: Configuration): Shape => ({
  ...toCommonFields(record),
  ...record.settings,
});

const toCommonFields = ({ arn, name, dateCreated, dateUpdated, tags }: Configuration): Shape => ({
  arn,
  name,
  dateCreated,
  dateUpdated,
  tags,
});

/** List operations show fewer members than Get operations, and different ones for each kind. */
const infrastructureSummary = (record: Configuration): Shape => {
  const { description, resourceTags, instanceTypes, instanceProfileName, placement } = record.settings;
  return {
    ...toCommonFields(record),
    description,
    resourceTags,
    instanceTypes,
    instanceProfileName,
    placement,
  };
};

const distributionSummary = (record: Configuration): Shape => {
  const { description, distributions } = distributionsSchema.parse(record.settings);
  return { ...toCommonFields(record), description, regions: distributions.map(({ region }) => region) };
};

const checkProfile = async (
  { world }: Context,
  call: Call,
  { instanceProfileName: name }: Infrastructure,
): Promise<void> => {
  if (world.instanceProfileRole === undefined) return;
  const role = await world.instanceProfileRole({ account: call.account, name });
  if (role === undefined)
    throw invalidValue('instanceProfileName', `The instance profile '${name}' does not exist.`);
};

const supported = new Set(['region', 'amiDistributionConfiguration']);
const supportedForAmi = new Set(['name', 'description', 'amiTags', 'kmsKeyId', 'launchPermission']);

/** Refuses settings that the local cloud does not implement. */
export const refuseUnsupported = (distributions: readonly Distribution[]): void => {
  for (const distribution of distributions) {
    const ami = distribution.amiDistributionConfiguration ?? {};
    const beyond = [
      ...unsupported(distribution, supported),
      ...unsupported(ami, supportedForAmi),
      ...unsupported(ami.launchPermission ?? {}, new Set(['userIds'])),
    ];
    if (beyond.length > 0) throw notImplemented(`'${beyond.join("', '")}' in a distribution configuration`);
  }
};

const checkDistributions = (distributions: readonly Distribution[]): void => {
  for (const [index, distribution] of distributions.entries()) {
    const ami = distribution.amiDistributionConfiguration ?? {};
    // [M:AmiDistributionConfiguration.name]
    if (ami.name !== undefined && !/\{\{ ?imagebuilder:buildDate ?\}\}/.test(ami.name)) {
      throw invalidValue(
        `distributions[${index}].amiDistributionConfiguration.name`,
        'The name must contain {{ imagebuilder:buildDate }}.',
      );
    }
  }
};

const unsupported = (value: Record<string, unknown>, known: ReadonlySet<string>): string[] =>
  Object.entries(value)
    .filter(([name, entry]) => entry !== undefined && !known.has(name))
    .map(([name]) => name);

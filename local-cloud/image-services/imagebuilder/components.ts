import * as z from 'zod';
import { recordCall } from '../cloudtrail.ts';
import type { Call, Shape } from '../service.ts';
import { formatArn, parseArn, type ResourceName, toSlug } from './arns.ts';
import {
  type Context,
  formatDate,
  latestVersionReferences,
  type Operations,
  openByArn,
  openHome,
  resolve,
} from './context.ts';
import { readDocument } from './document.ts';
import {
  alreadyExists,
  dryRunSucceeded,
  hasDependents,
  invalidValue,
  notFound,
  quotaExceeded,
} from './errors.ts';
import {
  exactlyOne,
  nameSchema,
  platformSchema,
  read,
  tagsSchema,
  textSchema,
  tokenSchema,
} from './input.ts';
import { quotas } from './quotas.ts';
import type { ComponentRecord } from './records.ts';
import { nextBuild, once, type RegionState, takeBuild } from './store.ts';
import { compareBuilds, formatVersion, newest, parseVersion, type Version } from './versions.ts';

const createSchema = z.object({
  name: nameSchema,
  semanticVersion: z.string(),
  description: textSchema.optional(),
  changeDescription: textSchema.optional(),
  platform: platformSchema,
  supportedOsVersions: z.array(z.string().min(1)).min(1).max(25).optional(),
  data: z.string().min(1).max(quotas.inlineComponentCharacters).optional(),
  uri: z.string().optional(),
  kmsKeyId: textSchema.optional(),
  tags: tagsSchema.optional(),
  clientToken: tokenSchema.optional(),
  dryRun: z.boolean().optional(),
});

const importSchema = createSchema
  .omit({ dryRun: true })
  .extend({ type: z.enum(['BUILD', 'TEST']), format: z.literal('SHELL') });

const arnSchema = z.object({ componentBuildVersionArn: z.string() });

/** Key of the build counter of one component version. */
export const componentKey = (slug: string, version: Version): string =>
  `component/${slug}/${formatVersion(version)}`;

const toRecorded = (operation: string, parameters: Shape) =>
  ({ service: 'imagebuilder', operation, parameters }) as const;

export const componentOperations = (context: Context): Operations => ({
  CreateComponent: (input, call) => {
    const home = openHome(context, call);
    return recordCall(context.world, call, toRecorded('CreateComponent', input), async () => {
      const output = await once(home, 'CreateComponent', input, () => create(context, home, call, input));
      return { requestId: call.requestId, ...output };
    });
  },

  // A shell script becomes a component without any check of its content [M:ImportComponentRequest].
  ImportComponent: (input, call) => {
    const home = openHome(context, call);
    return recordCall(context.world, call, toRecorded('ImportComponent', input), async () => {
      const output = await once(home, 'ImportComponent', input, async () => {
        const { type, ...request } = read(importSchema, input);
        exactlyOne(input, 'data', 'uri');
        const data = request.data ?? (await objectText(context, call, request.uri ?? ''));
        const { arn } = addComponent(context, home, call, request, { data, type, parameters: [] });
        return { componentBuildVersionArn: arn };
      });
      return { requestId: call.requestId, ...output };
    });
  },

  GetComponent: (input, call) => {
    const { componentBuildVersionArn: arn } = read(arnSchema, input);
    const component = findComponent(context, call, arn, 'componentBuildVersionArn');
    if (component === undefined) throw notFound('Component', arn);
    return {
      requestId: call.requestId,
      component: describeComponent(component),
      latestVersionReferences: toLatestReferences(component, call.region),
    };
  },

  DeleteComponent: (input, call) => {
    const { componentBuildVersionArn: arn } = read(arnSchema, input);
    const name = parseArn(arn, 'componentBuildVersionArn', ['component']);
    if (name.build === undefined)
      throw invalidValue('componentBuildVersionArn', 'Give the full build version ARN.');
    const home = openHome(context, call);
    const component =
      name.owner === call.account ? findComponent(context, call, arn, 'componentBuildVersionArn') : undefined;
    if (component === undefined) throw notFound('Component', arn);
    const users = home.recipes.filter((recipe) =>
      recipe.components.some((use) => use.componentArn === component.arn),
    );
    if (users.length > 0)
      throw hasDependents(
        arn,
        users.map((recipe) => recipe.arn),
      );
    home.components = home.components.filter((entry) => entry !== component);
    return { requestId: call.requestId, componentBuildVersionArn: component.arn };
  },
});

/** Resolves a name, version, wildcard or build ARN; only ACTIVE components resolve without their build number (docs/aws/image-builder.md#which-version-a-wildcard-means). */
export const findComponent = (
  context: Context,
  call: Call,
  arn: string,
  parameter: string,
): ComponentRecord | undefined => {
  const name: ResourceName = parseArn(arn, parameter, ['component']);
  const records = openByArn(context, call, name)?.components ?? [];
  return resolve(records, name, (component) => component.status === 'ACTIVE');
};

/** A component as GetComponent returns it. */
export const describeComponent = (component: ComponentRecord): Shape => ({
  ...summarizeComponent(component),
  parameters: component.parameters,
  data: component.data,
  kmsKeyId: component.kmsKeyId,
  encrypted: true,
});

/** A component as ListComponentBuildVersions returns it. */
export const summarizeComponent = (component: ComponentRecord): Shape => ({
  arn: component.arn,
  name: component.name,
  version: formatVersion(component.version),
  description: component.description,
  changeDescription: component.changeDescription,
  type: component.type,
  platform: component.platform,
  supportedOsVersions: component.supportedOsVersions,
  state: { status: component.status },
  owner: component.owner,
  dateCreated: component.dateCreated,
  tags: component.tags,
});

/** ARN of the next build of a component, for the permission check before it is created. */
export const nextComponentArn = (home: RegionState, name: string, semanticVersion: string): string => {
  const slug = toSlug(name);
  const version = parseVersion(semanticVersion);
  return formatArn('component', home, slug, version, nextBuild(home, componentKey(slug, version)));
};

const create = async (context: Context, home: RegionState, call: Call, input: Shape): Promise<Shape> => {
  const request = read(createSchema, input);
  exactlyOne(input, 'data', 'uri');
  const data = request.data ?? (await objectText(context, call, request.uri ?? ''));
  const document = readDocument(data, request.data === undefined ? 'uri' : 'data');
  const component = addComponent(context, home, call, request, { data, ...document });
  return {
    componentBuildVersionArn: component.arn,
    latestVersionReferences: toLatestReferences(component, call.region),
  };
};

const addComponent = (
  context: Context,
  home: RegionState,
  call: Call,
  request: Omit<z.infer<typeof createSchema>, 'data'>,
  content: Pick<ComponentRecord, 'data' | 'type' | 'parameters'>,
): ComponentRecord => {
  const slug = toSlug(request.name);
  const version = parseVersion(request.semanticVersion);
  const builds = home.components.filter((component) => component.slug === slug);
  const latest = newest(builds, version);
  // Same name and version: a new build, unless the content is that of the latest one [M:CreateComponentRequest.name].
  if (latest !== undefined && latest.data === content.data && latest.platform === request.platform) {
    throw alreadyExists('Component', latest.arn);
  }
  if (home.components.length >= quotas.components) throw quotaExceeded('components', quotas.components);
  if (request.dryRun === true) throw dryRunSucceeded();
  const build = takeBuild(home, componentKey(slug, version));
  const component: ComponentRecord = {
    ...content,
    arn: formatArn('component', home, slug, version, build),
    name: request.name,
    slug,
    owner: call.account,
    version,
    build,
    platform: request.platform,
    supportedOsVersions: request.supportedOsVersions,
    description: request.description,
    changeDescription: request.changeDescription,
    kmsKeyId: request.kmsKeyId,
    status: 'ACTIVE',
    dateCreated: formatDate(context.world.clock.now()),
    tags: request.tags ?? {},
  };
  home.components.push(component);
  home.components.sort(compareBuilds);
  return component;
};

const toLatestReferences = (
  { owner, slug, version, arn }: ComponentRecord,
  region: string,
): Record<string, string> =>
  latestVersionReferences('component', { account: arn.split(':')[4] ?? owner, region }, slug, version);

const objectText = async ({ world }: Context, call: Call, uri: string): Promise<string> => {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  if (bucket === undefined || key === undefined) throw invalidValue('uri', 'Write s3://bucket/key.');
  const text = await world.readObject?.({ account: call.account, region: call.region, bucket, key });
  if (text === undefined) throw invalidValue('uri', `The object '${uri}' cannot be read.`);
  if (Buffer.byteLength(text) > quotas.componentBytes) {
    throw invalidValue('uri', `The component document is larger than ${quotas.componentBytes} bytes.`);
  }
  return text;
};

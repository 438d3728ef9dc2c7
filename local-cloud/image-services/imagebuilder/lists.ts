import * as z from 'zod';
import type { Call, Shape } from '../service.ts';
import { formatArn, parseArn } from './arns.ts';
import { summarizeComponent as componentSummary } from './components.ts';
import { type Context, type Operations, openByArn, openHome } from './context.ts';
import { invalidCombination, invalidRequest, invalidValue } from './errors.ts';
import { summarizeImage as imageSummary, ownImage } from './images.ts';
import { type Filters, filtersSchema, pageSchema, read } from './input.ts';
import { filtered, takePage } from './pages.ts';
import type { ComponentRecord, StoredImage } from './records.ts';
import type { RegionState } from './store.ts';
import { type Built, compareBuilds, formatVersion, isExact } from './versions.ts';

const ownerSchema = z.enum(['Self', 'Shared', 'Amazon', 'ThirdParty', 'AWSMarketplace']).default('Self');
const listSchema = z.object({
  ...pageSchema,
  owner: ownerSchema,
  filters: filtersSchema,
  byName: z.boolean().default(false),
  includeDeprecated: z.boolean().default(false),
});

/** Lists of components, recipes and images: 1 to 25 entries a page, filters as in docs/aws/image-builder.md#tokens-errors-and-pages. */
export const listOperations = (context: Context): Operations => ({
  // Version ARNs without build numbers; deprecated ones only when the status filter asks for them (docs/aws/image-builder.md#lists-and-owners).
  ListComponents: (input, call) => {
    const request = read(listSchema, input);
    checkByName(request);
    const wantsStatus = request.filters?.some(({ name }) => name === 'status') === true;
    const components = findStores(context, call, request.owner)
      .flatMap((home) => home.components)
      .filter((component) => wantsStatus || component.status === 'ACTIVE');
    const matching = filtered(components, request.filters, {
      name: ({ name }) => name,
      version: ({ version }) => formatVersion(version),
      type: ({ type }) => type,
      platform: ({ platform }) => platform,
      description: ({ description }) => description,
      status: ({ status }) => status,
      supportedOsVersions: ({ supportedOsVersions }) => supportedOsVersions,
      productCodes: () => undefined,
    });
    const { page, ...rest } = takePage(
      selectNewest(matching, request.byName),
      `components-${request.owner}`,
      request,
    );
    return {
      requestId: call.requestId,
      componentVersionList: page.map((component) => componentVersion(component, request.byName)),
      ...rest,
    };
  },

  // Own components only, without deprecated builds (docs/aws/image-builder.md#tokens-errors-and-pages).
  ListComponentBuildVersions: (input, call) => {
    const request = read(z.object({ componentVersionArn: z.string(), ...pageSchema }), input);
    const name = parseArn(request.componentVersionArn, 'componentVersionArn', ['component']);
    const { version } = name;
    if (version === undefined || !isExact(version))
      throw invalidValue('componentVersionArn', 'Give the exact version ARN.');
    if (name.owner !== call.account)
      throw invalidRequest('Build versions are listed for components of your own account only.');
    const builds = openHome(context, call).components.filter(
      (component) =>
        component.slug === name.slug &&
        formatVersion(component.version) === formatVersion(version) &&
        component.status !== 'DEPRECATED',
    );
    const { page, ...rest } = takePage(builds, 'component-builds', request);
    return { requestId: call.requestId, componentSummaryList: page.map(componentSummary), ...rest };
  },

  ListImageRecipes: (input, call) => {
    const request = read(listSchema, input);
    const recipes = filtered(
      findStores(context, call, request.owner).flatMap((home) => home.recipes),
      request.filters,
      {
        name: ({ name }) => name,
        parentImage: ({ parentImage }) => parentImage,
        platform: ({ platform }) => platform,
      },
    );
    const { page, ...rest } = takePage(recipes, `recipes-${request.owner}`, request);
    return {
      requestId: call.requestId,
      imageRecipeSummaryList: page.map(({ arn, name, platform, owner, parentImage, dateCreated, tags }) => ({
        arn,
        name,
        platform,
        owner,
        parentImage,
        dateCreated,
        tags,
      })),
      ...rest,
    };
  },

  ListImages: (input, call) => {
    const request = read(listSchema, input);
    checkByName(request);
    const images = findStores(context, call, request.owner)
      .flatMap((home) => home.images)
      .filter(({ status }) => request.includeDeprecated || status !== 'DEPRECATED');
    const matching = filtered(images, request.filters, {
      name: ({ name }) => name,
      version: ({ version }) => formatVersion(version),
      platform: ({ platform }) => platform,
      type: () => 'AMI',
      osVersion: () => undefined,
    });
    const { page, ...rest } = takePage(
      selectNewest(matching, request.byName),
      `images-${request.owner}`,
      request,
    );
    return {
      requestId: call.requestId,
      imageVersionList: page.map((image) => imageVersion(image, request.byName)),
      ...rest,
    };
  },

  // The version must be exact (docs/aws/image-builder.md#tokens-errors-and-pages).
  ListImageBuildVersions: (input, call) => {
    const request = read(
      z.object({ imageVersionArn: z.string(), filters: filtersSchema, ...pageSchema }),
      input,
    );
    const name = parseArn(request.imageVersionArn, 'imageVersionArn', ['image']);
    const { version } = name;
    if (version === undefined || !isExact(version))
      throw invalidValue('imageVersionArn', 'Give the exact version ARN.');
    const images = (openByArn(context, call, name)?.images ?? []).filter(
      (image) => image.slug === name.slug && formatVersion(image.version) === formatVersion(version),
    );
    return { requestId: call.requestId, ...imagePage(images, request) };
  },

  ListImagePipelineImages: (input, call) => {
    const request = read(
      z.object({ imagePipelineArn: z.string(), filters: filtersSchema, ...pageSchema }),
      input,
    );
    parseArn(request.imagePipelineArn, 'imagePipelineArn', ['image-pipeline']);
    const images = openHome(context, call).images.filter(
      ({ pipelineArn }) => pipelineArn === request.imagePipelineArn,
    );
    return { requestId: call.requestId, ...imagePage(images, request) };
  },

  // Collected while the image is built, unless enhanced metadata is turned off.
  ListImagePackages: (input, call) => {
    const request = read(z.object({ imageBuildVersionArn: z.string(), ...pageSchema }), input);
    const image = ownImage(context, call, request.imageBuildVersionArn);
    const packages = image.metadata ? image.inventory : [];
    const { page, ...rest } = takePage(packages, image.arn, request);
    return {
      requestId: call.requestId,
      imagePackageList: page.map(({ name, version, release }) => ({
        packageName: name,
        packageVersion: release === undefined ? version : `${version}-${release}`,
      })),
      ...rest,
    };
  },
});

const findStores = ({ store }: Context, call: Call, owner: z.infer<typeof ownerSchema>): RegionState[] => {
  if (owner === 'Self') return [store.at(call.account, call.region)];
  return owner === 'Amazon' ? [store.at('aws', call.region)] : [];
};

const checkByName = ({ byName, filters }: { byName: boolean; filters?: Filters }): void => {
  if (byName && filters?.some(({ name }) => name === 'version')) {
    throw invalidCombination("'byName' cannot be used with the filter 'version'.");
  }
};

/** One entry per name and version, or per name; each stands for its newest build. */
const selectNewest = <T extends Built & { slug: string }>(records: readonly T[], byName: boolean): T[] => {
  const newest = new Map<string, T>();
  for (const record of [...records].sort(compareBuilds)) {
    newest.set(byName ? record.slug : `${record.slug}/${formatVersion(record.version)}`, record);
  }
  return [...newest.values()].sort((left, right) =>
    left.slug < right.slug ? -1 : left.slug > right.slug ? 1 : compareBuilds(left, right),
  );
};

const listedArn = (arn: string, byName: boolean): string => {
  const name = parseArn(arn, 'arn', ['component', 'image']);
  const location = { account: name.owner, region: name.region };
  return byName
    ? formatArn(name.kind, location, name.slug, ['x', 'x', 'x'])
    : formatArn(name.kind, location, name.slug, name.version);
};

const componentVersion = (component: ComponentRecord, byName: boolean): Shape => ({
  arn: listedArn(component.arn, byName),
  name: component.name,
  version: byName ? 'x.x.x' : formatVersion(component.version),
  description: component.description,
  platform: component.platform,
  supportedOsVersions: component.supportedOsVersions,
  type: component.type,
  owner: component.owner,
  dateCreated: component.dateCreated,
  status: component.status,
});

const imageVersion = (image: StoredImage, byName: boolean): Shape => ({
  arn: listedArn(image.arn, byName),
  name: image.name,
  type: 'AMI',
  version: byName ? 'x.x.x' : formatVersion(image.version),
  platform: image.platform,
  owner: image.arn.split(':')[4],
  dateCreated: image.dateCreated,
  buildType: image.buildType,
  imageSource: image.imageSource,
});

const imagePage = (
  images: readonly StoredImage[],
  request: { filters?: Filters; maxResults?: number | undefined; nextToken?: string | undefined },
): Shape => {
  const matching = filtered(images, request.filters, {
    name: ({ name }) => name,
    version: ({ version, build }) => `${formatVersion(version)}/${build}`,
  });
  const { page, ...rest } = takePage(matching, 'image-builds', request);
  return { imageSummaryList: page.map(imageSummary), ...rest };
};

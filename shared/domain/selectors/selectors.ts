import * as z from 'zod';
import { createTextSchema } from '../base/zod-text.ts';

/** `major.minor.patch` in which each node is a number or `x`; once a node is `x` all to its right are (imagebuilder/userguide/ibhow-semantic-versioning). */
const VERSION_OR_WILDCARD = /^(?:x\.x\.x|[0-9]+\.x\.x|[0-9]+\.[0-9]+\.x|[0-9]+\.[0-9]+\.[0-9]+)$/;
export const PIPELINE_NAME = /^[a-z][a-z0-9-]{1,38}[a-z0-9]$/;
export const CHANNEL_NAME = /^[a-z][a-z0-9-]{0,29}$/;

export const ChannelName = z.lazy(() =>
  createTextSchema(CHANNEL_NAME, '1 to 30 of a-z, 0-9 and "-", and start with a letter', 'stable'),
);

const PipelineSelectorSchema = z.lazy(() =>
  z.strictObject({
    pipeline: createTextSchema(PIPELINE_NAME, 'the name of a pipeline', 'al2023-base').meta({
      description: 'Name of the pipeline whose released image is meant.',
    }),
    channel: ChannelName.unwrap().default('stable').meta({ description: 'Channel of that pipeline.' }),
  }),
);
const PipelineBaseSchema = z.lazy(() =>
  PipelineSelectorSchema.unwrap().extend({
    earlyCutoff: z
      .boolean()
      .default(false)
      .meta({ description: 'A release whose inventory equals the one before does not count as newer.' }),
  }),
);
const SsmSelectorSchema = z.lazy(() =>
  z.strictObject({
    ssm: createTextSchema(
      /^\/[A-Za-z0-9_./-]+(?::[A-Za-z0-9_.-]+)?$/,
      'a full parameter name that starts with "/", with ":version" or ":label" where it is pinned',
      '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
    ).meta({ description: 'SSM parameter that holds an AMI id, own or public (/aws/service/...).' }),
  }),
);
const ImageSelectorSchema = z.lazy(() =>
  z.strictObject({
    image: createTextSchema(
      /^arn:aws[a-z-]*:imagebuilder:[a-z0-9-]+:(?:aws|[0-9]{12}):image\/[a-z0-9-_]+\/[0-9x]+\.[0-9x]+\.[0-9x]+(?:\/[0-9]+)?$/,
      'an Image Builder image ARN',
      'arn:aws:imagebuilder:eu-west-1:aws:image/amazon-linux-2023-x86/x.x.x',
    ).meta({ description: 'Image Builder image ARN; trailing nodes of the version may be x.' }),
  }),
);
const AmiSelectorSchema = z.lazy(() =>
  z.strictObject({
    ami: createTextSchema(
      /^ami-[0-9a-f]{8,17}$/,
      'an AMI id such as ami-0f3c9a1b2d4e5f678',
      'ami-0f3c9a1b2d4e5f678',
    ).meta({ description: 'A pinned AMI; it never moves.' }),
  }),
);
const LookupSelectorSchema = z.lazy(() =>
  z.strictObject({
    lookup: z.strictObject({
      owner: createTextSchema(
        /^(?:[0-9]{12}|amazon|self|aws-marketplace)$/,
        'an account id, amazon, self or aws-marketplace',
        'self',
      ),
      name: z.string().min(3).max(128),
      architecture: z.enum(['x86_64', 'arm64']).default('x86_64'),
    }),
  }),
);
const ContainerSelectorSchema = z.lazy(() =>
  z.strictObject({
    container: createTextSchema(
      /^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/[a-z0-9._/-]+(?::[A-Za-z0-9._-]+)?$/,
      'an image in Amazon ECR such as 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:stable',
      '111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:stable',
    ).meta({ description: 'Tag of an image in Amazon ECR; its digest is the version.' }),
  }),
);
const SourceSelectorSchema = z.lazy(() =>
  z.strictObject({
    source: z.strictObject({
      bucket: createTextSchema(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket', 'my-sources'),
      key: z.string().min(1).max(1024),
    }),
  }),
);
const PackagesSelectorSchema = z.lazy(() =>
  z.strictObject({
    packages: z.strictObject({
      feed: createTextSchema(
        /^(?:https|s3):\/\/[^\s]+$/,
        'an https:// or s3:// address',
        'https://packages.example.com/el9',
      ).meta({ description: 'Repository index: an apt Packages file, or a directory with repodata/.' }),
      format: z.enum(['apt', 'rpm']),
      names: z
        .array(createTextSchema(/^[A-Za-z0-9._+-]{1,128}$/, 'the name of a package', 'openssl-libs'))
        .min(1)
        .max(50),
    }),
  }),
);

/** How a definition names its base image. Exactly one form. */
export const BaseSelectorSchema = z.lazy(() =>
  z
    .union([
      PipelineBaseSchema,
      SsmSelectorSchema,
      ImageSelectorSchema,
      AmiSelectorSchema,
      LookupSelectorSchema,
      ContainerSelectorSchema,
    ])
    .meta({
      description: 'What the image is built on: exactly one of pipeline, ssm, image, ami, lookup, container.',
    }),
);
export type BaseSelector = z.infer<typeof BaseSelectorSchema>;

/** What an image depends on beside its base and its components. Exactly one form. */
export const InputSelectorSchema = z.lazy(() =>
  z
    .union([
      PipelineSelectorSchema,
      SsmSelectorSchema,
      ImageSelectorSchema,
      AmiSelectorSchema,
      LookupSelectorSchema,
      ContainerSelectorSchema,
      SourceSelectorSchema,
      PackagesSelectorSchema,
    ])
    .meta({
      description: 'Exactly one of pipeline, ssm, image, ami, lookup, container, source, packages.',
    }),
);
export type InputSelector = z.infer<typeof InputSelectorSchema>;

/**
 * A component: a full ARN, or the short form `name/1.x.x`, which means a component of the control account in its home
 * region. Normalised to an ARN when the definition is applied.
 */
export const ComponentReferenceSchema = z.lazy(() =>
  createTextSchema(
    /^(?:arn:aws[a-z-]*:imagebuilder:[a-z0-9-]+:(?:aws|[0-9]{12}):component\/)?[a-z0-9-_]+\/[0-9x]+\.[0-9x]+\.[0-9x]+(?:\/[0-9]+)?$/,
    'a component ARN or name/version such as harden-ssh/1.x.x',
    'harden-ssh/1.x.x',
  ),
);

/** A wildcard in the middle (`1.x.8`) is an error in Image Builder too, but its pattern does not say so (imagebuilder/userguide/ibhow-semantic-versioning). */
export function isLegalVersionNode(version: string): boolean {
  return VERSION_OR_WILDCARD.test(version);
}

/**
 * A dependency in normal form. `key` names it everywhere (equal selectors of a thousand pipelines share one key), `topic` is what an
 * event can say about it: all selectors of a topic are resolved again when a hint for the topic arrives.
 */
export type Selector =
  | { kind: 'pipeline'; pipeline: string; channel: string }
  /** `pin`: a version number or a label. */
  | { kind: 'ssm'; name: string; region: string; pin?: string | undefined }
  | { kind: 'image'; arn: string }
  | { kind: 'component'; arn: string }
  | { kind: 'ami'; id: string; region: string }
  /** `owner`: an account id, `amazon` or `aws-marketplace`; `name` may hold `*` and `?`. */
  | { kind: 'lookup'; owner: string; name: string; architecture: 'x86_64' | 'arm64'; region: string }
  | { kind: 'container'; account: string; region: string; repository: string; tag: string }
  | { kind: 'source'; bucket: string; object: string }
  /** `names` sorted. */
  | { kind: 'packages'; feed: string; format: 'apt' | 'rpm'; names: string[] };

export const SelectorSchema: z.ZodType<Selector> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('pipeline'), pipeline: z.string(), channel: z.string() }),
    z.strictObject({
      kind: z.literal('ssm'),
      name: z.string(),
      region: z.string(),
      pin: z.string().optional(),
    }),
    z.strictObject({ kind: z.literal('image'), arn: z.string() }),
    z.strictObject({ kind: z.literal('component'), arn: z.string() }),
    z.strictObject({ kind: z.literal('ami'), id: z.string(), region: z.string() }),
    z.strictObject({
      kind: z.literal('lookup'),
      owner: z.string(),
      name: z.string(),
      architecture: z.enum(['x86_64', 'arm64']),
      region: z.string(),
    }),
    z.strictObject({
      kind: z.literal('container'),
      account: z.string(),
      region: z.string(),
      repository: z.string(),
      tag: z.string(),
    }),
    z.strictObject({ kind: z.literal('source'), bucket: z.string(), object: z.string() }),
    z.strictObject({
      kind: z.literal('packages'),
      feed: z.string(),
      format: z.enum(['apt', 'rpm']),
      names: z.array(z.string()),
    }),
  ]),
);

/** Selectors whose version is an Image Builder ARN move only forward; the others move whenever they differ. */
export function comparesAs(selector: Selector): 'semver' | 'value' {
  return selector.kind === 'image' || selector.kind === 'component' ? 'semver' : 'value';
}

export function selectorKey(selector: Selector): string {
  switch (selector.kind) {
    case 'pipeline':
      return `pipeline:${selector.pipeline}/${selector.channel}`;
    case 'ssm': {
      const key = `ssm:${selector.region}:${selector.name}`;
      return selector.pin === undefined ? key : `${key}:${selector.pin}`;
    }
    case 'image':
      return `image:${selector.arn}`;
    case 'component':
      return `component:${selector.arn}`;
    case 'ami':
      return `ami:${selector.region}:${selector.id}`;
    case 'lookup':
      return `${selectorTopic(selector)}:${selector.architecture}:${selector.name}`;
    case 'container':
      return `${selectorTopic(selector)}:${selector.tag}`;
    case 'source':
      return `source:${selector.bucket}/${selector.object}`;
    case 'packages':
      return `packages:${selector.format}:${selector.feed}#${selector.names.join(',')}`;
  }
}

/** The topic of a versioned ARN is the ARN without its version: `arn:...:component/harden-ssh`. */
export function selectorTopic(selector: Selector): string {
  switch (selector.kind) {
    case 'image':
    case 'component':
      return arnTopic(selector.arn);
    case 'ssm':
      return `ssm:${selector.region}:${selector.name}`;
    // An event about an image names its owner, at most.
    case 'lookup':
      return `lookup:${selector.region}:${selector.owner}`;
    case 'container':
      return `container:${selector.account}.dkr.ecr.${selector.region}.amazonaws.com/${selector.repository}`;
    case 'packages':
      return `packages:${selector.feed}`;
    default:
      return selectorKey(selector);
  }
}

/** `arn:...:image/base/1.x.x` and `arn:...:image/base/1.2.3/4` share the topic `arn:...:image/base`. */
export function arnTopic(arn: string): string {
  const parts = arn.split('/');
  return parts.slice(0, 2).join('/');
}

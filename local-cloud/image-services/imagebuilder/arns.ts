import { invalidValue } from './errors.ts';
import { formatVersion, parsePattern, type Version, type VersionPattern } from './versions.ts';

export type ResourceKind =
  | 'component'
  | 'image'
  | 'image-recipe'
  | 'container-recipe'
  | 'infrastructure-configuration'
  | 'distribution-configuration'
  | 'image-pipeline';

/** An Image Builder ARN taken apart. `owner` is an account id or `aws` for what Amazon manages. */
export interface ResourceName {
  readonly kind: ResourceKind;
  readonly region: string;
  readonly owner: string;
  readonly slug: string;
  /** Absent from a name ARN, which means `x.x.x`. */
  readonly version?: VersionPattern;
  readonly build?: number;
}

// [M:imagebuilder *Arn patterns], ownership part from docs/aws/image-builder.md#lists-and-owners
const shape =
  /^arn:aws[^:]*:imagebuilder:([^:]+):([0-9]{12}|aws(?:-[a-z-]+)?):([a-z-]+)\/([a-z0-9-_]+)(?:\/((?:x|[0-9]+)\.(?:x|[0-9]+)\.(?:x|[0-9]+))(?:\/([0-9]+))?)?$/;

/** Of the account, made with its first image (docs/aws/image-builder.md#service-linked-role). */
export const serviceRole = (account: string): string =>
  `arn:aws:iam::${account}:role/aws-service-role/imagebuilder.amazonaws.com/AWSServiceRoleForImageBuilder`;

/** `My Example_Image` -> `my-example-image`: names that differ only in case, spaces or underscores are one [M:CreateComponentRequest.name]. */
export const toSlug = (name: string): string => name.toLowerCase().replace(/[ _]/g, '-');

export const formatArn = (
  kind: ResourceKind,
  location: { account: string; region: string },
  slug: string,
  version?: Version | VersionPattern,
  build?: number,
): string => {
  const base = `arn:aws:imagebuilder:${location.region}:${location.account}:${kind}/${slug}`;
  const versioned = version === undefined ? base : `${base}/${formatVersion(version)}`;
  return build === undefined ? versioned : `${versioned}/${build}`;
};

/** Parses an ARN of one of the wanted kinds, or answers as the service does for a value that breaks the pattern. */
export const parseArn = (arn: string, parameter: string, kinds: readonly ResourceKind[]): ResourceName => {
  const name = tryParseArn(arn);
  if (name === undefined || !kinds.includes(name.kind)) {
    throw invalidValue(parameter, `'${arn}' is not an ARN of ${kinds.join(' or ')}.`);
  }
  return name;
};

export const tryParseArn = (arn: string): ResourceName | undefined => {
  const [, region, owner, kind, slug, version, build] = shape.exec(arn) ?? [];
  const known = findKind(kind);
  if (region === undefined || owner === undefined || known === undefined || slug === undefined)
    return undefined;
  return {
    kind: known,
    region,
    owner,
    slug,
    ...(version === undefined ? {} : { version: parsePattern(version) }),
    ...(build === undefined ? {} : { build: Number(build) }),
  };
};

const kinds: readonly ResourceKind[] = [
  'component',
  'image',
  'image-recipe',
  'container-recipe',
  'infrastructure-configuration',
  'distribution-configuration',
  'image-pipeline',
];

const findKind = (text: string | undefined): ResourceKind | undefined => kinds.find((kind) => kind === text);

import type { Ec2Api } from '../ec2/api.ts';
import type { Call, Operation, World } from '../service.ts';
import { formatArn, type ResourceKind, type ResourceName, tryParseArn } from './arns.ts';
import type { RegionState, Store } from './store.ts';
import { type Built, newest, type Version, type VersionPattern } from './versions.ts';

/** Dependencies of the operations of Image Builder. */
export interface Context {
  readonly world: World;
  readonly ec2: Ec2Api;
  readonly store: Store;
}

export type Operations = Record<string, Operation>;

export const openHome = ({ store }: Context, call: Call): RegionState => store.at(call.account, call.region);

/** API output carries ISO 8601 with milliseconds (docs/aws/image-builder.md#tokens-errors-and-pages, unconfirmed). */
export const formatDate = (date: Date): string => date.toISOString();

/**
 * Where an ARN's resource is kept, as seen by the caller: own resources and Amazon's. What other accounts own would have to be shared
 * by AWS RAM, which is not there: it does not exist for the caller.
 */
export const openByArn = ({ store }: Context, call: Call, name: ResourceName): RegionState | undefined => {
  if (name.region !== call.region) return undefined;
  if (name.owner !== 'aws' && name.owner !== call.account) return undefined;
  return store.at(name.owner, name.region);
};

/**
 * The record that an ARN stands for: a full build ARN means that build in any state, anything shorter the newest eligible one
 * (docs/aws/image-builder.md#which-version-a-wildcard-means).
 */
export const resolve = <T extends Built & { slug: string }>(
  records: readonly T[],
  name: ResourceName,
  eligible: (record: T) => boolean,
): T | undefined => {
  const named = records.filter((record) => record.slug === name.slug);
  const pattern: VersionPattern = name.version ?? ['x', 'x', 'x'];
  return name.build === undefined
    ? newest(named.filter(eligible), pattern)
    : newest(named, pattern, name.build);
};

/** ARNs with wildcards for the newest of each level [D:imagebuilder/userguide/ibhow-semantic-versioning]. */
export const latestVersionReferences = (
  kind: ResourceKind,
  location: { account: string; region: string },
  slug: string,
  [major, minor, patch]: Version,
): Record<string, string> => ({
  latestVersionArn: formatArn(kind, location, slug, ['x', 'x', 'x']),
  latestMajorVersionArn: formatArn(kind, location, slug, [major, 'x', 'x']),
  latestMinorVersionArn: formatArn(kind, location, slug, [major, minor, 'x']),
  latestPatchVersionArn: formatArn(kind, location, slug, [major, minor, patch]),
});

/** True for an ARN of the kind; false for any other text. */
export const isArn = (text: string, kind: ResourceKind): boolean => tryParseArn(text)?.kind === kind;

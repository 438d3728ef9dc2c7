import { invalidVersion } from './errors.ts';

/** `major.minor.patch` as numbers: leading zeros do not count [D:imagebuilder/userguide/ibhow-semantic-versioning]. */
export type Version = readonly [major: number, minor: number, patch: number];

/** A version in which trailing nodes may be `x`. */
export type VersionPattern = readonly [Node, Node, Node];
type Node = number | 'x';

/** Upper limit of each node: 2^30 - 1 [M:imagebuilder VersionNumber]. */
const largestNode = 2 ** 30 - 1;

const formatPattern = /^(?:[0-9]+|x)\.(?:[0-9]+|x)\.(?:[0-9]+|x)$/;

/** Reads `1.2.3`, `1.2.x`, `1.x.x` or `x.x.x`. After the first `x` only `x` may follow, as the service checks. */
export const parsePattern = (text: string): VersionPattern => {
  if (!formatPattern.test(text)) {
    throw invalidVersion(`'${text}' is not a version: write <major>.<minor>.<patch>.`);
  }
  const [major = 'x', minor = 'x', patch = 'x'] = text.split('.').map(parseNode);
  const firstWildcard = [major, minor, patch].indexOf('x');
  if (firstWildcard >= 0 && [major, minor, patch].slice(firstWildcard).some((node) => node !== 'x')) {
    throw invalidVersion(`'${text}' is not valid: every node to the right of an x must be x.`);
  }
  return [major, minor, patch];
};

/** Reads a version without wildcards. */
export const parseVersion = (text: string): Version => {
  const [major, minor, patch] = parsePattern(text);
  if (major === 'x' || minor === 'x' || patch === 'x') {
    throw invalidVersion(`'${text}' has a wildcard where a version of three numbers is needed.`);
  }
  return [major, minor, patch];
};

export const formatVersion = (version: Version | VersionPattern): string => version.join('.');

export const isExact = (pattern: VersionPattern): pattern is Version => !pattern.includes('x');

export const matches = (pattern: VersionPattern, version: Version): boolean =>
  pattern.every((node, index) => node === 'x' || node === version[index]);

/** Numeric, node by node; a later build never beats a higher version [D:ibhow-semantic-versioning]. */
const compareVersions = (left: Version, right: Version): number =>
  left[0] - right[0] || left[1] - right[1] || left[2] - right[2];

/** Something that has a version and a build number. */
export interface Built {
  readonly version: Version;
  readonly build: number;
}

/** Version first, build last. */
export const compareBuilds = (left: Built, right: Built): number =>
  compareVersions(left.version, right.version) || left.build - right.build;

/** The highest of the given records that match, or undefined. */
export const newest = <T extends Built>(
  records: readonly T[],
  pattern: VersionPattern,
  build?: number,
): T | undefined =>
  records
    .filter((record) => matches(pattern, record.version) && (build === undefined || record.build === build))
    .reduce<T | undefined>(
      (best, record) => (best === undefined || compareBuilds(record, best) > 0 ? record : best),
      undefined,
    );

/**
 * The version that a new recipe gets for a version with wildcards: `1.0.x` gives 1.0.1, 1.0.2, ... [D:create-image-recipes].
 * The leftmost wildcard counts up, those to its right are 0.
 */
export const nextVersion = (pattern: VersionPattern, existing: readonly Version[]): Version => {
  if (isExact(pattern)) return pattern;
  const position = pattern.indexOf('x');
  const highest = existing
    .filter((version) => matches(pattern, version))
    .reduce((best, version) => Math.max(best, version[position] ?? 0), 0);
  if (highest >= largestNode) throw invalidVersion(`No version is left for ${formatVersion(pattern)}.`);
  const node = (index: number): number => {
    if (index === position) return highest + 1;
    const fixed = pattern[index];
    return fixed === undefined || fixed === 'x' ? 0 : fixed;
  };
  return [node(0), node(1), node(2)];
};

const parseNode = (text: string): Node => {
  if (text === 'x') return 'x';
  const node = Number(text);
  if (node > largestNode)
    throw invalidVersion(`${text} is larger than ${largestNode}, the largest version node.`);
  return node;
};

import { arnTopic } from './build-arns.ts';
import type { ResolvedVersion } from './kind.ts';

/** A version of an Image Builder resource: the numbers of `major.minor.patch/build`, compared one by one, never by time (imagebuilder/userguide/ibhow-semantic-versioning). */
type BuildVersion = readonly bigint[];

const BUILD_ARN = /\/([0-9]+)\.([0-9]+)\.([0-9]+)\/([0-9]+)$/;

/** The version in a build-version ARN, or undefined where the text holds none. */
export function parseBuildVersion(arn: string): BuildVersion | undefined {
  return BUILD_ARN.exec(arn)?.slice(1).map(BigInt);
}

export function compareVersions(left: BuildVersion, right: BuildVersion): -1 | 0 | 1 {
  for (const [index, a] of left.entries()) {
    const b = right[index] ?? 0n;
    if (a !== b) return a < b ? -1 : 1;
  }
  return 0;
}

/**
 * Whether a selector that resolved to `from` and now resolves to `to` has changed. Semantic versions move only forward: a newest
 * version that is deprecated makes `x.x.x` fall back, which is no change. Everything else moves whenever it differs.
 */
export function isChange(kind: 'semver' | 'value', from: string | undefined, to: string): boolean {
  if (from === undefined) return true;
  if (kind === 'value') return from !== to;
  const before = parseBuildVersion(from);
  const after = parseBuildVersion(to);
  // What is no build version cannot be built with; to leave one is always progress.
  if (after === undefined) return false;
  if (before === undefined) return true;
  // Versions of different names say nothing about each other.
  if (arnTopic(from) !== arnTopic(to)) return true;
  return compareVersions(after, before) > 0;
}

/** The AMI behind a resolved selector; undefined where its version is none and none stands in its detail. */
export function findAmiId({ version, detail }: ResolvedVersion): string | undefined {
  return detail?.amiId ?? (/^ami-[0-9a-z]+$/.test(version) ? version : undefined);
}

/**
 * Findings of Amazon Inspector as reconcile sees them: a package that ought to be at least of some version. Inventories and findings are compared
 * in the order of the package manager that both are of.
 */
import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import type { Package } from './inventory.ts';
import { comparePackageVersions, type PackageFormat } from './versions.ts';

const FormatSchema = z.lazy(() => z.enum(['apt', 'rpm']));

/** That a package is fixed from this version on. */
export interface FixClaim {
  readonly name: string;
  readonly format: PackageFormat;
  readonly fixed: string;
}

/** One package that a finding names and that has a fix. */
export interface FixablePackage extends FixClaim {
  /** As Inspector saw it, on the instance or in the container that it scanned. */
  readonly installed: string;
}

/** An active finding about packages of the operating system, at least one of which has a fix. */
export interface Vulnerability {
  readonly arn: string;
  /** `CVE-2026-1234`. */
  readonly vulnerabilityId: string;
  readonly packages: readonly FixablePackage[];
}

/** A package in the inventory of what is current in a channel; one row for each, which an event about the package leads to. */
export const PackageUseRecordSchema = lazyObject(() => ({
  package: z.string(),
  pipeline: z.string(),
  channel: z.string(),
  /** Several where it is installed more than once. */
  versions: z.array(z.string()),
  /** Absent where the inventory does not tell; it is compared as the finding says then. */
  format: FormatSchema.optional(),
}));
export type PackageUseRecord = z.infer<typeof PackageUseRecordSchema>;

/**
 * The highest version that a finding has asked for of a package. `open` until the pipelines that hold the package have been looked for: it is
 * written before they are read, and an inventory is indexed before it is read, so that one of the two sees the other.
 */
export const MinimumVersionRecordSchema = lazyObject(() => ({
  package: z.string(),
  format: FormatSchema,
  version: z.string(),
  installed: z.string(),
  finding: z.string(),
  vulnerability: z.string(),
  state: z.enum(['open', 'done']),
  /** Absent where no pipeline was affected. */
  change: z.string().optional(),
  at: z.iso.datetime(),
}));
export type MinimumVersionRecord = z.infer<typeof MinimumVersionRecordSchema>;

/** The job that brings the index up to a channel's release. A newer release takes it over. */
export const InventoryIndexRecordSchema = lazyObject(() => ({
  pipeline: z.string(),
  channel: z.string(),
  /** Whose inventory is to stand in the index. */
  bake: z.string(),
  /** Bakes of whose inventories rows may stand in the index, oldest first; the last is the one above. */
  bakes: z.array(z.string()),
  /** Whose inventory stood in the index when a job last ended. */
  indexed: z.string().optional(),
  /** Writes already made. */
  cursor: z.number().int().nonnegative(),
  state: z.enum(['open', 'done']),
}));
export type InventoryIndexRecord = z.infer<typeof InventoryIndexRecordSchema>;

/** Versions by name, and the package manager that they are of. */
export interface PackageList {
  readonly format: PackageFormat | undefined;
  readonly versions: ReadonlyMap<string, readonly string[]>;
}

/** All variants of an image together: one that is behind is enough. */
export function toPackageList(inventories: readonly (readonly Package[])[]): PackageList {
  const versions = new Map<string, string[]>();
  for (const { name, version } of inventories.flat()) {
    // dpkg writes `libc6:amd64` where a package is there for several architectures (dpkg-query(1), binary:Package).
    const plain = name.split(':')[0] ?? name;
    const known = versions.get(plain) ?? [];
    if (plain !== '' && version !== '' && !known.includes(version))
      versions.set(plain, [...known, version].sort());
  }
  return { format: inferFormatFromPackages(versions), versions };
}

/** No Linux runs without its C library, which the two families name differently; an inventory of neither or of both does not tell. */
function inferFormatFromPackages(names: ReadonlyMap<string, unknown>): PackageFormat | undefined {
  const [isDebian, isRpm] = [names.has('libc6'), names.has('glibc')];
  if (isDebian === isRpm) return undefined;
  return isDebian ? 'apt' : 'rpm';
}

const PLATFORMS: readonly (readonly [RegExp, PackageFormat])[] = [
  [/^(?:DEBIAN|UBUNTU)/, 'apt'],
  [/^(?:AMAZON|AL20|RHEL|RED_?HAT|CENTOS|ROCKY|ALMA|ORACLE|FEDORA|SUSE|SLES|OPENSUSE)/, 'rpm'],
];

/** `UBUNTU_22_04` -> `apt`. Undefined for what has neither (Windows, macOS, Alpine): its versions compare by other rules. */
export function inferFormatFromPlatform(platform: string | undefined): PackageFormat | undefined {
  const name = (platform ?? '').toUpperCase().replaceAll(' ', '_');
  return PLATFORMS.find(([pattern]) => pattern.test(name))?.[1];
}

const EPOCH = /^[0-9]*:/;

/** Whether a package in an inventory is older than a finding asks for. */
export function isBelowMinimum(
  use: Pick<PackageUseRecord, 'versions' | 'format'>,
  wanted: { readonly format: PackageFormat; readonly version: string },
): boolean {
  const { format, version: least } = wanted;
  if (use.format !== undefined && use.format !== format) return false;
  return use.versions.some((version) => {
    // RPM keeps the epoch apart from the version, so an inventory may leave out one that is there; dpkg writes any but 0 (deb-version(7)).
    const saysNothing = format === 'rpm' && !EPOCH.test(version);
    return comparePackageVersions(format, version, saysNothing ? least.replace(EPOCH, '') : least) < 0;
  });
}

/** Whether a floor that is there asks for less than this; a floor only rises. */
export function isHigherMinimum(format: PackageFormat, floor: string | undefined, version: string): boolean {
  return floor === undefined || comparePackageVersions(format, floor, version) < 0;
}

/** Of several packages of one name the one whose fix is the newest: it mends the others too. */
export function selectNewestFixes<Entry extends FixablePackage>(packages: readonly Entry[]): Entry[] {
  const newest = new Map<string, Entry>();
  for (const entry of packages) {
    const key = `${entry.format} ${entry.name}`;
    if (isHigherMinimum(entry.format, newest.get(key)?.fixed, entry.fixed)) newest.set(key, entry);
  }
  return [...newest.values()];
}

/** One write of the index: a package that is there now, or one that is there no longer. */
export type IndexWrite =
  | { readonly kind: 'put'; readonly name: string; readonly versions: readonly string[] }
  | { readonly kind: 'delete'; readonly name: string };

/**
 * What brings the index to this inventory, where rows of earlier ones may stand in it. `standing` is an inventory that is in the index as a whole
 * and no other: what has not changed since is left alone. Always the same for the same inventories, so that a run can go on at a number of steps.
 */
export function listIndexWrites(
  before: readonly PackageList[],
  now: PackageList,
  standing: PackageList | undefined,
): IndexWrite[] {
  const stands = (name: string) =>
    standing !== undefined &&
    standing.format === now.format &&
    JSON.stringify(standing.versions.get(name)) === JSON.stringify(now.versions.get(name));
  const names = new Set([...before.flatMap((list) => [...list.versions.keys()]), ...now.versions.keys()]);
  return [...names].sort().flatMap((name): IndexWrite[] => {
    const versions = now.versions.get(name);
    if (versions === undefined) return [{ kind: 'delete', name }];
    return stands(name) ? [] : [{ kind: 'put', name, versions }];
  });
}

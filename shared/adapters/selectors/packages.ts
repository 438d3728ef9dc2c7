/**
 * The newest version of each named package in a feed, whatever an image holds of it. Because the image is not asked, a bake that takes the
 * packages up does not lead to the next one.
 */
import { TryLater } from '../../domain/base/errors.ts';
import type { Package } from '../../domain/packages/inventory.ts';
import { newestPackageVersion, type PackageFormat } from '../../domain/packages/versions.ts';
import type { Resolution } from '../../ports/selector-resolver.ts';
import { type FeedAccess, FeedUnusable, readFeed, requireSameHost } from './feed-files.ts';
import type { Resolve } from './resolver.ts';

/** For all files of a feed together. The API answers within 29 s (apigateway/latest/developerguide/http-api-quotas). */
const SECONDS = 20;

export function resolvePackages(access: FeedAccess): Resolve<'packages'> {
  return async ({ feed, format, names }) => {
    const signal = AbortSignal.timeout(SECONDS * 1000);
    try {
      const address = new URL(feed);
      const packages =
        format === 'apt'
          ? readAptPackages(access, address, signal)
          : readRpmPackages(access, address, signal);
      return toPackagesResolution(feed, names, await findNewestVersions(format, names, packages));
    } catch (error) {
      if (error instanceof FeedUnusable) return { found: false, reason: error.message };
      if (signal.aborted) throw new TryLater(`${feed} took longer than ${SECONDS} s`, {}, { cause: error });
      throw error;
    }
  };
}

function toPackagesResolution(
  feed: string,
  names: readonly string[],
  newest: ReadonlyMap<string, string>,
): Resolution {
  const missing = names.filter((name) => !newest.has(name));
  if (missing.length > 0)
    return { found: false, reason: `The feed ${feed} has no package named ${missing.join(', ')}` };
  const found = [...newest].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    found: true,
    version: found.map(([name, version]) => `${name}=${version}`).join(','),
    detail: Object.fromEntries(found),
  };
}

async function findNewestVersions(
  format: PackageFormat,
  names: readonly string[],
  packages: AsyncIterable<Package>,
): Promise<Map<string, string>> {
  const wanted = new Set(names);
  const newest = new Map<string, string>();
  for await (const { name, version } of packages) {
    if (!wanted.has(name)) continue;
    const known = newest.get(name);
    newest.set(
      name,
      newestPackageVersion(format, known === undefined ? [version] : [known, version]) ?? version,
    );
  }
  return newest;
}

/** A Packages file: paragraphs of fields, parted by empty lines (wiki.debian.org/DebianRepository/Format, deb-control(5)). */
async function* readAptPackages(
  access: FeedAccess,
  address: URL,
  signal: AbortSignal,
): AsyncGenerator<Package> {
  for await (const paragraph of splitText(readFeed(access, address, signal), /\r?\n[ \t]*\r?\n/, address)) {
    const [, name] = /^Package: *(\S+)/m.exec(paragraph) ?? [];
    const [, version] = /^Version: *(\S+)/m.exec(paragraph) ?? [];
    if (name !== undefined && version !== undefined) yield { name, version };
  }
}

/** A directory with repodata/repomd.xml, which names the list of packages (createrepo_c; rpm-metadata "primary"). */
async function* readRpmPackages(access: FeedAccess, feed: URL, signal: AbortSignal): AsyncGenerator<Package> {
  const folder = new URL(feed.href.endsWith('/') ? feed.href : `${feed.href}/`);
  const address = await findPackageListUrl(access, folder, signal);
  for await (const entry of splitText(readFeed(access, address, signal), '</package>', address)) {
    const [, name] = /<name>([^<]+)<\/name>/.exec(entry) ?? [];
    const [, architecture] = /<arch>([^<]+)<\/arch>/.exec(entry) ?? [];
    const [, attributes] = /<version\s([^>]*)>/.exec(entry) ?? [];
    if (name === undefined || attributes === undefined || architecture === 'src') continue;
    yield { name, version: formatEvr(attributes) };
  }
}

async function findPackageListUrl(access: FeedAccess, folder: URL, signal: AbortSignal): Promise<URL> {
  const index = new URL('repodata/repomd.xml', folder);
  let text = '';
  for await (const chunk of readFeed(access, index, signal)) text += chunk;
  const [, data] = /<data\s+type="primary"\s*>([\s\S]*?)<\/data>/.exec(text) ?? [];
  const href = readAttribute(/<location\s([^>]*)>/.exec(data ?? '')?.[1] ?? '', 'href');
  if (href === undefined) throw new FeedUnusable(`${index} names no list of packages`);
  return requireSameHost(new URL(href, folder), folder);
}

/** `[epoch:]version-release`, as rpm itself prints it: an epoch of 0 is left out. */
function formatEvr(attributes: string): string {
  const [epoch = '0', ver = '', rel = ''] = ['epoch', 'ver', 'rel'].map((name) =>
    readAttribute(attributes, name),
  );
  const version = rel === '' ? ver : `${ver}-${rel}`;
  return epoch === '0' || epoch === '' ? version : `${epoch}:${version}`;
}

function readAttribute(attributes: string, name: string): string | undefined {
  const [, value] = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes) ?? [];
  return value?.replaceAll('&amp;', '&');
}

/** No package's entry is nearly as long; what goes on without an end is no index. */
const LONGEST_PIECE = 8 * 1024 * 1024;

async function* splitText(
  text: AsyncIterable<string>,
  between: string | RegExp,
  address: URL,
): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of text) {
    const parts = (rest + chunk).split(between);
    rest = parts.pop() ?? '';
    if (rest.length > LONGEST_PIECE) throw new FeedUnusable(`${address} is no index of packages`);
    yield* parts;
  }
  if (rest !== '') yield rest;
}

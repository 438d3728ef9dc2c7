/** What selectors name, in memory, and the port that answers what they mean. */
import { TryLater } from '../../../shared/domain/base/errors.ts';
import { newestPackageVersion } from '../../../shared/domain/packages/versions.ts';
import type { Selector } from '../../../shared/domain/selectors/selectors.ts';
import { compareVersions, parseBuildVersion } from '../../../shared/domain/selectors/versions.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import type { Resolution, SelectorResolver } from '../../../shared/ports/selector-resolver.ts';

export interface FakeAmi {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly createdAt: string;
  readonly state?: 'available' | 'pending' | 'disabled';
  readonly deprecatedAt?: string;
}

export interface FakePackage {
  readonly name: string;
  readonly version: string;
}

const AMI_ID = /^ami-[0-9a-f]{8,17}$/;

export type SelectorWorld = ReturnType<typeof selectorWorld>;

export function selectorWorld(home: { readonly account: string; readonly region: string }) {
  return {
    home,
    /** Newest values by name. */
    parameters: new Map<string, string>(),
    /** Values of pinned versions and labels, by `name:pin`. */
    pins: new Map<string, string>(),
    /** One version of each component of the home account, by name. */
    components: new Map<string, string>(),
    /** Build versions of components and images by ARN, with their state. */
    builds: new Map<string, string>(),
    /** The AMI of an image, by the ARN of its build version. */
    amiOfBuild: new Map<string, string>(),
    amis: [] as FakeAmi[],
    /** Digests by `account/region/repository:tag`. */
    tags: new Map<string, string>(),
    /** Versions by `bucket/key`; undefined in a bucket without versioning. */
    objects: new Map<string, string | undefined>(),
    feeds: new Map<string, readonly FakePackage[]>(),
    /** Kinds that AWS throttles at the moment. */
    busy: new Set<Selector['kind']>(),
  };
}

export function fakeResolver(world: SelectorWorld, clock: Clock): SelectorResolver {
  return {
    async resolve(selector) {
      if (world.busy.has(selector.kind)) throw new TryLater('AWS asked to try again later.');
      return lookUp(world, clock, selector);
    },
  };
}

function lookUp(world: SelectorWorld, clock: Clock, selector: Selector): Resolution {
  switch (selector.kind) {
    case 'ssm': {
      const { name, pin } = selector;
      const value = pin === undefined ? world.parameters.get(name) : world.pins.get(`${name}:${pin}`);
      if (value === undefined || !AMI_ID.test(value)) return absent(`${name} holds no id of an AMI`);
      return { found: true, version: value, detail: { amiId: value } };
    }
    case 'component':
      return newestBuild(selector.arn, [...available(world, 'ACTIVE'), ...simpleComponents(world)]);
    case 'image': {
      const found = newestBuild(selector.arn, available(world, 'AVAILABLE'));
      const amiId = found.found ? world.amiOfBuild.get(found.version) : undefined;
      return found.found && amiId !== undefined ? { ...found, detail: { amiId } } : found;
    }
    case 'ami': {
      const image = world.amis.find(({ id }) => id === selector.id);
      if (image === undefined) return absent('there is no such image');
      if (image.state !== undefined && image.state !== 'available') return absent(`it is ${image.state}`);
      return { found: true, version: image.id, detail: { amiId: image.id } };
    }
    case 'lookup':
      return newestAmi(world, clock, selector);
    case 'container':
      return toResolution(
        world.tags.get(`${selector.account}/${selector.region}/${selector.repository}:${selector.tag}`),
        'there is no such tag',
      );
    case 'source': {
      const name = `${selector.bucket}/${selector.object}`;
      const reason = world.objects.has(name) ? 'turn on versioning of the bucket' : 'there is no such object';
      return toResolution(world.objects.get(name), reason);
    }
    case 'packages':
      return newestPackages(world, selector);
    case 'pipeline':
      throw new TypeError('What a channel holds is in the table.');
  }
}

function absent(reason: string): Resolution {
  return { found: false, reason };
}

function toResolution(version: string | undefined, reason: string): Resolution {
  return version === undefined ? absent(reason) : { found: true, version, detail: {} };
}

function available(world: SelectorWorld, state: string): string[] {
  return [...world.builds].filter(([, is]) => is === state).map(([arn]) => arn);
}

function simpleComponents({ components, home }: SelectorWorld): string[] {
  return [...components].map(
    ([name, version]) => `arn:aws:imagebuilder:${home.region}:${home.account}:component/${name}/${version}/1`,
  );
}

function newestBuild(wanted: string, arns: readonly string[]): Resolution {
  const [kind, name, version = ''] = wanted.split('/');
  const nodes = version.split('.');
  const matching = arns.filter((arn) => {
    const [ownKind, ownName, ownVersion = ''] = arn.split('/');
    const fits = ownVersion.split('.').every((node, at) => nodes[at] === 'x' || nodes[at] === node);
    return ownKind === kind && ownName === name && fits && (arn === wanted || wanted.split('/').length < 4);
  });
  return toResolution(matching.sort(byVersion).at(-1), `there is no version ${version} of ${name}`);
}

function byVersion(a: string, b: string): number {
  const [left, right] = [parseBuildVersion(a), parseBuildVersion(b)];
  return left === undefined || right === undefined ? 0 : compareVersions(left, right);
}

function newestAmi(
  world: SelectorWorld,
  clock: Clock,
  { owner, name, architecture }: Extract<Selector, { kind: 'lookup' }>,
): Resolution {
  const now = clock.now().toISOString();
  const source = name
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const pattern = new RegExp(`^${source}$`, 's');
  const [newest] = world.amis
    .filter((image) => image.owner === owner && image.architecture === architecture)
    .filter((image) => pattern.test(image.name) && (image.state ?? 'available') === 'available')
    .filter(({ deprecatedAt }) => deprecatedAt === undefined || deprecatedAt > now)
    .sort((a, b) => (`${a.createdAt} ${a.id}` < `${b.createdAt} ${b.id}` ? 1 : -1));
  if (newest === undefined) return absent('no image has such a name');
  return { found: true, version: newest.id, detail: { amiId: newest.id } };
}

function newestPackages(
  { feeds }: SelectorWorld,
  { feed, format, names }: Extract<Selector, { kind: 'packages' }>,
): Resolution {
  const packages = feeds.get(feed) ?? [];
  const newest = [...names].sort().map((name) => {
    const versions = packages.filter((entry) => entry.name === name).map(({ version }) => version);
    return [name, newestPackageVersion(format, versions)] as const;
  });
  const missing = newest.filter(([, version]) => version === undefined).map(([name]) => name);
  if (missing.length > 0) return absent(`the feed has no ${missing.join(', ')}`);
  return {
    found: true,
    version: newest.map(([name, version]) => `${name}=${version}`).join(','),
    detail: Object.fromEntries(newest.map(([name, version]) => [name, version ?? ''])),
  };
}

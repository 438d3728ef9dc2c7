/** The adapter of the port SelectorResolver over stand-ins of AWS, which answer from the memory of the fake as AWS would. */
import { gzipSync } from 'node:zlib';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeImagesCommand as DescribeContainersCommand,
  ECRClient,
  ImageNotFoundException,
  RepositoryNotFoundException,
} from '@aws-sdk/client-ecr';
import {
  GetComponentCommand,
  GetImageCommand,
  ImagebuilderClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-imagebuilder';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { resolveAmi } from '../../../shared/adapters/selectors/ami.ts';
import { resolveComponent } from '../../../shared/adapters/selectors/component.ts';
import { resolveContainer } from '../../../shared/adapters/selectors/container.ts';
import { resolveImage } from '../../../shared/adapters/selectors/image.ts';
import { resolveLookup } from '../../../shared/adapters/selectors/lookup.ts';
import { resolvePackages } from '../../../shared/adapters/selectors/packages.ts';
import { createSelectorResolver } from '../../../shared/adapters/selectors/resolver.ts';
import { resolveSource } from '../../../shared/adapters/selectors/source.ts';
import { resolveSsm } from '../../../shared/adapters/selectors/ssm.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import type { SelectorResolver } from '../../../shared/ports/selector-resolver.ts';
import { type FakePackage, fakeResolver, type SelectorWorld } from './selector-world.ts';

const $metadata = {};

export function createAwsSelectorResolver(world: SelectorWorld, clock: Clock): SelectorResolver {
  const ssm = fakeSsm(world);
  const builder = fakeImageBuilder(world, clock);
  const ec2 = fakeEc2(world);
  const ecr = fakeEcr(world);
  const s3 = fakeS3(world);
  return createSelectorResolver({
    ssm: resolveSsm(() => ssm),
    component: resolveComponent(() => builder),
    image: resolveImage(() => builder),
    lookup: resolveLookup(() => ec2, clock),
    ami: resolveAmi(() => ec2),
    container: resolveContainer(() => ecr),
    source: resolveSource(() => s3),
    packages: resolvePackages({ fetch: async (address) => serveFeed(world, String(address)), s3: () => s3 }),
  });
}

function fakeSsm(world: SelectorWorld): SSMClient {
  const client = new SSMClient({ region: world.home.region });
  mockClient(client)
    .on(GetParameterCommand)
    .callsFake(({ Name = '' }: { Name?: string }) => {
      if (world.busy.has('ssm'))
        throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
      const Value = world.pins.get(Name) ?? world.parameters.get(Name);
      if (Value === undefined) throw new ParameterNotFound({ message: Name, $metadata });
      return { Parameter: { Name, Value, Type: 'String' } };
    });
  return client;
}

/** Image Builder itself resolves wildcards; the fake knows how. */
function fakeImageBuilder(world: SelectorWorld, clock: Clock): ImagebuilderClient {
  const client = new ImagebuilderClient({ region: world.home.region });
  const ask = async (kind: 'component' | 'image', arn: string) => {
    const found = await fakeResolver(world, clock).resolve({ kind, arn });
    if (!found.found) throw new ResourceNotFoundException({ message: found.reason, $metadata });
    return found;
  };
  mockClient(client)
    .on(GetComponentCommand)
    .callsFake(async ({ componentBuildVersionArn = '' }: { componentBuildVersionArn?: string }) => {
      const { version } = await ask('component', componentBuildVersionArn);
      return { component: { arn: version, state: { status: 'ACTIVE' } } };
    })
    .on(GetImageCommand)
    .callsFake(async ({ imageBuildVersionArn = '' }: { imageBuildVersionArn?: string }) => {
      const { version, detail } = await ask('image', imageBuildVersionArn);
      const amis = [
        { region: 'us-east-1', image: 'ami-0eeeeeeeeeeeeeeee' },
        { region: world.home.region, image: detail.amiId },
      ];
      return { image: { arn: version, state: { status: 'AVAILABLE' }, outputResources: { amis } } };
    });
  return client;
}

interface DescribeInput {
  readonly ImageIds?: string[];
  readonly Owners?: string[];
  readonly Filters?: { readonly Name?: string; readonly Values?: string[] }[];
  readonly IncludeDisabled?: boolean;
  readonly NextToken?: string;
}

/** One image to a page, so that stopping at the first page shows. Deprecated images are listed to their owner (AWSEC2/UserGuide/ami-deprecate). */
function fakeEc2(world: SelectorWorld): EC2Client {
  const client = new EC2Client({ region: world.home.region });
  mockClient(client)
    .on(DescribeImagesCommand)
    .callsFake(({ ImageIds, Owners, Filters = [], IncludeDisabled = false, NextToken }: DescribeInput) => {
      const unknown = ImageIds?.find((id) => !world.amis.some((image) => image.id === id));
      if (unknown !== undefined) throw Object.assign(new Error(unknown), { name: 'InvalidAMIID.NotFound' });
      const values = (name: string) => Filters.find(({ Name }) => Name === name)?.Values ?? [];
      const [pattern] = values('name').map((glob) => new RegExp(`^${globSource(glob)}$`, 's'));
      const found = world.amis
        .filter(({ id }) => ImageIds?.includes(id) ?? true)
        .filter(({ owner }) => Owners?.includes(owner) ?? true)
        .filter(({ state }) => IncludeDisabled || state !== 'disabled')
        .filter(({ name }) => pattern?.test(name) ?? true)
        .filter(({ architecture }) => has(values('architecture'), architecture))
        .filter(({ state = 'available' }) => has(values('state'), state));
      const from = Number(NextToken ?? 0);
      const Images = found.slice(from, from + 1).map((image) => ({
        ImageId: image.id,
        Name: image.name,
        OwnerId: image.owner,
        Architecture: image.architecture,
        CreationDate: image.createdAt,
        State: image.state ?? 'available',
        ...(image.deprecatedAt === undefined ? {} : { DeprecationTime: image.deprecatedAt }),
      }));
      return { Images, ...(from + 1 < found.length ? { NextToken: String(from + 1) } : {}) };
    });
  return client;
}

const has = (allowed: readonly string[], value: string) => allowed.length === 0 || allowed.includes(value);
const globSource = (glob: string) =>
  glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');

interface ContainersInput {
  readonly registryId?: string;
  readonly repositoryName?: string;
  readonly imageIds?: { readonly imageTag?: string }[];
}

function fakeEcr(world: SelectorWorld): ECRClient {
  const client = new ECRClient({ region: world.home.region });
  mockClient(client)
    .on(DescribeContainersCommand)
    .callsFake(({ registryId, repositoryName, imageIds }: ContainersInput) => {
      const place = `${registryId}/${world.home.region}/${repositoryName}:`;
      if (![...world.tags.keys()].some((key) => key.startsWith(place)))
        throw new RepositoryNotFoundException({ message: place, $metadata });
      const imageDigest = world.tags.get(`${place}${imageIds?.[0]?.imageTag}`);
      if (imageDigest === undefined) throw new ImageNotFoundException({ message: place, $metadata });
      return { imageDetails: [{ imageDigest }] };
    });
  return client;
}

function fakeS3(world: SelectorWorld): S3Client {
  const client = new S3Client({ region: world.home.region });
  mockClient(client)
    .on(HeadObjectCommand)
    .callsFake(({ Bucket, Key }: { Bucket?: string; Key?: string }) => {
      const name = `${Bucket}/${Key}`;
      // An answer to HEAD has no body: the client can name nothing but the status.
      if (!world.objects.has(name))
        throw Object.assign(new Error('UnknownError'), { name: '404', $metadata: { httpStatusCode: 404 } });
      const VersionId = world.objects.get(name);
      return VersionId === undefined ? {} : { VersionId };
    });
  return client;
}

/** A web server with the feeds: apt packed, rpm with its list in a file of its own. */
function serveFeed(world: SelectorWorld, address: string): Response {
  for (const [feed, packages] of world.feeds) {
    if (address === feed) return new Response(gzipSync(aptIndex(packages)));
    if (address === `${feed}/repodata/repomd.xml`) return new Response(REPOMD);
    if (address === `${feed}/repodata/0a1b-primary.xml.gz`) return new Response(gzipSync(rpmIndex(packages)));
  }
  return new Response('Not found', { status: 404 });
}

export function aptIndex(packages: readonly FakePackage[]): string {
  return packages
    .map(({ name, version }) => [
      `Package: ${name}`,
      'Architecture: amd64',
      `Version: ${version}`,
      'Description: a package',
      ' of many lines',
    ])
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

export const REPOMD = `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo">
  <data type="filelists"><location href="repodata/0a1b-filelists.xml.gz"/></data>
  <data type="primary">
    <checksum type="sha256">0a1b</checksum>
    <location href="repodata/0a1b-primary.xml.gz"/>
  </data>
</repomd>
`;

export function rpmIndex(packages: readonly FakePackage[]): string {
  const entries = packages.map(({ name, version }) => {
    const [, epoch = '0', ver = '', rel = ''] = /^(?:([0-9]+):)?([^-]*)-(.*)$/.exec(version) ?? [];
    return `<package type="rpm">
  <name>${name}</name>
  <arch>x86_64</arch>
  <version epoch="${epoch}" ver="${ver}" rel="${rel}"/>
</package>`;
  });
  return `<?xml version="1.0"?>\n<metadata packages="${packages.length}">\n${entries.join('\n')}\n</metadata>\n`;
}

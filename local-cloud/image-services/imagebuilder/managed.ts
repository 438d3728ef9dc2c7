import { formatArn, toSlug } from './arns.ts';
import { componentKey } from './components.ts';
import { readDocument } from './document.ts';
import type { ComponentRecord, Platform, StoredImage } from './records.ts';
import { type RegionState, takeBuild } from './store.ts';
import { compareBuilds, parseVersion } from './versions.ts';

/** A component version that Amazon publishes: owner field `aws` in the ARN, owner `Amazon` in the document (docs/aws/image-builder.md#lists-and-owners). */
interface ManagedComponent {
  readonly name: string;
  readonly version: string;
  readonly type?: 'BUILD' | 'TEST';
  readonly platform?: Platform;
  readonly description?: string | undefined;
  readonly data?: string | undefined;
}

// Some of Amazon's components; versions other than that of update-linux are made up (docs/aws/image-builder.md#lists-and-owners).
const seeds: readonly ManagedComponent[] = [
  { name: 'update-linux', version: '1.0.0', description: 'Updates Linux with the latest packages.' },
  { name: 'update-linux', version: '1.0.2', description: 'Updates Linux with the latest packages.' },
  { name: 'amazon-cloudwatch-agent-linux', version: '1.0.1', description: 'Installs the CloudWatch agent.' },
  { name: 'aws-cli-version-2-linux', version: '1.0.4', description: 'Installs the AWS CLI version 2.' },
  { name: 'simple-boot-test-linux', version: '1.0.0', type: 'TEST', description: 'Boots the image.' },
  { name: 'reboot-test-linux', version: '1.0.0', type: 'TEST', description: 'Reboots the image.' },
  { name: 'update-windows', version: '1.0.0', platform: 'Windows', description: 'Updates Windows.' },
];

const publishedAt = '2025-01-15T00:00:00.000Z';

export const seedManaged = (home: RegionState): void => {
  if (home.account === 'aws') for (const seed of seeds) publishManaged(home, seed, publishedAt);
};

/** Adds a build of an Amazon-managed component; no account gets an event (docs/aws/events.md#calls-recorded-by-cloudtrail). */
export const publishManaged = (
  home: RegionState,
  component: ManagedComponent,
  dateCreated: string,
): ComponentRecord => {
  const slug = toSlug(component.name);
  const version = parseVersion(component.version);
  const build = takeBuild(home, componentKey(slug, version));
  const data = component.data ?? documentFor(component);
  const { type, parameters } = readDocument(data, 'data');
  const record: ComponentRecord = {
    arn: formatArn('component', home, slug, version, build),
    name: component.name,
    slug,
    owner: 'Amazon',
    version,
    build,
    type,
    platform: component.platform ?? 'Linux',
    description: component.description,
    data,
    parameters,
    status: 'ACTIVE',
    dateCreated,
    tags: {},
  };
  home.components.push(record);
  home.components.sort(compareBuilds);
  return record;
};

/** Adds a build of an Amazon-managed image for an existing AMI. */
export const publishManagedImage = (
  home: RegionState,
  image: { name: string; version: string; imageId: string; dateCreated: string },
): StoredImage => {
  const slug = toSlug(image.name);
  const version = parseVersion(image.version);
  const build = takeBuild(home, `image/${slug}/${image.version}`);
  const record: StoredImage = {
    arn: formatArn('image', home, slug, version, build),
    name: image.name,
    slug,
    account: home.account,
    region: home.region,
    version,
    build,
    platform: 'Linux',
    buildType: 'USER_INITIATED',
    imageSource: 'AMAZON_MANAGED',
    dateCreated: image.dateCreated,
    tags: {},
    status: 'AVAILABLE',
    recipeArn: '',
    metadata: false,
    document: {},
    amis: [{ region: home.region, image: image.imageId, name: image.name, accountId: 'amazon' }],
    inventory: [],
    instances: new Set(),
    cancelled: false,
  };
  home.images.push(record);
  home.images.sort(compareBuilds);
  return record;
};

const documentFor = ({ name, version, type }: ManagedComponent): string =>
  [
    `name: ${name}`,
    'schemaVersion: 1.0',
    'phases:',
    `  - name: ${type === 'TEST' ? 'test' : 'build'}`,
    '    steps:',
    '      - name: Run',
    '        action: ExecuteBash',
    '        inputs:',
    '          commands:',
    `            - echo ${name} ${version}`,
    '',
  ].join('\n');

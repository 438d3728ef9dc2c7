import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  type Image,
} from '@aws-sdk/client-ec2';
import {
  ImagebuilderClient,
  ListImageBuildVersionsCommand,
  ListImagesCommand,
} from '@aws-sdk/client-imagebuilder';
import { ListExecutionsCommand, ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { TAGS } from '../../shared/domain/base/naming.ts';
import type { LeftBehind } from './report-schema.ts';

/** The contents of one account and region, read from AWS as the account's root. */
export interface LocationContents {
  readonly account: string;
  readonly region: string;
  readonly images: readonly {
    id: string;
    name: string;
    state: string;
    snapshots: readonly string[];
    bake: string | undefined;
  }[];
  readonly snapshots: readonly { id: string; bake: string | undefined; description: string }[];
  readonly instances: readonly { id: string; state: string; bake: string | undefined }[];
  readonly parameters: ReadonlyMap<string, string>;
  /** Image id in the default version, by template name. */
  readonly launchTemplates: ReadonlyMap<string, string | undefined>;
}

export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string };
}

const findTag = (
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
  key: string,
) => tags?.find((tag) => tag.Key === key)?.Value;

const listSnapshotIds = (image: Image) =>
  (image.BlockDeviceMappings ?? []).flatMap((mapping) => mapping.Ebs?.SnapshotId ?? []);

export async function readLocation(
  account: string,
  region: string,
  config: ClientConfig,
): Promise<LocationContents> {
  const ec2 = new EC2Client(config);
  const ssm = new SSMClient(config);
  try {
    const [images, snapshots, reservations, templates] = await Promise.all([
      ec2.send(
        new DescribeImagesCommand({ Owners: ['self'], IncludeDeprecated: true, IncludeDisabled: true }),
      ),
      ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] })),
      ec2.send(new DescribeInstancesCommand({})),
      ec2.send(new DescribeLaunchTemplatesCommand({})),
    ]);
    const launchTemplates = new Map<string, string | undefined>();
    for (const template of templates.LaunchTemplates ?? []) {
      const { LaunchTemplateVersions = [] } = await ec2.send(
        new DescribeLaunchTemplateVersionsCommand({
          LaunchTemplateId: template.LaunchTemplateId,
          Versions: ['$Default'],
        }),
      );
      launchTemplates.set(
        template.LaunchTemplateName ?? '',
        LaunchTemplateVersions[0]?.LaunchTemplateData?.ImageId,
      );
    }
    const parameters = new Map<string, string>();
    let next: string | undefined;
    do {
      const page = await ssm.send(
        new GetParametersByPathCommand({
          Path: '/',
          Recursive: true,
          ...(next === undefined ? {} : { NextToken: next }),
        }),
      );
      for (const parameter of page.Parameters ?? []) {
        if (!(parameter.Name ?? '').startsWith('/aws/'))
          parameters.set(parameter.Name ?? '', parameter.Value ?? '');
      }
      next = page.NextToken;
    } while (next !== undefined);
    return {
      account,
      region,
      images: (images.Images ?? []).map((image) => ({
        id: image.ImageId ?? '',
        name: image.Name ?? '',
        state: image.State ?? '',
        snapshots: listSnapshotIds(image),
        bake: findTag(image.Tags, TAGS.bake),
      })),
      snapshots: (snapshots.Snapshots ?? []).map((snapshot) => ({
        id: snapshot.SnapshotId ?? '',
        bake: findTag(snapshot.Tags, TAGS.bake),
        description: snapshot.Description ?? '',
      })),
      instances: (reservations.Reservations ?? []).flatMap((reservation) =>
        (reservation.Instances ?? []).map((instance) => ({
          id: instance.InstanceId ?? '',
          state: instance.State?.Name ?? '',
          bake: findTag(instance.Tags, TAGS.bake),
        })),
      ),
      parameters,
      launchTemplates,
    };
  } finally {
    ec2.destroy();
    ssm.destroy();
  }
}

/** What has a reason to be there, in all locations. */
export interface AccountedFor {
  /** Ids of the images that a release keeps. */
  readonly images: ReadonlySet<string>;
  /** Bakes whose images are kept for a retry, with an end. */
  readonly bakes: ReadonlySet<string>;
}

/** Resources that no release keeps and no bake still needs. */
export function findLeftBehind(location: LocationContents, kept: AccountedFor): LeftBehind[] {
  const at = { account: location.account, region: location.region };
  const isAccountedFor = ({ id, bake }: LocationContents['images'][number]): boolean =>
    kept.images.has(id) || (bake !== undefined && kept.bakes.has(bake));
  const keptSnapshots = new Set(location.images.filter(isAccountedFor).flatMap((image) => image.snapshots));
  return [
    ...location.instances
      .filter(({ state }) => !['terminated', 'shutting-down'].includes(state))
      .map(({ id }) => ({ kind: 'instance', id, ...at })),
    ...location.images
      .filter((image) => !isAccountedFor(image))
      .map(({ id }) => ({ kind: 'image', id, ...at })),
    ...location.snapshots
      .filter(({ id, bake }) => !keptSnapshots.has(id) && (bake === undefined || !kept.bakes.has(bake)))
      .map(({ id }) => ({ kind: 'snapshot', id, ...at })),
  ];
}

const OPEN_BUILD_STATES = ['PENDING', 'CREATING', 'BUILDING', 'TESTING', 'DISTRIBUTING', 'INTEGRATING'];

/** Builds and executions that still run in the control account. */
export async function readRunning(account: string, config: ClientConfig): Promise<LeftBehind[]> {
  const builder = new ImagebuilderClient(config);
  const workflows = new SFNClient(config);
  const left: LeftBehind[] = [];
  try {
    let next: string | undefined;
    do {
      const page = await builder.send(
        new ListImagesCommand({ owner: 'Self', ...(next === undefined ? {} : { nextToken: next }) }),
      );
      for (const version of page.imageVersionList ?? []) {
        const builds = await builder.send(
          new ListImageBuildVersionsCommand({ imageVersionArn: version.arn }),
        );
        for (const build of builds.imageSummaryList ?? []) {
          if (OPEN_BUILD_STATES.includes(build.state?.status ?? ''))
            left.push({ kind: 'build', id: build.arn ?? '', account, region: config.region });
        }
      }
      next = page.nextToken;
    } while (next !== undefined);
    const { stateMachines = [] } = await workflows.send(new ListStateMachinesCommand({}));
    for (const machine of stateMachines) {
      const { executions = [] } = await workflows.send(
        new ListExecutionsCommand({ stateMachineArn: machine.stateMachineArn, statusFilter: 'RUNNING' }),
      );
      left.push(
        ...executions.map(({ executionArn }) => ({
          kind: 'execution',
          id: executionArn ?? '',
          account,
          region: config.region,
        })),
      );
    }
    return left;
  } finally {
    builder.destroy();
    workflows.destroy();
  }
}

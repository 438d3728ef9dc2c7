import { readFileSync } from 'node:fs';
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSnapshotsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';

/**
 * Holds a scenario's report against what stands in AWS, read with nothing but the AWS SDK: the images, snapshots, instances, parameters and
 * launch templates of every account and region, both ways. Knows nothing of Ovenbird's own code.
 *
 *   node test/cloud/verify-report.ts REPORT --endpoint URL --control ACCOUNT --region REGION
 */

interface Target {
  account: string;
  region: string;
  variant: string;
  imageId: string;
  parameter: string | null;
  launchTemplate: string | null;
}
interface Report {
  releases: { pipeline: string; channel: string; bake: string; at: string; targets: Target[] }[];
  bakes: { id: string; pipeline: string; state: string }[];
}

export interface VerifyOptions {
  readonly report: Report;
  readonly endpoint: string;
  /** Account and home region where images are made. */
  readonly control: { account: string; region: string };
}

const place = (account: string, region: string) => `${account}/${region}`;

/** Every difference in one sentence; an empty list means that report and AWS agree. */
export async function differences({ report, endpoint, control }: VerifyOptions): Promise<string[]> {
  const problems: string[] = [];
  const newest = new Map<string, Report['releases'][number]>();
  for (const release of [...report.releases].sort((a, b) => (a.at < b.at ? -1 : 1)))
    newest.set(`${release.pipeline}/${release.channel}`, release);
  const places = new Map<
    string,
    {
      account: string;
      region: string;
      targets: (Target & { current: boolean; pipeline: string; bake: string })[];
    }
  >();
  const at = (account: string, region: string) => {
    const key = place(account, region);
    const known = places.get(key) ?? { account, region, targets: [] };
    places.set(key, known);
    return known;
  };
  at(control.account, control.region);
  for (const release of report.releases) {
    const current = newest.get(`${release.pipeline}/${release.channel}`) === release;
    for (const target of release.targets)
      at(target.account, target.region).targets.push({
        ...target,
        current,
        pipeline: release.pipeline,
        bake: release.bake,
      });
  }
  // A release names the bake that built its image; another one may have copied it to new targets.
  const releasedBakes = new Set([
    ...report.releases.map((release) => release.bake),
    ...report.bakes.filter(({ state }) => state === 'released').map(({ id }) => id),
  ]);

  for (const { account, region, targets } of places.values()) {
    const where = place(account, region);
    const config = { endpoint, region, credentials: { accessKeyId: account, secretAccessKey: 'local' } };
    const ec2 = new EC2Client(config);
    const ssm = new SSMClient(config);
    const { Images = [] } = await ec2.send(
      new DescribeImagesCommand({ Owners: ['self'], IncludeDeprecated: true, IncludeDisabled: true }),
    );
    const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
    const { LaunchTemplates = [] } = await ec2.send(new DescribeLaunchTemplatesCommand({}));
    const parameters = new Map<string, string | undefined>();
    let token: string | undefined;
    do {
      const answer = await ssm.send(
        new GetParametersByPathCommand({
          Path: '/',
          Recursive: true,
          ...(token === undefined ? {} : { NextToken: token }),
        }),
      );
      for (const { Name = '', Value } of answer.Parameters ?? [])
        if (!Name.startsWith('/aws/')) parameters.set(Name, Value);
      token = answer.NextToken;
    } while (token !== undefined);

    const byId = new Map(Images.map((image) => [image.ImageId, image]));
    const isControl = account === control.account;
    for (const target of targets) {
      const image = byId.get(target.imageId);
      if (image === undefined) {
        problems.push(
          `${where}: the report names ${target.imageId} of ${target.pipeline}, which is not there`,
        );
        continue;
      }
      if (image.State !== 'available') problems.push(`${where}: ${target.imageId} is ${image.State}`);
      if (image.OwnerId !== account) problems.push(`${where}: ${target.imageId} belongs to ${image.OwnerId}`);
      const volumes = (image.BlockDeviceMappings ?? []).filter((mapping) => mapping.Ebs !== undefined);
      if (volumes.length === 0) problems.push(`${where}: ${target.imageId} has no volume`);
      for (const volume of volumes) {
        const snapshot = Snapshots.find(({ SnapshotId }) => SnapshotId === volume.Ebs?.SnapshotId);
        if (snapshot === undefined)
          problems.push(`${where}: snapshot ${volume.Ebs?.SnapshotId} of ${target.imageId} is not there`);
        else if (snapshot.State !== 'completed')
          problems.push(`${where}: snapshot ${snapshot.SnapshotId} is ${snapshot.State}`);
        else if (!isControl && snapshot.Encrypted !== true)
          problems.push(`${where}: snapshot ${snapshot.SnapshotId} is not encrypted`);
      }
      if (!target.current) continue;
      if (target.parameter !== null && parameters.get(target.parameter) !== target.imageId) {
        problems.push(
          `${where}: ${target.parameter} holds ${parameters.get(target.parameter)}, the report says ${target.imageId}`,
        );
      }
      if (target.launchTemplate !== null) {
        const template = LaunchTemplates.find(
          ({ LaunchTemplateName }) => LaunchTemplateName === target.launchTemplate,
        );
        const { LaunchTemplateVersions = [] } =
          template === undefined
            ? {}
            : await ec2.send(
                new DescribeLaunchTemplateVersionsCommand({
                  LaunchTemplateId: template.LaunchTemplateId,
                  Versions: ['$Default'],
                }),
              );
        const named = LaunchTemplateVersions[0]?.LaunchTemplateData?.ImageId;
        if (named !== target.imageId)
          problems.push(
            `${where}: ${target.launchTemplate} names ${named}, the report says ${target.imageId}`,
          );
      }
    }

    const reported = new Set(targets.map(({ imageId }) => imageId));
    for (const image of Images) {
      const bake = image.Tags?.find(({ Key }) => Key === 'ovenbird:bake')?.Value;
      const accounted =
        reported.has(image.ImageId ?? '') || (isControl && bake !== undefined && releasedBakes.has(bake));
      if (!accounted) problems.push(`${where}: ${image.ImageId} (${image.Name}) is in no release`);
    }
    const used = new Set(
      Images.flatMap((image) =>
        (image.BlockDeviceMappings ?? []).flatMap((mapping) => mapping.Ebs?.SnapshotId ?? []),
      ),
    );
    for (const { SnapshotId = '' } of Snapshots)
      if (!used.has(SnapshotId)) problems.push(`${where}: snapshot ${SnapshotId} belongs to no image`);
    for (const { InstanceId, State } of Reservations.flatMap((reservation) => reservation.Instances ?? [])) {
      if (State?.Name !== 'terminated' && State?.Name !== 'shutting-down')
        problems.push(`${where}: instance ${InstanceId} is ${State?.Name}`);
    }
    const named = new Set(targets.map(({ parameter }) => parameter));
    for (const [name] of parameters) {
      if (name.startsWith('/ovenbird/') && !isControl && !named.has(name))
        problems.push(`${where}: parameter ${name} is in no release`);
    }
    ec2.destroy();
    ssm.destroy();
  }
  return problems;
}

async function main(): Promise<void> {
  const [file = ''] = process.argv.slice(2);
  const option = (name: string) => process.argv[process.argv.indexOf(`--${name}`) + 1] ?? '';
  const report: Report = JSON.parse(readFileSync(file, 'utf8'));
  const control = { account: option('control'), region: option('region') };
  const problems = await differences({ report, endpoint: option('endpoint'), control });
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`${report.releases.length} releases checked, ${problems.length} differences\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (process.argv[1] === import.meta.filename) void main();

/** What an account uses images for, whoever owns them, through one EC2 client. */
import {
  type EC2Client,
  paginateDescribeInstances,
  paginateDescribeLaunchTemplateVersions,
} from '@aws-sdk/client-ec2';
import { splitIntoBatches } from '../../domain/base/batches.ts';
import type { ImageUse } from '../../domain/releases/references/reference.ts';
import { callAwsForDistribution } from '../aws-refusals.ts';

/** Values of one filter (AWSEC2/APIReference/Query-Requests, filters). */
const IDS_AT_A_TIME = 200;
const PAGE = 200;
/** A stopped instance may be what somebody comes back to, with the image to launch it anew. */
const STANDING = ['pending', 'running', 'stopping', 'stopped'];

export async function findImageUses(client: EC2Client, ids: readonly string[]): Promise<ImageUse[]> {
  const uses: ImageUse[] = [];
  for (const batch of splitIntoBatches(ids, IDS_AT_A_TIME)) {
    const named = { Name: 'image-id', Values: batch };
    uses.push(...(await findInstances(client, named)), ...(await findTemplates(client, named)));
  }
  return uses;
}

type Filter = { readonly Name: string; readonly Values: string[] };

async function findInstances(client: EC2Client, named: Filter): Promise<ImageUse[]> {
  const Filters = [named, { Name: 'instance-state-name', Values: STANDING }];
  const pages = await callAwsForDistribution('Looking for instances of images', () =>
    Array.fromAsync(paginateDescribeInstances({ client, pageSize: PAGE }, { Filters })),
  );
  return (pages ?? [])
    .flatMap(({ Reservations = [] }) => Reservations.flatMap(({ Instances = [] }) => Instances))
    .map(({ ImageId = '', InstanceId = '', Tags = [] }) => {
      const group = Tags.find(({ Key }) => Key === 'aws:autoscaling:groupName')?.Value;
      return {
        imageId: ImageId,
        by: `instance ${InstanceId}${group === undefined ? '' : ` of the Auto Scaling group ${group}`}`,
      };
    });
}

/** The versions that a launch gets which names none: those that are named by their number are found with their group or their instances. */
async function findTemplates(client: EC2Client, named: Filter): Promise<ImageUse[]> {
  const request = { Versions: ['$Default', '$Latest'], Filters: [named] };
  const pages = await callAwsForDistribution('Looking for launch templates of images', () =>
    Array.fromAsync(paginateDescribeLaunchTemplateVersions({ client, pageSize: PAGE }, request)),
  );
  return (pages ?? [])
    .flatMap(({ LaunchTemplateVersions = [] }) => LaunchTemplateVersions)
    .map(({ LaunchTemplateData, LaunchTemplateName = '', VersionNumber }) => ({
      imageId: LaunchTemplateData?.ImageId ?? '',
      by: `launch template ${LaunchTemplateName}, version ${VersionNumber ?? ''}`,
    }));
}

/** Launch templates through one EC2 client. A template is named by its name or its id. */
import {
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateVersionsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  type EC2Client,
  type LaunchTemplate,
  type LaunchTemplateVersion,
  ModifyLaunchTemplateCommand,
  paginateDescribeLaunchTemplateVersions,
} from '@aws-sdk/client-ec2';
import { DistributionFailed } from '../../domain/base/errors.ts';
import { callAwsForDistribution } from '../aws-refusals.ts';

const ABSENT = [
  'InvalidLaunchTemplateName.NotFoundException',
  'InvalidLaunchTemplateId.NotFound',
  'InvalidLaunchTemplateId.NotFoundException',
  'InvalidLaunchTemplateId.VersionNotFound',
];

function toTemplateReference(
  template: string,
): { LaunchTemplateId: string } | { LaunchTemplateName: string } {
  return /^lt-[0-9a-f]{8,17}$/.test(template)
    ? { LaunchTemplateId: template }
    : { LaunchTemplateName: template };
}

export async function describeTemplate(
  client: EC2Client,
  template: string,
): Promise<LaunchTemplate | undefined> {
  const names = toTemplateReference(template);
  const request =
    'LaunchTemplateId' in names
      ? { LaunchTemplateIds: [names.LaunchTemplateId] }
      : { LaunchTemplateNames: [names.LaunchTemplateName] };
  const answer = await callAwsForDistribution(
    `Reading the launch template ${template}`,
    () => client.send(new DescribeLaunchTemplatesCommand(request)),
    { absent: ABSENT },
  );
  return answer?.LaunchTemplates?.[0];
}

export async function readDefaultVersion(
  client: EC2Client,
  template: string,
): Promise<{ version: string; imageId?: string } | undefined> {
  const answer = await callAwsForDistribution(
    `Reading the default version of the launch template ${template}`,
    () =>
      client.send(
        new DescribeLaunchTemplateVersionsCommand({
          ...toTemplateReference(template),
          Versions: ['$Default'],
        }),
      ),
    { absent: ABSENT },
  );
  const found = answer?.LaunchTemplateVersions?.[0];
  if (found?.VersionNumber === undefined) return undefined;
  const imageId = found.LaunchTemplateData?.ImageId;
  return { version: String(found.VersionNumber), ...(imageId === undefined ? {} : { imageId }) };
}

/** The new version is the default one with another image, so that everything else in the template stays. */
export async function addVersion(
  client: EC2Client,
  template: string,
  imageId: string,
  description: string,
): Promise<{ version: string; previousDefault: string }> {
  const versions = await listVersions(client, template);
  const standing = versions.find((version) => version.DefaultVersion === true)?.VersionNumber;
  if (standing === undefined)
    throw new DistributionFailed(
      `There is no launch template ${template}; create it, or take it out of the definition.`,
    );
  const previousDefault = String(standing);
  const found = versions.find(
    (version) =>
      version.VersionDescription === description && version.LaunchTemplateData?.ImageId === imageId,
  );
  if (found?.VersionNumber !== undefined) return { version: String(found.VersionNumber), previousDefault };
  const answer = await callAwsForDistribution(`Adding a version to the launch template ${template}`, () =>
    client.send(
      new CreateLaunchTemplateVersionCommand({
        ...toTemplateReference(template),
        SourceVersion: previousDefault,
        VersionDescription: description,
        LaunchTemplateData: { ImageId: imageId },
      }),
    ),
  );
  const version = answer?.LaunchTemplateVersion?.VersionNumber;
  if (version === undefined)
    throw new DistributionFailed(`EC2 named no version for the launch template ${template}.`);
  return { version: String(version), previousDefault };
}

async function listVersions(client: EC2Client, template: string): Promise<LaunchTemplateVersion[]> {
  const reference = toTemplateReference(template);
  const pages = await callAwsForDistribution(
    `Reading the versions of the launch template ${template}`,
    () => Array.fromAsync(paginateDescribeLaunchTemplateVersions({ client, pageSize: 200 }, reference)),
    { absent: ABSENT },
  );
  return (pages ?? []).flatMap(({ LaunchTemplateVersions = [] }) => LaunchTemplateVersions);
}

export async function setDefaultVersion(client: EC2Client, template: string, version: string): Promise<void> {
  await callAwsForDistribution(
    `Making version ${version} the default of the launch template ${template}`,
    () =>
      client.send(
        new ModifyLaunchTemplateCommand({ ...toTemplateReference(template), DefaultVersion: version }),
      ),
    // A version that was made just now may not be known at once (ec2/devguide/eventual-consistency).
    { isUnsettled: ({ name }) => name === 'InvalidLaunchTemplateId.VersionNotFound' },
  );
}

/** EC2 tells what it could not delete in its answer; a version that is gone already is none of it (ec2 DeleteLaunchTemplateVersionsResult). */
export async function removeVersion(client: EC2Client, template: string, version: string): Promise<void> {
  const answer = await callAwsForDistribution(
    `Deleting version ${version} of the launch template ${template}`,
    () =>
      client.send(
        new DeleteLaunchTemplateVersionsCommand({ ...toTemplateReference(template), Versions: [version] }),
      ),
    { absent: ABSENT },
  );
  for (const { ResponseError } of answer?.UnsuccessfullyDeletedLaunchTemplateVersions ?? []) {
    const code = ResponseError?.Code ?? '';
    if (!/NotFound|DoesNotExist/i.test(code))
      throw new DistributionFailed(
        `Version ${version} of the launch template ${template} stays: ${ResponseError?.Message ?? code}`,
      );
  }
}

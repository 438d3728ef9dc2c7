/** The port Pointers on SSM parameters and EC2 launch templates. */
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  GetParameterCommand,
  type Parameter,
  PutParameterCommand,
  type SSMClient,
  type Tag,
} from '@aws-sdk/client-ssm';
import type { Pointers } from '../../ports/pointers.ts';
import { callAwsForDistribution } from '../aws-refusals.ts';
import type { LocationClients } from './clients.ts';
import { addVersion, readDefaultVersion, removeVersion, setDefaultVersion } from './launch-templates.ts';

/** Lets EC2 check the value, and launch `resolve:ssm:` of it (systems-manager/userguide/parameter-store-ec2-aliases). */
export const IMAGE_DATA_TYPE = 'aws:ec2:image';
const NO_PARAMETER = ['ParameterNotFound'];

export function createPointers({ ec2, ssm }: Pick<LocationClients, 'ec2' | 'ssm'>): Pointers {
  return {
    addTemplateVersion: (template, imageId, note) => addVersion(ec2, template, imageId, note),
    setDefaultTemplateVersion: (template, version) => setDefaultVersion(ec2, template, version),
    removeTemplateVersion: (template, version) => removeVersion(ec2, template, version),
    readTemplateDefault: (template) => readDefaultVersion(ec2, template),
    readParameter: async (name) => (await getParameter(ssm, name))?.Value,
    writeParameter: async (name, id, tags) => {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const standing = await getParameter(ssm, name);
      if (standing === undefined) await createParameter(ssm, name, id, Tags);
      else await updateParameter(ssm, standing, { name, id, Tags });
    },
    removeParameter: async (name) => {
      await callAwsForDistribution(
        `Deleting the parameter ${name}`,
        () => ssm.send(new DeleteParameterCommand({ Name: name })),
        { absent: NO_PARAMETER },
      );
    },
  };
}

async function getParameter(ssm: SSMClient, name: string): Promise<Parameter | undefined> {
  const answer = await callAwsForDistribution(
    `Reading the parameter ${name}`,
    () => ssm.send(new GetParameterCommand({ Name: name })),
    { absent: NO_PARAMETER },
  );
  return answer?.Parameter;
}

/** With its tags: until its value has been looked at there is nothing that could be tagged. Tags cannot be given together with Overwrite (ssm PutParameterRequest.Tags). */
async function createParameter(ssm: SSMClient, name: string, id: string, Tags: Tag[]): Promise<void> {
  await callAwsForDistribution(
    `Writing the parameter ${name}`,
    () =>
      ssm.send(
        new PutParameterCommand({ Name: name, Value: id, Type: 'String', DataType: IMAGE_DATA_TYPE, Tags }),
      ),
    // Made by an earlier write whose value has been looked at just now.
    { later: ['ParameterAlreadyExists'] },
  );
}

/** The data type of a parameter cannot be changed (systems-manager/userguide/parameter-store-ec2-aliases), so the one that stands stays. */
async function updateParameter(
  ssm: SSMClient,
  standing: Parameter,
  { name, id, Tags }: { readonly name: string; readonly id: string; readonly Tags: Tag[] },
): Promise<void> {
  if (standing.Value !== id)
    await callAwsForDistribution(`Writing the parameter ${name}`, () =>
      ssm.send(
        new PutParameterCommand({
          Name: name,
          Value: id,
          Type: 'String',
          DataType: standing.DataType ?? 'text',
          Overwrite: true,
        }),
      ),
    );
  if (Tags.length === 0) return;
  await callAwsForDistribution(
    `Tagging the parameter ${name}`,
    () => ssm.send(new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId: name, Tags })),
    // What one part of Parameter Store shows, another may not know yet.
    { later: ['InvalidResourceId'] },
  );
}

/** The port Pointers on SSM parameters and EC2 launch templates. */
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  GetParameterCommand,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import type { Pointers } from '../../ports/pointers.ts';
import { callAwsForDistribution } from '../aws-refusals.ts';
import type { LocationClients } from './clients.ts';
import { addVersion, readDefaultVersion, removeVersion, setDefaultVersion } from './launch-templates.ts';

const NO_PARAMETER = ['ParameterNotFound'];

export function createPointers({ ec2, ssm }: Pick<LocationClients, 'ec2' | 'ssm'>): Pointers {
  return {
    addTemplateVersion: (template, imageId, note) => addVersion(ec2, template, imageId, note),
    setDefaultTemplateVersion: (template, version) => setDefaultVersion(ec2, template, version),
    removeTemplateVersion: (template, version) => removeVersion(ec2, template, version),
    readTemplateDefault: (template) => readDefaultVersion(ec2, template),
    readParameter: async (name) => {
      const answer = await callAwsForDistribution(
        `Reading the parameter ${name}`,
        () => ssm.send(new GetParameterCommand({ Name: name })),
        { absent: NO_PARAMETER },
      );
      return answer?.Parameter?.Value;
    },
    writeParameter: async (name, id, tags) => {
      await callAwsForDistribution(`Writing the parameter ${name}`, () =>
        ssm.send(
          new PutParameterCommand({
            Name: name,
            Value: id,
            Type: 'String',
            DataType: 'aws:ec2:image',
            Overwrite: true,
          }),
        ),
      );
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      // Tags cannot be given together with Overwrite (ssm PutParameterRequest.Tags).
      if (Tags.length > 0)
        await callAwsForDistribution(`Tagging the parameter ${name}`, () =>
          ssm.send(new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId: name, Tags })),
        );
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

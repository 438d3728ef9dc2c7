import {
  CreateComponentCommand,
  CreateImageCommand,
  CreateImageRecipeCommand,
  CreateInfrastructureConfigurationCommand,
  type CreateInfrastructureConfigurationCommandInput,
  GetImageCommand,
  type Image,
} from '@aws-sdk/client-imagebuilder';
import { account, eventually, type ImageServiceServer, region } from '../serve.ts';

/** A component document with one phase of one step. */
export const componentData = (phase = 'build', text = 'date'): string =>
  [
    'name: any',
    'schemaVersion: 1.0',
    'phases:',
    `  - name: ${phase}`,
    '    steps:',
    '      - name: Run',
    '        action: ExecuteBash',
    '        inputs:',
    `          commands: ["${text}"]`,
  ].join('\n');

export const arn = (rest: string, owner = account): string =>
  `arn:aws:imagebuilder:${region}:${owner}:${rest}`;

export async function createComponent(
  { imagebuilder }: ImageServiceServer,
  name: string,
  semanticVersion = '1.0.0',
  data = componentData(),
): Promise<string> {
  const { componentBuildVersionArn = '' } = await imagebuilder.send(
    new CreateComponentCommand({ name, semanticVersion, platform: 'Linux', data }),
  );
  return componentBuildVersionArn;
}

export async function createRecipe(
  { imagebuilder }: ImageServiceServer,
  name: string,
  parentImage: string,
  components: string[] = [],
  semanticVersion = '1.0.0',
): Promise<string> {
  const { imageRecipeArn = '' } = await imagebuilder.send(
    new CreateImageRecipeCommand({
      name,
      semanticVersion,
      parentImage,
      components: components.map((componentArn) => ({ componentArn })),
    }),
  );
  return imageRecipeArn;
}

export async function createInfrastructure(
  { imagebuilder }: ImageServiceServer,
  name = 'infra',
  more: Partial<CreateInfrastructureConfigurationCommandInput> = {},
): Promise<string> {
  const { infrastructureConfigurationArn = '' } = await imagebuilder.send(
    new CreateInfrastructureConfigurationCommand({
      name,
      instanceProfileName: 'builder',
      instanceTypes: ['m5.large'],
      ...more,
    }),
  );
  return infrastructureConfigurationArn;
}

export async function createImage(
  { imagebuilder }: ImageServiceServer,
  imageRecipeArn: string,
  infrastructureConfigurationArn: string,
  more: { clientToken?: string; tests?: boolean; metadata?: boolean } = {},
): Promise<string> {
  const { imageBuildVersionArn = '' } = await imagebuilder.send(
    new CreateImageCommand({
      imageRecipeArn,
      infrastructureConfigurationArn,
      ...(more.clientToken === undefined ? {} : { clientToken: more.clientToken }),
      ...(more.metadata === undefined ? {} : { enhancedImageMetadataEnabled: more.metadata }),
      imageTestsConfiguration: { imageTestsEnabled: more.tests ?? true },
    }),
  );
  return imageBuildVersionArn;
}

export async function getImage(
  { imagebuilder }: ImageServiceServer,
  imageBuildVersionArn: string,
): Promise<Image> {
  const { image = {} } = await imagebuilder.send(new GetImageCommand({ imageBuildVersionArn }));
  return image;
}

/** Waits until a build has got to a status. */
export const reached = (served: ImageServiceServer, imageArn: string, status: string): Promise<Image> =>
  eventually(`${imageArn} to be ${status}`, async () => {
    const image = await getImage(served, imageArn);
    return image.state?.status === status ? image : undefined;
  });

import {
  CreateImagePipelineCommand,
  CreateImageRecipeCommand,
  CreateInfrastructureConfigurationCommand,
  DeleteImageRecipeCommand,
  GetImagePipelineCommand,
  GetImageRecipeCommand,
  GetInfrastructureConfigurationCommand,
  ListImagePipelineImagesCommand,
  ListImagePipelinesCommand,
  StartImagePipelineExecutionCommand,
  UpdateImagePipelineCommand,
  UpdateInfrastructureConfigurationCommand,
} from '@aws-sdk/client-imagebuilder';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { account, type ImageServiceServer, region, serve } from '../serve.ts';
import {
  arn,
  componentData,
  createComponent,
  createInfrastructure,
  createRecipe,
  reached,
} from './recipes.ts';

let served: ImageServiceServer;
let base: string;
beforeEach(async () => {
  served = await serve();
  base = await served.publishBase();
});
afterEach(() => served.close());

const failure = (name: string, message = '') =>
  expect.objectContaining({ name, message: expect.stringContaining(message) });

describe('image recipes', () => {
  it('count versions up for a wildcard and never change', async () => {
    expect(await createRecipe(served, 'My Base', base, [], '1.0.x')).toBe(arn('image-recipe/my-base/1.0.1'));
    expect(await createRecipe(served, 'My Base', base, [], '1.0.x')).toBe(arn('image-recipe/my-base/1.0.2'));
    await expect(createRecipe(served, 'my_base', base, [], '1.0.2')).rejects.toThrow(
      failure('ResourceAlreadyExistsException', arn('image-recipe/my-base/1.0.2')),
    );
  });

  it('give back what they were made of', async () => {
    const component = await createComponent(served, 'agent');
    const { imageRecipeArn } = await served.imagebuilder.send(
      new CreateImageRecipeCommand({
        name: 'base',
        semanticVersion: '1.0.0',
        parentImage: base,
        components: [{ componentArn: component }],
        blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize: 20, encrypted: true } }],
        workingDirectory: '/tmp',
        amiTags: { team: 'platform' },
        tags: { owner: 'ovenbird' },
      }),
    );
    const { imageRecipe } = await served.imagebuilder.send(new GetImageRecipeCommand({ imageRecipeArn }));
    expect(imageRecipe).toMatchObject({
      arn: imageRecipeArn,
      type: 'AMI',
      version: '1.0.0',
      platform: 'Linux',
      parentImage: base,
      components: [{ componentArn: component }],
      blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize: 20, encrypted: true } }],
      amiTags: { team: 'platform' },
      tags: { owner: 'ovenbird' },
    });
  });

  it.each([
    ['one that the component does not have', [{ name: 'Prot', value: ['1'] }], 'Prot'],
    ['none, where there is no default', undefined, 'Port'],
    ['a list for a text', [{ name: 'Port', value: ['1', '2'] }], 'take one value: Port'],
  ])('refuse parameters: %s', async (_, parameters, message) => {
    const data = componentData().replace(
      'schemaVersion: 1.0',
      'schemaVersion: 1.0\nparameters: [{ Port: { type: string } }]',
    );
    const componentArn = await createComponent(served, 'agent', '1.0.0', data);
    const create = (given: typeof parameters) =>
      served.imagebuilder.send(
        new CreateImageRecipeCommand({
          name: 'base',
          semanticVersion: '1.0.0',
          parentImage: base,
          components: [{ componentArn, ...(given === undefined ? {} : { parameters: given }) }],
        }),
      );

    await expect(create(parameters)).rejects.toThrow(
      failure('InvalidParameterCombinationException', message),
    );
    await expect(create([{ name: 'Port', value: ['1'] }])).resolves.toBeDefined();
  });

  it('refuse a parent that the account cannot see', async () => {
    for (const parent of ['ami-00000000000000000', 'ssm:/none', arn('image/none/x.x.x')]) {
      await expect(createRecipe(served, 'base', parent)).rejects.toThrow(
        failure('InvalidParameterValueException', 'parentImage'),
      );
    }
  });

  it('refuse components that are missing, deprecated, there twice or more than 20', async () => {
    const agent = await createComponent(served, 'agent');
    await createComponent(served, 'agent', '2.0.0');
    const old = await createComponent(served, 'old');
    await served.control('set-component-status', {
      account,
      region,
      name: 'old',
      version: '1.0.0',
      status: 'DEPRECATED',
    });
    const many = Array.from({ length: 21 }, (_, index) => arn(`component/part-${index}/x.x.x`));
    const refused = [[arn('component/none/x.x.x')], [old], [agent, arn('component/agent/2.0.0')], many];
    for (const components of refused) {
      await expect(createRecipe(served, 'base', base, components)).rejects.toThrow(
        failure('InvalidParameterValueException', 'components'),
      );
    }
  });

  it('need the right to read what they refer to', async () => {
    const agent = await createComponent(served, 'agent');
    served.asked.length = 0;
    await createRecipe(served, 'base', base, [agent]);
    expect(served.asked.map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      `imagebuilder:CreateImageRecipe ${arn('image-recipe/base/1.0.0')}`,
      `imagebuilder:GetComponent ${agent}`,
      'ec2:DescribeImages *',
    ]);
    served.denied.add('imagebuilder:GetComponent');
    await expect(createRecipe(served, 'other', base, [agent])).rejects.toThrow(
      failure('AccessDeniedException', 'imagebuilder:GetComponent'),
    );
  });

  it('are not deleted while a pipeline uses them', async () => {
    const imageRecipeArn = await createRecipe(served, 'base', base);
    const infrastructureConfigurationArn = await createInfrastructure(served);
    await served.imagebuilder.send(
      new CreateImagePipelineCommand({ name: 'nightly', imageRecipeArn, infrastructureConfigurationArn }),
    );
    await expect(served.imagebuilder.send(new DeleteImageRecipeCommand({ imageRecipeArn }))).rejects.toThrow(
      failure('ResourceDependencyException', arn('image-pipeline/nightly')),
    );
  });
});

describe('infrastructure configurations', () => {
  it("need the right to pass their profile's role", async () => {
    await createInfrastructure(served);
    expect(served.asked).toContainEqual({
      action: 'iam:PassRole',
      resource: `arn:aws:iam::${account}:role/builder`,
      context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
    });
    served.denied.add('iam:PassRole');
    await expect(createInfrastructure(served, 'other')).rejects.toThrow(
      failure('AccessDeniedException', 'iam:PassRole'),
    );
  });

  it('refuse a profile that does not exist and a name that is taken', async () => {
    await expect(
      served.imagebuilder.send(
        new CreateInfrastructureConfigurationCommand({ name: 'infra', instanceProfileName: 'missing' }),
      ),
    ).rejects.toThrow(failure('InvalidParameterValueException', 'instanceProfileName'));
    await createInfrastructure(served);
    await expect(createInfrastructure(served)).rejects.toThrow(failure('ResourceAlreadyExistsException'));
  });

  it('are replaced as a whole by an update', async () => {
    const infrastructureConfigurationArn = await createInfrastructure(served, 'infra', {
      terminateInstanceOnFailure: false,
    });
    await served.imagebuilder.send(
      new UpdateInfrastructureConfigurationCommand({
        infrastructureConfigurationArn,
        instanceProfileName: 'other',
      }),
    );
    const { infrastructureConfiguration } = await served.imagebuilder.send(
      new GetInfrastructureConfigurationCommand({ infrastructureConfigurationArn }),
    );
    expect(infrastructureConfiguration).toMatchObject({
      instanceProfileName: 'other',
      terminateInstanceOnFailure: true,
    });
    expect(infrastructureConfiguration?.instanceTypes).toBeUndefined();
  });
});

describe('image pipelines', () => {
  it('build when they are told to, disabled or not, and know their last run', async () => {
    const imageRecipeArn = await createRecipe(served, 'base', base);
    const infrastructureConfigurationArn = await createInfrastructure(served);
    const { imagePipelineArn = '' } = await served.imagebuilder.send(
      new CreateImagePipelineCommand({
        name: 'Nightly Base',
        imageRecipeArn,
        infrastructureConfigurationArn,
        status: 'DISABLED',
        schedule: { scheduleExpression: 'cron(0 10 * * ? *)', timezone: 'Europe/Berlin' },
      }),
    );
    expect(imagePipelineArn).toBe(arn('image-pipeline/nightly-base'));
    const { imageBuildVersionArn = '' } = await served.imagebuilder.send(
      new StartImagePipelineExecutionCommand({ imagePipelineArn }),
    );
    await reached(served, imageBuildVersionArn, 'AVAILABLE');
    const { imagePipeline } = await served.imagebuilder.send(
      new GetImagePipelineCommand({ imagePipelineArn }),
    );
    expect(imagePipeline).toMatchObject({
      status: 'DISABLED',
      lastRunStatus: 'AVAILABLE',
      schedule: { pipelineExecutionStartCondition: 'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE' },
    });
    const { imageSummaryList } = await served.imagebuilder.send(
      new ListImagePipelineImagesCommand({ imagePipelineArn }),
    );
    expect(imageSummaryList?.map((summary) => summary.arn)).toEqual([imageBuildVersionArn]);
    // An update that does not say DISABLED enables.
    await served.imagebuilder.send(
      new UpdateImagePipelineCommand({ imagePipelineArn, imageRecipeArn, infrastructureConfigurationArn }),
    );
    const { imagePipelineList = [] } = await served.imagebuilder.send(
      new ListImagePipelinesCommand({ filters: [{ name: 'status', values: ['ENABLED'] }] }),
    );
    expect(imagePipelineList.map((pipeline) => pipeline.arn)).toEqual([imagePipelineArn]);
    expect(imagePipelineList[0]?.schedule).toBeUndefined();
  });
});

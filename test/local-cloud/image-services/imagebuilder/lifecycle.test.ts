import {
  CreateDistributionConfigurationCommand,
  CreateImageCommand,
  CreateImagePipelineCommand,
  DeleteDistributionConfigurationCommand,
  DeleteImagePipelineCommand,
  DeleteImageRecipeCommand,
  DeleteInfrastructureConfigurationCommand,
  GetDistributionConfigurationCommand,
  ListDistributionConfigurationsCommand,
  ListImageBuildVersionsCommand,
  ListImageRecipesCommand,
  ListImagesCommand,
  ListInfrastructureConfigurationsCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateDistributionConfigurationCommand,
} from '@aws-sdk/client-imagebuilder';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { account, baseParameter, type ImageServiceServer, region, serve } from '../serve.ts';
import { arn, createImage, createInfrastructure, createRecipe, getImage, reached } from './recipes.ts';

let served: ImageServiceServer;
let base: string;
beforeEach(async () => {
  served = await serve();
  base = await served.publishBase();
});
afterEach(() => served.close());

const failure = (name: string) => expect.objectContaining({ name });

describe('lists of what an account has', () => {
  it('show images by version, by name and by build', async () => {
    const recipe = await createRecipe(served, 'Base', base);
    const infrastructure = await createInfrastructure(served);
    const builds = [
      await createImage(served, recipe, infrastructure),
      await createImage(served, recipe, infrastructure),
    ];
    for (const build of builds) await reached(served, build, 'AVAILABLE');
    const byVersion = await served.imagebuilder.send(new ListImagesCommand({}));
    expect(byVersion.imageVersionList).toMatchObject([
      { arn: arn('image/base/1.0.0'), version: '1.0.0', owner: account },
    ]);
    const byName = await served.imagebuilder.send(new ListImagesCommand({ byName: true }));
    expect(byName.imageVersionList?.[0]?.arn).toBe(arn('image/base/x.x.x'));
    await expect(
      served.imagebuilder.send(
        new ListImagesCommand({ byName: true, filters: [{ name: 'version', values: ['1.0.0'] }] }),
      ),
    ).rejects.toThrow(failure('InvalidParameterCombinationException'));
    const { imageSummaryList } = await served.imagebuilder.send(
      new ListImageBuildVersionsCommand({ imageVersionArn: arn('image/base/1.0.0') }),
    );
    expect(imageSummaryList).toMatchObject(
      builds.map((build) => ({ arn: build, state: { status: 'AVAILABLE' } })),
    );
    await expect(
      served.imagebuilder.send(
        new ListImageBuildVersionsCommand({ imageVersionArn: arn('image/base/1.0.x') }),
      ),
    ).rejects.toThrow(failure('InvalidParameterValueException'));
  });

  it('show recipes and configurations, which are gone when they are deleted', async () => {
    const imageRecipeArn = await createRecipe(served, 'base', base);
    const infrastructureConfigurationArn = await createInfrastructure(served);
    const recipes = () => served.imagebuilder.send(new ListImageRecipesCommand({ owner: 'Self' }));
    const configurations = () => served.imagebuilder.send(new ListInfrastructureConfigurationsCommand({}));
    expect((await recipes()).imageRecipeSummaryList).toMatchObject([
      { arn: imageRecipeArn, parentImage: base },
    ]);
    expect((await configurations()).infrastructureConfigurationSummaryList).toMatchObject([
      { arn: infrastructureConfigurationArn, instanceProfileName: 'builder' },
    ]);
    const { imagePipelineArn } = await served.imagebuilder.send(
      new CreateImagePipelineCommand({ name: 'nightly', imageRecipeArn, infrastructureConfigurationArn }),
    );
    const removeInfrastructure = () =>
      served.imagebuilder.send(
        new DeleteInfrastructureConfigurationCommand({ infrastructureConfigurationArn }),
      );
    await expect(removeInfrastructure()).rejects.toThrow(failure('ResourceDependencyException'));
    await served.imagebuilder.send(new DeleteImagePipelineCommand({ imagePipelineArn }));
    await removeInfrastructure();
    await served.imagebuilder.send(new DeleteImageRecipeCommand({ imageRecipeArn }));
    expect((await recipes()).imageRecipeSummaryList).toEqual([]);
    expect((await configurations()).infrastructureConfigurationSummaryList).toEqual([]);
  });
});

describe('distribution configurations', () => {
  it('are made, read, replaced, listed and deleted', async () => {
    const { distributionConfigurationArn = '' } = await served.imagebuilder.send(
      new CreateDistributionConfigurationCommand({ name: 'Wide', distributions: [{ region }] }),
    );
    expect(distributionConfigurationArn).toBe(arn('distribution-configuration/wide'));
    await served.imagebuilder.send(
      new UpdateDistributionConfigurationCommand({
        distributionConfigurationArn,
        distributions: [{ region }, { region: 'us-east-1' }],
      }),
    );
    const { distributionConfiguration } = await served.imagebuilder.send(
      new GetDistributionConfigurationCommand({ distributionConfigurationArn }),
    );
    expect(distributionConfiguration?.distributions?.map((entry) => entry.region)).toEqual([
      region,
      'us-east-1',
    ]);
    const { distributionConfigurationSummaryList } = await served.imagebuilder.send(
      new ListDistributionConfigurationsCommand({}),
    );
    expect(distributionConfigurationSummaryList).toMatchObject([
      { name: 'Wide', regions: [region, 'us-east-1'] },
    ]);
    await served.imagebuilder.send(
      new DeleteDistributionConfigurationCommand({ distributionConfigurationArn }),
    );
    await expect(
      served.imagebuilder.send(new GetDistributionConfigurationCommand({ distributionConfigurationArn })),
    ).rejects.toThrow(failure('ResourceNotFoundException'));
  });

  it('refuse a name without a build date, and say what the local cloud does not do', async () => {
    const create = (amiDistributionConfiguration: object) =>
      served.imagebuilder.send(
        new CreateDistributionConfigurationCommand({
          name: 'wide',
          distributions: [{ region, amiDistributionConfiguration }],
        }),
      );
    await expect(create({ name: 'golden' })).rejects.toThrow(failure('InvalidParameterValueException'));
    const { distributionConfigurationArn } = await create({ targetAccountIds: ['444455556666'] });
    const build = new CreateImageCommand({
      imageRecipeArn: await createRecipe(served, 'copied', base),
      infrastructureConfigurationArn: await createInfrastructure(served, 'copied'),
      distributionConfigurationArn,
    });
    await expect(served.imagebuilder.send(build)).rejects.toThrow(failure('NotImplementedByLocalCloud'));
  });
});

describe('tags', () => {
  it('are read, added and removed', async () => {
    const resourceArn = await createRecipe(served, 'base', base);
    await served.imagebuilder.send(
      new TagResourceCommand({ resourceArn, tags: { team: 'platform', tier: 'gold' } }),
    );
    await served.imagebuilder.send(new UntagResourceCommand({ resourceArn, tagKeys: ['tier'] }));
    const { tags } = await served.imagebuilder.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual({ team: 'platform' });
  });
});

describe('images of Amazon', () => {
  it('resolve with wildcards, and are parents to build on', async () => {
    const publish = (version: string) =>
      served.control('publish-image-version', {
        name: 'amazon-linux-2023-x86',
        version,
        regions: [region],
        parameter: baseParameter,
      });
    await publish('2026.11.2');
    await publish('2026.10.30');
    const newest = await getImage(served, arn('image/amazon-linux-2023-x86/x.x.x', 'aws'));
    expect(newest).toMatchObject({ version: '2026.11.2/1', imageSource: 'AMAZON_MANAGED' });
    const recipe = await createRecipe(served, 'base', arn('image/amazon-linux-2023-x86/x.x.x', 'aws'));
    const image = await createImage(served, recipe, await createInfrastructure(served));
    expect((await reached(served, image, 'AVAILABLE')).imageRecipe?.parentImage).toBe(
      arn('image/amazon-linux-2023-x86/2026.11.2/1', 'aws'),
    );
    const { imageVersionList } = await served.imagebuilder.send(new ListImagesCommand({ owner: 'Amazon' }));
    expect(imageVersionList?.map((entry) => entry.version)).toEqual(['2026.10.30', '2026.11.2']);
  });
});

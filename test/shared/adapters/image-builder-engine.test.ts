import { EC2Client } from '@aws-sdk/client-ec2';
import {
  CancelImageCreationCommand,
  CreateImageCommand,
  CreateImageRecipeCommand,
  CreateInfrastructureConfigurationCommand,
  DeleteImageCommand,
  DeleteImageRecipeCommand,
  GetImageCommand,
  ImagebuilderClient,
  ListImagePackagesCommand,
} from '@aws-sdk/client-imagebuilder';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import {
  imageBuilderEngine,
  toBuildLogName,
  toBuildStatus,
} from '../../../shared/adapters/engines/image-builder.ts';
import type { BuildRequest } from '../../../shared/ports/build-engine.ts';
import { digest } from '../../support/fakes/time-and-ids.ts';

const aws = mockClient(ImagebuilderClient);
beforeEach(() => {
  aws.reset();
});

const BUILD = 'arn:aws:imagebuilder:eu-west-1:111122223333:image/ovenbird-web-x86-64-abc/1.0.0/3';
const HOME = { account: '111122223333', region: 'eu-west-1' };
const engine = imageBuilderEngine({
  client: new ImagebuilderClient({ region: 'eu-west-1', maxAttempts: 1 }),
  ec2: new EC2Client({ region: 'eu-west-1', maxAttempts: 1 }),
  digest,
  home: HOME,
  infrastructure: () => ({ subnetId: 'subnet-1', securityGroupId: 'sg-1', instanceProfile: 'build' }),
});
const request: BuildRequest = {
  bake: '01JTESTBAKE0000000000000WB',
  attempt: 1,
  pipeline: 'web',
  variant: 'x86-64',
  architecture: 'x86_64',
  parentImage: 'ami-0aaaaaaaaaaaaaaaa',
  components: [
    {
      arn: 'arn:aws:imagebuilder:eu-west-1:111122223333:component/nginx/1.2.0/1',
      parameters: { port: '80' },
    },
  ],
  instanceTypes: ['t3.medium'],
  volumes: [{ device: '/dev/xvda', sizeGiB: 30 }],
  tags: { 'ovenbird:bake': '01JTESTBAKE0000000000000WB' },
};

function named(name: string): Error {
  return Object.assign(new Error(`${name}: no`), { name });
}

function startWorks(): void {
  aws.on(CreateImageRecipeCommand).callsFake(({ name }) => ({
    imageRecipeArn: `arn:aws:imagebuilder:eu-west-1:111122223333:image-recipe/${name}/1.0.0`,
  }));
  aws.on(CreateInfrastructureConfigurationCommand).callsFake(({ name }) => ({
    infrastructureConfigurationArn: `arn:aws:imagebuilder:eu-west-1:111122223333:infrastructure-configuration/${name}`,
  }));
  aws.on(CreateImageCommand).resolves({ imageBuildVersionArn: BUILD });
}
const listRecipeRequests = () => aws.commandCalls(CreateImageRecipeCommand).map((call) => call.args[0].input);
const listImageRequests = () => aws.commandCalls(CreateImageCommand).map((call) => call.args[0].input);

describe('starting a build', () => {
  it('builds the recipe without Image Builder’s own tests, with metadata for the inventory', async () => {
    startWorks();

    expect(await engine.start(request)).toEqual({ build: BUILD });

    expect(listRecipeRequests()[0]).toMatchObject({
      name: expect.stringMatching(/^ovenbird-web-x86-64-[0-9a-f]{12}$/),
      semanticVersion: '1.0.0',
      parentImage: 'ami-0aaaaaaaaaaaaaaaa',
      components: [{ parameters: [{ name: 'port', value: ['80'] }] }],
      blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize: 30 } }],
      amiTags: { 'ovenbird:managed': 'true', 'ovenbird:pipeline': 'web' },
    });
    expect(listImageRequests()[0]).toMatchObject({
      imageTestsConfiguration: { imageTestsEnabled: false },
      enhancedImageMetadataEnabled: true,
      tags: request.tags,
    });
  });

  it('lets Image Builder run the test components that it is given', async () => {
    startWorks();
    const arn = 'arn:aws:imagebuilder:eu-west-1:111122223333:component/web-check/1.0.0/1';

    await engine.start({ ...request, tests: [{ arn, parameters: { port: '80' } }] });

    expect(listRecipeRequests()[0]?.components?.at(-1)).toEqual({
      componentArn: arn,
      parameters: [{ name: 'port', value: ['80'] }],
    });
    expect(listImageRequests()[0]).toMatchObject({ imageTestsConfiguration: { imageTestsEnabled: true } });
  });

  it('names equal recipes alike and different ones apart', async () => {
    startWorks();

    await engine.start(request);
    await engine.start({ ...request, attempt: 2 });
    await engine.start({ ...request, parentImage: 'ami-0bbbbbbbbbbbbbbbb' });

    const names = listRecipeRequests().map((input) => input.name);
    expect(names[0]).toBe(names[1]);
    expect(names[2]).not.toBe(names[0]);
  });

  it('uses what is there already', async () => {
    startWorks();
    aws.on(CreateImageRecipeCommand).rejects(named('ResourceAlreadyExistsException'));
    aws.on(CreateInfrastructureConfigurationCommand).rejects(named('ResourceAlreadyExistsException'));

    await engine.start(request);

    expect(listImageRequests()[0]?.imageRecipeArn).toMatch(
      /^arn:aws:imagebuilder:eu-west-1:111122223333:image-recipe\/ovenbird-web-x86-64-[0-9a-f]{12}\/1\.0\.0$/,
    );
    expect(listImageRequests()[0]?.infrastructureConfigurationArn).toMatch(
      /infrastructure-configuration\/ovenbird-/,
    );
  });

  it('uses one token for one attempt, so that a repeat finds the build that runs', async () => {
    startWorks();

    await engine.start(request);
    await engine.start(request);
    await engine.start({ ...request, attempt: 2 });

    const tokens = listImageRequests().map((input) => input.clientToken);
    expect(tokens[0]).toBe(tokens[1]);
    expect(tokens[2]).not.toBe(tokens[0]);
    expect(tokens[0]).toHaveLength(64);
  });

  it.each(['CallRateLimitExceededException', 'ServiceUnavailableException', 'ServiceQuotaExceededException'])(
    'asks to be tried later on %s',
    async (error) => {
      startWorks();
      aws.on(CreateImageCommand).rejects(named(error));

      await expect(engine.start(request)).rejects.toMatchObject({ name: 'TryLater' });
    },
  );

  it('makes the recipe anew when a clean-up has just deleted it', async () => {
    startWorks();
    aws.on(CreateImageCommand).rejects(named('ResourceNotFoundException'));

    await expect(engine.start(request)).rejects.toMatchObject({ name: 'TryLater' });
  });

  it('fails the build with Image Builder’s words when the recipe is not taken', async () => {
    startWorks();
    aws.on(CreateImageRecipeCommand).rejects(named('InvalidParameterCombinationException'));

    await expect(engine.start(request)).rejects.toMatchObject({
      name: 'BuildFailed',
      message: expect.stringContaining('InvalidParameterCombinationException: no'),
    });
  });
});

describe('the state of a build', () => {
  const artifact = { kind: 'ami', ...HOME, imageId: 'ami-0cccccccccccccccc', snapshotIds: [] };
  const amis = [{ region: 'eu-west-1', image: 'ami-0cccccccccccccccc' }];

  it.each(['PENDING', 'CREATING', 'BUILDING', 'TESTING', 'DISTRIBUTING', 'INTEGRATING'] as const)(
    '%s runs',
    (status) => {
      expect(toBuildStatus(BUILD, { state: { status } }, HOME)).toEqual({ state: 'running' });
    },
  );

  it.each(['AVAILABLE', 'DEPRECATED', 'DISABLED'] as const)('%s has an image', (status) => {
    expect(toBuildStatus(BUILD, { state: { status }, outputResources: { amis } }, HOME)).toEqual({
      state: 'available',
      artifact,
      log: '/aws/imagebuilder/ovenbird-web-x86-64-abc:1.0.0/3',
    });
  });

  it('tells why a build failed, and of an image that it made before', () => {
    const image = { state: { status: 'FAILED', reason: 'SSH' } as const, outputResources: { amis } };

    expect(toBuildStatus(BUILD, image, HOME)).toMatchObject({
      state: 'failed',
      reason: 'SSH',
      artifact,
    });
  });

  it('is failed when nothing came of it', () => {
    expect(toBuildStatus(BUILD, { state: { status: 'AVAILABLE' } }, HOME)).toMatchObject({
      state: 'failed',
      reason: 'The build ended without an image.',
    });
  });

  it('is cancelled when Image Builder has forgotten it', async () => {
    aws.on(GetImageCommand).rejects(named('ResourceNotFoundException'));

    expect(await engine.status(BUILD)).toMatchObject({ state: 'cancelled' });
  });

  it('names its log as CloudWatch does', () => {
    expect(toBuildLogName(BUILD)).toBe('/aws/imagebuilder/ovenbird-web-x86-64-abc:1.0.0/3');
  });
});

describe('the inventory', () => {
  it('is read to its last page', async () => {
    aws
      .on(ListImagePackagesCommand)
      .resolvesOnce({
        imagePackageList: [{ packageName: 'nginx', packageVersion: '1.26' }],
        nextToken: 'more',
      })
      .resolves({ imagePackageList: [{ packageName: 'bash', packageVersion: '5.2' }] });

    expect(await engine.packages(BUILD)).toEqual([
      { name: 'nginx', version: '1.26' },
      { name: 'bash', version: '5.2' },
    ]);
    expect(aws.commandCalls(ListImagePackagesCommand)[1]?.args[0].input.nextToken).toBe('more');
  });
});

describe('ending a build', () => {
  it('leaves one that has ended alone', async () => {
    aws.on(GetImageCommand).resolves({ image: { state: { status: 'FAILED' } } });

    expect(await engine.cancel(BUILD)).toEqual({ ended: true });
    expect(aws.commandCalls(CancelImageCreationCommand)).toHaveLength(0);
  });

  it('says that it has to be looked at again while it ends', async () => {
    aws.on(GetImageCommand).resolves({ image: { state: { status: 'BUILDING' } } });
    aws.on(CancelImageCreationCommand).resolves({});

    expect(await engine.cancel(BUILD)).toEqual({ ended: false });
  });

  it('says the same in a phase that cannot be cancelled', async () => {
    aws.on(GetImageCommand).resolves({ image: { state: { status: 'INTEGRATING' } } });
    aws.on(CancelImageCreationCommand).rejects(named('ResourceInUseException'));

    expect(await engine.cancel(BUILD)).toEqual({ ended: false });
  });

  it('forgets the record and its recipe, unless another image needs that', async () => {
    aws.on(GetImageCommand).resolves({ image: { imageRecipe: { arn: 'arn:recipe' } } });
    aws.on(DeleteImageCommand).resolves({});
    aws.on(DeleteImageRecipeCommand).rejects(named('ResourceDependencyException'));

    await engine.forget(BUILD);

    expect(aws.commandCalls(DeleteImageCommand)).toHaveLength(1);
    expect(aws.commandCalls(DeleteImageRecipeCommand)).toHaveLength(1);
  });

  it('has nothing to forget twice', async () => {
    aws.on(GetImageCommand).rejects(named('ResourceNotFoundException'));

    await engine.forget(BUILD);

    expect(aws.commandCalls(DeleteImageCommand)).toHaveLength(0);
  });
});

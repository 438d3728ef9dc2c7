import { EC2Client } from '@aws-sdk/client-ec2';
import {
  CancelImageCreationCommand,
  CreateImageCommand,
  CreateImageRecipeCommand,
  CreateInfrastructureConfigurationCommand,
  DeleteImageCommand,
  DeleteImageRecipeCommand,
  DeleteInfrastructureConfigurationCommand,
  GetImageCommand,
  ImagebuilderClient,
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
const createEngine = (key?: string) =>
  imageBuilderEngine({
    client: new ImagebuilderClient({ region: 'eu-west-1', maxAttempts: 1 }),
    ec2: new EC2Client({ region: 'eu-west-1', maxAttempts: 1 }),
    digest,
    home: HOME,
    infrastructure: () => ({
      subnets: ['subnet-1', 'subnet-2'],
      securityGroupId: 'sg-1',
      instanceProfile: 'build',
      logGroup: '/aws/imagebuilder/ovenbird',
      key,
    }),
  });
const engine = createEngine();
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
  placement: {},
  placing: 0,
  metadata: { httpTokens: 'required' },
  volumes: [{ device: '/dev/xvda', sizeGiB: 30 }],
  parentDevices: ['/dev/xvda'],
  tags: { 'ovenbird:bake': '01JTESTBAKE0000000000000WB' },
  instanceTags: {},
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
const listConfigurationRequests = () =>
  aws.commandCalls(CreateInfrastructureConfigurationCommand).map((call) => call.args[0].input);
const listImageRequests = () => aws.commandCalls(CreateImageCommand).map((call) => call.args[0].input);

describe('starting a build', () => {
  it('builds the recipe without Image Builder’s own tests and without its inventory', async () => {
    startWorks();

    expect(await engine.start(request)).toEqual({ build: BUILD, placements: 2 });

    expect(listRecipeRequests()[0]).toMatchObject({
      name: 'ovenbird-web-x86-64',
      semanticVersion: expect.stringMatching(/^1\.\d{1,9}\.\d{1,9}$/),
      parentImage: 'ami-0aaaaaaaaaaaaaaaa',
      components: [{ parameters: [{ name: 'port', value: ['80'] }] }],
      blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize: 30 } }],
      amiTags: { 'ovenbird:managed': 'true', 'ovenbird:pipeline': 'web' },
    });
    expect(listImageRequests()[0]).toMatchObject({
      imageTestsConfiguration: { imageTestsEnabled: false },
      enhancedImageMetadataEnabled: false,
      tags: request.tags,
      loggingConfiguration: { logGroupName: '/aws/imagebuilder/ovenbird' },
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

  it('tags all that is launched, and what it is launched with, from its first moment', async () => {
    startWorks();
    const instanceTags = { 'cost-center': '4711' };

    await engine.start({ ...request, instanceTags });

    const [configuration] = listConfigurationRequests();
    expect(configuration).toMatchObject({
      resourceTags: { ...instanceTags, 'ovenbird:managed': 'true' },
      tags: instanceTags,
    });
    expect(listRecipeRequests()[0]).toMatchObject({ tags: instanceTags });
    expect(listImageRequests()[0]).toMatchObject({ tags: { ...instanceTags, ...request.tags } });
    await engine.start({ ...request, instanceTags: { 'cost-center': '4712' } });
    expect(listConfigurationRequests()[1]?.name).not.toBe(configuration?.name);
    expect(listRecipeRequests()[1]?.semanticVersion).not.toBe(listRecipeRequests()[0]?.semanticVersion);
  });

  it.each([true, false])(
    'says what becomes of the agent of Systems Manager: removed %s',
    async (removesAgent) => {
      startWorks();

      await engine.start({ ...request, removesAgent });
      await engine.start(request);

      const [said, unsaid] = listRecipeRequests();
      expect(said?.additionalInstanceConfiguration).toEqual({
        systemsManagerAgent: { uninstallAfterBuild: removesAgent },
      });
      expect(unsaid?.additionalInstanceConfiguration).toBeUndefined();
      expect(said?.semanticVersion).not.toBe(unsaid?.semanticVersion);
    },
  );

  describe('with a key', () => {
    const own = 'arn:aws:kms:eu-west-1:999900001111:key/1234';
    const parentDevices = ['/dev/sda1', '/dev/sdb'];
    const volumes = [
      { device: '/dev/sda1', sizeGiB: 30 },
      { device: '/dev/sdf', sizeGiB: 100 },
    ];
    const listMappings = () => listRecipeRequests().map(({ blockDeviceMappings }) => blockDeviceMappings);
    const encrypted = (kmsKeyId: string) => ({ encrypted: true, kmsKeyId, deleteOnTermination: true });

    it('encrypts every volume of the parent and every one that is added', async () => {
      startWorks();

      await createEngine(own).start({ ...request, parentDevices, volumes });

      expect(listMappings()[0]).toEqual([
        { deviceName: '/dev/sda1', ebs: { volumeSize: 30, ...encrypted(own) } },
        { deviceName: '/dev/sdb', ebs: encrypted(own) },
        { deviceName: '/dev/sdf', ebs: { volumeSize: 100, ...encrypted(own) } },
      ]);
    });

    it('takes the key of the definition before that of the installation, an alias by its ARN', async () => {
      startWorks();

      await createEngine(own).start({ ...request, parentDevices, volumes: [], key: 'alias/web' });

      const alias = encrypted('arn:aws:kms:eu-west-1:111122223333:alias/web');
      expect(listMappings()[0]).toEqual(parentDevices.map((deviceName) => ({ deviceName, ebs: alias })));
    });

    it('builds nothing when it is not known which volumes there are', async () => {
      startWorks();

      const starting = createEngine(own).start({ ...request, parentDevices: [] });

      await expect(starting).rejects.toMatchObject({
        name: 'BuildFailed',
        message: expect.stringContaining('ami-0aaaaaaaaaaaaaaaa'),
      });
      expect(listRecipeRequests()).toEqual([]);
    });

    it('leaves volumes to the account where there is none', async () => {
      startWorks();

      await engine.start({ ...request, parentDevices, volumes: [] });

      expect(listMappings()[0]).toBeUndefined();
    });
  });

  it('runs where and as what the definition says, else the installation', async () => {
    startWorks();
    const placement = { subnets: ['subnet-9'], securityGroups: ['sg-8', 'sg-9'], instanceProfile: 'own' };
    const metadata = { httpTokens: 'optional', hopLimit: 2 } as const;

    await engine.start(request);
    expect(await engine.start({ ...request, attempt: 2, placement, metadata })).toMatchObject({
      placements: 1,
    });

    const [usual, own] = listConfigurationRequests();
    expect(usual).toMatchObject({
      subnetId: 'subnet-1',
      securityGroupIds: ['sg-1'],
      instanceProfileName: 'build',
    });
    expect(usual?.instanceMetadataOptions).toEqual({ httpTokens: 'required' });
    expect(own).toMatchObject({
      subnetId: 'subnet-9',
      securityGroupIds: ['sg-8', 'sg-9'],
      instanceProfileName: 'own',
      instanceMetadataOptions: { httpTokens: 'optional', httpPutResponseHopLimit: 2 },
    });
  });

  it('is another build in each subnet, with a recipe and a configuration of its own', async () => {
    startWorks();

    for (const placing of [0, 1, 2]) await engine.start({ ...request, placing });

    const configurations = listConfigurationRequests();
    expect(configurations.map(({ subnetId }) => subnetId)).toEqual(['subnet-1', 'subnet-2', 'subnet-1']);
    expect(new Set(configurations.map(({ name }) => name)).size).toBe(3);
    expect(new Set(listRecipeRequests().map(({ semanticVersion }) => semanticVersion)).size).toBe(3);
    expect(new Set(listImageRequests().map(({ clientToken }) => clientToken)).size).toBe(3);
  });

  it('makes one recipe for an attempt, and never the same for another', async () => {
    startWorks();

    await engine.start(request);
    await engine.start(request);
    await engine.start({ ...request, attempt: 2 });
    await engine.start({ ...request, parentImage: 'ami-0bbbbbbbbbbbbbbbb' });

    const versions = listRecipeRequests().map((input) => input.semanticVersion);
    expect(versions[0]).toBe(versions[1]);
    expect(new Set(versions).size).toBe(3);
  });

  it('fails with the quota’s name when recipes have piled up', async () => {
    startWorks();
    aws.on(CreateImageRecipeCommand).rejects(named('ServiceQuotaExceededException'));

    await expect(engine.start(request)).rejects.toMatchObject({
      name: 'BuildFailed',
      message: expect.stringContaining('image recipes of EC2 Image Builder'),
    });
  });

  it('uses what is there already', async () => {
    startWorks();
    aws.on(CreateImageRecipeCommand).rejects(named('ResourceAlreadyExistsException'));
    aws.on(CreateInfrastructureConfigurationCommand).rejects(named('ResourceAlreadyExistsException'));

    await engine.start(request);

    expect(listImageRequests()[0]?.imageRecipeArn).toMatch(
      /^arn:aws:imagebuilder:eu-west-1:111122223333:image-recipe\/ovenbird-web-x86-64\/1\.\d+\.\d+$/,
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

  it.each([
    'We currently do not have sufficient m5.large capacity in the Availability Zone you requested (eu-west-1a).',
    'You have requested more vCPU capacity than your current vCPU limit of 32 allows',
    'Step LaunchBuildInstance failed: InsufficientFreeAddressesInSubnet',
    'Your requested instance type (a1.large) is not supported in your requested Availability Zone (eu-west-1c).',
  ])('says that there was no room: %s', (reason) => {
    expect(toBuildStatus(BUILD, { state: { status: 'FAILED', reason } }, HOME)).toMatchObject({
      state: 'failed',
      isShortage: true,
    });
  });

  it.each(['No space left on device', 'Unsupported operation in component nginx'])(
    'takes no other failure for want of room: %s',
    (reason) => {
      const status = toBuildStatus(BUILD, { state: { status: 'FAILED', reason } }, HOME);
      expect(status).not.toHaveProperty('isShortage');
    },
  );

  it('is failed when nothing came of it', () => {
    expect(toBuildStatus(BUILD, { state: { status: 'AVAILABLE' } }, HOME)).toMatchObject({
      state: 'failed',
      reason: 'The build ended without an image.',
    });
  });

  it('is unknown when Image Builder has forgotten it, or does not show it yet', async () => {
    aws.on(GetImageCommand).rejects(named('ResourceNotFoundException'));

    expect(await engine.status(BUILD)).toEqual({ state: 'unknown' });
  });

  it('names its log as CloudWatch does', () => {
    expect(toBuildLogName(BUILD)).toBe('/aws/imagebuilder/ovenbird-web-x86-64-abc:1.0.0/3');
    expect(toBuildLogName(BUILD, '/aws/imagebuilder/ovenbird')).toBe('/aws/imagebuilder/ovenbird:1.0.0/3');
  });
});

describe('what runs while an image is built', () => {
  it('is known as ours, and not scanned by Inspector', async () => {
    startWorks();

    await engine.start(request);

    const [call] = aws.commandCalls(CreateInfrastructureConfigurationCommand);
    expect(call?.args[0].input.resourceTags).toEqual({
      'ovenbird:managed': 'true',
      InspectorEc2Exclusion: 'true',
    });
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

  const none = () => named('ResourceNotFoundException');

  it('forgets its record and what was made for it alone', async () => {
    startWorks();
    await engine.start(request);
    const [recipe] = listRecipeRequests();
    const build = `arn:aws:imagebuilder:eu-west-1:111122223333:image/${recipe?.name}/${recipe?.semanticVersion}/1`;
    const [made] = listImageRequests();

    await engine.forget(build);

    const readInput = (calls: readonly { args: readonly { input: object }[] }[]) => calls[0]?.args[0]?.input;
    expect(readInput(aws.commandCalls(DeleteImageCommand))).toEqual({ imageBuildVersionArn: build });
    expect(readInput(aws.commandCalls(DeleteImageRecipeCommand))).toEqual({
      imageRecipeArn: `arn:aws:imagebuilder:eu-west-1:111122223333:image-recipe/${recipe?.name}/${recipe?.semanticVersion}`,
    });
    expect(readInput(aws.commandCalls(DeleteInfrastructureConfigurationCommand))).toEqual({
      infrastructureConfigurationArn: made?.infrastructureConfigurationArn,
    });
  });

  it('leaves what another image needs', async () => {
    aws.on(DeleteImageRecipeCommand).rejects(named('ResourceDependencyException'));
    aws.on(DeleteInfrastructureConfigurationCommand).rejects(named('ResourceDependencyException'));

    await engine.forget(BUILD);

    expect(aws.commandCalls(DeleteInfrastructureConfigurationCommand)).toHaveLength(1);
  });

  it('goes on where an earlier call was cut off', async () => {
    aws.on(DeleteImageCommand).rejects(none());
    aws.on(DeleteImageRecipeCommand).rejects(none());

    await engine.forget(BUILD);
    expect(aws.commandCalls(DeleteInfrastructureConfigurationCommand)).toHaveLength(1);

    aws.on(DeleteInfrastructureConfigurationCommand).rejects(none());
    await engine.forget(BUILD);
  });
});

import {
  CancelImageCreationCommand,
  CreateDistributionConfigurationCommand,
  CreateImageCommand,
  CreateImageRecipeCommand,
  DeleteImageCommand,
  ListImagePackagesCommand,
  StartResourceStateUpdateCommand,
} from '@aws-sdk/client-imagebuilder';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { account, baseParameter, eventually, type ImageServiceServer, region, serve } from '../serve.ts';
import {
  arn,
  componentData,
  createComponent,
  createImage,
  createInfrastructure,
  createRecipe,
  getImage,
  reached,
} from './recipes.ts';

let served: ImageServiceServer;
let infrastructure: string;
beforeEach(async () => {
  served = await serve();
  infrastructure = await createInfrastructure(served);
});
afterEach(() => served.close());

const statuses = () =>
  served.events
    .filter(({ detailType }) => detailType === 'EC2 Image Builder Image State Change')
    .map(({ detail }) => detail);

const instances = () => served.services.ec2.instancesOf(account, region);

const allTerminated = () =>
  eventually('every instance to be terminated', () =>
    instances().every(({ state }) => state === 'terminated') ? true : undefined,
  );

const packages = async (imageBuildVersionArn: string) => {
  const { imagePackageList = [] } = await served.imagebuilder.send(
    new ListImagePackagesCommand({ imageBuildVersionArn }),
  );
  return imagePackageList.map(({ packageName, packageVersion }) => `${packageName} ${packageVersion}`);
};

it('builds on the next of its types where there is no capacity of the first', async () => {
  await served.control('fail-launch', { instanceType: 'm5.large' });
  const two = await createInfrastructure(served, 'two', { instanceTypes: ['m5.large', 'm5.xlarge'] });
  const parent = await served.publishBase();
  const recipe = await createRecipe(served, 'two', parent, [await createComponent(served, 'agent')]);
  const build = await createImage(served, recipe, two);
  await reached(served, build, 'AVAILABLE');

  expect(instances().map(({ instanceType }) => instanceType)).toContain('m5.xlarge');
});

describe('the key of a recipe', () => {
  const build = async (kmsKeyId: string) => {
    const { imageRecipeArn = '' } = await served.imagebuilder.send(
      new CreateImageRecipeCommand({
        name: 'encrypted',
        semanticVersion: '1.0.0',
        parentImage: await served.publishBase(),
        components: [{ componentArn: await createComponent(served, 'agent') }],
        blockDeviceMappings: [
          { deviceName: '/dev/xvda', ebs: { encrypted: true, kmsKeyId, deleteOnTermination: true } },
        ],
      }),
    );
    const image = await createImage(served, imageRecipeArn, infrastructure);
    return eventually('the build to end', async () => {
      const found = await getImage(served, image);
      return ['AVAILABLE', 'FAILED'].includes(found.state?.status ?? '') ? found : undefined;
    });
  };

  it('encrypts the image, its volumes as large as those of the parent', async () => {
    const { outputResources } = await build('alias/images');

    const [ami] = outputResources?.amis ?? [];
    expect(served.services.ec2.imageById(ami?.image ?? '', region)?.devices).toMatchObject([
      { kmsKeyArn: `arn:aws:kms:${region}:${account}:key/images`, sizeGiB: 8 },
    ]);
  });

  it.each([
    ['is not there', 'alias/missing', /does not exist/],
    ['Image Builder may not use', 'alias/closed', /Client error on launch/],
  ])('fails the build when it %s', async (_, key, reason) => {
    expect((await build(key)).state).toMatchObject({
      status: 'FAILED',
      reason: expect.stringMatching(reason),
    });
    await allTerminated();
  });
});

describe('the service-linked role', () => {
  it('is made with the first image of an account, with the rights of the caller', async () => {
    const recipe = await createRecipe(served, 'Base AL2023', await served.publishBase());
    served.denied.add('iam:CreateServiceLinkedRole');
    await expect(createImage(served, recipe, infrastructure)).rejects.toThrow(/iam:CreateServiceLinkedRole/);

    served.denied.clear();
    await createImage(served, recipe, infrastructure);
    served.denied.add('iam:CreateServiceLinkedRole');
    await createImage(served, recipe, infrastructure);

    expect(served.asked).toContainEqual({
      action: 'iam:CreateServiceLinkedRole',
      resource: `arn:aws:iam::${account}:role/aws-service-role/imagebuilder.amazonaws.com/AWSServiceRoleForImageBuilder`,
      context: { 'iam:AWSServiceName': 'imagebuilder.amazonaws.com' },
    });
  });
});

describe('a build', () => {
  it('becomes AVAILABLE with an AMI of the account, and tells of each state once', async () => {
    const recipe = await createRecipe(served, 'Base AL2023', await served.publishBase());
    const image = await createImage(served, recipe, infrastructure);
    expect(image).toBe(arn('image/base-al2023/1.0.0/1'));
    const { outputResources, version, buildType } = await reached(served, image, 'AVAILABLE');
    expect({ version, buildType }).toEqual({ version: '1.0.0/1', buildType: 'USER_INITIATED' });
    const [ami] = outputResources?.amis ?? [];
    expect(ami).toMatchObject({
      region,
      accountId: account,
      name: expect.stringMatching(/^Base AL2023 \d{4}-/),
    });
    const machine = served.services.ec2.imageById(ami?.image ?? '', region);
    expect(machine).toMatchObject({ state: 'available', ownerId: account });
    expect(machine?.tags).toMatchObject({ CreatedBy: 'EC2 Image Builder', Ec2ImageBuilderArn: image });
    const walk = ['CREATING', 'BUILDING', 'TESTING', 'DISTRIBUTING', 'INTEGRATING', 'AVAILABLE'];
    expect(statuses()).toEqual(
      walk
        .slice(1)
        .map((status, index) => ({ 'previous-state': { status: walk[index] }, state: { status } })),
    );
    expect(served.events.every((event) => event.account === account && event.region === region)).toBe(true);
  });

  it.each([
    ['the parent has it', true, undefined, true],
    ['the parent has it and the recipe takes it away', true, true, false],
    ['Image Builder has installed it', false, undefined, false],
    ['Image Builder has installed it and the recipe keeps it', false, false, true],
  ])('leaves the agent of Systems Manager in the image or not: %s', async (_, agent, uninstall, isLeft) => {
    await served.control('publish-base', {
      parameter: baseParameter,
      name: 'minimal',
      regions: [region],
      agent,
    });
    const { imageRecipeArn = '' } = await served.imagebuilder.send(
      new CreateImageRecipeCommand({
        name: 'base',
        semanticVersion: '1.0.0',
        parentImage: served.parameters.get(`${region} ${baseParameter}`),
        ...(uninstall === undefined
          ? {}
          : {
              additionalInstanceConfiguration: { systemsManagerAgent: { uninstallAfterBuild: uninstall } },
            }),
      }),
    );
    const built = await reached(
      served,
      await createImage(served, imageRecipeArn, infrastructure, { tests: false }),
      'AVAILABLE',
    );
    const imageId = built.outputResources?.amis?.[0]?.image ?? '';

    expect(served.services.ec2.imageById(imageId, region)?.hasAgent).toBe(isLeft);
  });

  it('leaves TESTING out when tests are off', async () => {
    const recipe = await createRecipe(served, 'base', await served.publishBase());
    await reached(served, await createImage(served, recipe, infrastructure, { tests: false }), 'AVAILABLE');
    expect(statuses().map((detail) => detail.state)).not.toContainEqual({ status: 'TESTING' });
  });

  it('shows a tagged build instance while it builds and none when it is done', async () => {
    await served.close();
    served = await serve({ timings: { build: 3000 } });
    const infra = await createInfrastructure(served);
    const recipe = await createRecipe(served, 'base', await served.publishBase());
    const image = await createImage(served, recipe, infra);
    await reached(served, image, 'BUILDING');
    expect(instances().map(({ tags }) => tags)).toEqual([
      expect.objectContaining({ Ec2ImageBuilderArn: image }),
    ]);
    await reached(served, image, 'AVAILABLE');
    await allTerminated();
  });

  it.each([
    ['ssm:UpdateInstanceInformation', 'SSM Agent verification failed'],
    ['s3:GetObject', 'Unable to bootstrap TOE'],
    ['imagebuilder:GetComponent', 'component/web-server/1.0.0/1 failed!'],
  ])('fails where the role of its instance lacks %s', async (action, reason) => {
    const component = await createComponent(served, 'Web Server');
    const recipe = await createRecipe(served, 'base', await served.publishBase(), [component]);
    served.deniedToRoles.add(action);

    const image = await createImage(served, recipe, infrastructure, { metadata: false });

    expect((await reached(served, image, 'FAILED')).state?.reason).toContain(reason);
    await allTerminated();
  });

  describe('with metadata', () => {
    const build = async (metadata: boolean) => {
      const recipe = await createRecipe(served, `base-${metadata}`, await served.publishBase());
      return createImage(served, recipe, infrastructure, { metadata });
    };
    const timedOut = /status = 'TimedOut'.*InventoryCollection/;

    it.each(['ssm:ListInstanceAssociations', 'ssm:PutInventory', 'ssm:UpdateInstanceAssociationStatus'])(
      'fails where the role of its instance lacks %s, and needs it for nothing else',
      async (action) => {
        served.deniedToRoles.add(action);

        expect((await reached(served, await build(true), 'FAILED')).state?.reason).toMatch(timedOut);
        await reached(served, await build(false), 'AVAILABLE');
      },
    );

    it('fails where the account gathers the inventory of all its instances', async () => {
      await served.control('declare-inventory-association', { account, region });

      expect((await reached(served, await build(true), 'FAILED')).state?.reason).toMatch(timedOut);
      await reached(served, await build(false), 'AVAILABLE');
    });

    it('lists its packages, and none without', async () => {
      const [having, lacking] = [await build(true), await build(false)];
      await reached(served, having, 'AVAILABLE');
      await reached(served, lacking, 'AVAILABLE');

      expect(await packages(having)).toEqual(['openssl 3.0.8']);
      expect(await packages(lacking)).toEqual([]);
    });
  });

  it("takes its parent's inventory and what its components declared", async () => {
    const base = await served.publishBase([
      { name: 'openssl', version: '3.0.8' },
      { name: 'telnet', version: '0.17' },
    ]);
    await createComponent(served, 'Web Server', '2.0.0');
    await served.control('declare-component', {
      name: 'Web Server',
      version: '2.0.0',
      adds: [{ name: 'nginx', version: '1.28.0', release: '1', type: 'rpm' }],
      removes: ['telnet'],
    });
    const recipe = await createRecipe(served, 'web', base, [arn('component/web-server/x.x.x')]);
    const image = await createImage(served, recipe, infrastructure);
    await reached(served, image, 'AVAILABLE');
    expect(await packages(image)).toEqual(['nginx 1.28.0-1', 'openssl 3.0.8']);
  });

  it('builds on the newest AVAILABLE build of a parent that is named with wildcards', async () => {
    const base = await createRecipe(served, 'base', await served.publishBase());
    const first = await createImage(served, base, infrastructure);
    await reached(served, first, 'AVAILABLE');
    const child = await createRecipe(served, 'child', arn('image/base/x.x.x'));
    await served.control('fail-build', { recipeName: 'base', times: 1, reason: 'disk is full' });
    await reached(served, await createImage(served, base, infrastructure), 'FAILED');
    const image = await createImage(served, child, infrastructure);
    const { imageRecipe } = await reached(served, image, 'AVAILABLE');
    expect(imageRecipe?.parentImage).toBe(first);
    expect((await getImage(served, arn('image/base/x.x.x'))).arn).toBe(first);
  });

  it('reads the parent from a parameter when it starts', async () => {
    const older = await served.publishBase();
    const recipe = await createRecipe(served, 'base', `ssm:${baseParameter}`);
    const newer = await served.publishBase();
    expect(newer).not.toBe(older);
    const image = await createImage(served, recipe, infrastructure);
    const { outputResources } = await reached(served, image, 'AVAILABLE');
    const record = served.services.ec2.findImage(outputResources?.amis?.[0]?.image ?? '', account, region);
    expect(record?.sourceImageId).toBe(newer);
  });

  it('answers a repeated client token with the same build', async () => {
    const recipe = await createRecipe(served, 'base', await served.publishBase());
    const first = await createImage(served, recipe, infrastructure, { clientToken: 'bake-1' });
    expect(await createImage(served, recipe, infrastructure, { clientToken: 'bake-1' })).toBe(first);
    await expect(
      createImage(served, recipe, infrastructure, { clientToken: 'bake-1', tests: false }),
    ).rejects.toThrow(expect.objectContaining({ name: 'IdempotentParameterMismatchException' }));
    expect(await createImage(served, recipe, infrastructure, { clientToken: 'bake-2' })).toBe(
      arn('image/base/1.0.0/2'),
    );
  });

  it('copies and shares as its distribution configuration says', async () => {
    const recipe = await createRecipe(served, 'base', await served.publishBase());
    const { distributionConfigurationArn } = await served.imagebuilder.send(
      new CreateDistributionConfigurationCommand({
        name: 'wide',
        distributions: [
          {
            region,
            amiDistributionConfiguration: {
              name: 'golden {{ imagebuilder:buildDate }}',
              launchPermission: { userIds: ['444455556666'] },
            },
          },
          { region: 'eu-central-1' },
        ],
      }),
    );
    const { imageBuildVersionArn = '' } = await served.imagebuilder.send(
      new CreateImageCommand({
        imageRecipeArn: recipe,
        infrastructureConfigurationArn: infrastructure,
        distributionConfigurationArn,
      }),
    );
    const { outputResources } = await reached(served, imageBuildVersionArn, 'AVAILABLE');
    const amis = outputResources?.amis ?? [];
    expect(amis.map((ami) => ami.region)).toEqual([region, 'eu-central-1']);
    expect(amis[0]?.name).toMatch(/^golden \d{4}-/);
    expect(served.services.ec2.findImage(amis[0]?.image ?? '', '444455556666', region)?.id).toBe(
      amis[0]?.image,
    );
  });
});

describe('a build that fails', () => {
  it('keeps its number and its reason, and the next build gets the next number', async () => {
    const recipe = await createRecipe(served, 'base', await served.publishBase());
    await served.control('fail-build', { recipeName: 'base', times: 1, reason: 'The mirror is down.' });
    const image = await createImage(served, recipe, infrastructure);
    const { state } = await reached(served, image, 'FAILED');
    expect(state?.reason).toBe('The mirror is down.');
    expect(statuses().at(-1)).toEqual({
      'previous-state': { status: 'BUILDING' },
      state: { status: 'FAILED', reason: 'The mirror is down.' },
    });
    const next = await createImage(served, recipe, infrastructure);
    expect(next).toBe(arn('image/base/1.0.0/2'));
    await reached(served, next, 'AVAILABLE');
  });

  it('names the component that was declared to fail, in the phase where it runs', async () => {
    const component = await createComponent(served, 'smoke', '1.0.0', componentData('test'));
    await served.control('declare-component', {
      name: 'smoke',
      version: '1.0.0',
      failsBuild: 'port 443 is closed',
    });
    const recipe = await createRecipe(served, 'base', await served.publishBase(), [component]);
    const image = await createImage(served, recipe, infrastructure);
    const { state } = await reached(served, image, 'FAILED');
    expect(state?.reason).toContain('port 443 is closed');
    expect(statuses().at(-1)).toMatchObject({ 'previous-state': { status: 'TESTING' } });
  });

  it('leaves its instance running when the infrastructure says so', async () => {
    const keep = await createInfrastructure(served, 'keep', { terminateInstanceOnFailure: false });
    const recipe = await createRecipe(served, 'base', await served.publishBase());
    await served.control('fail-build', { times: 1, reason: 'no' });
    await reached(served, await createImage(served, recipe, keep), 'FAILED');
    expect(instances().map(({ state }) => state)).toEqual(['running']);
  });
});

describe('cancelling', () => {
  it('ends in CANCELLED, terminates the instance and leaves the AMI behind', async () => {
    await served.close();
    served = await serve({ timings: { test: 100_000 } });
    const recipe = await createRecipe(served, 'base', await served.publishBase());
    const image = await createImage(served, recipe, await createInfrastructure(served));
    await reached(served, image, 'TESTING');
    await served.imagebuilder.send(new CancelImageCreationCommand({ imageBuildVersionArn: image }));
    await reached(served, image, 'CANCELLED');
    const [testInstance] = instances().filter(({ tags }) => tags.Name?.startsWith('Test instance'));
    const made = served.services.ec2.imageById(testInstance?.imageId ?? '', region);
    expect(made).toMatchObject({ state: 'available', tags: { Ec2ImageBuilderArn: image } });
    await allTerminated();
  });

  it('is refused when the build is over', async () => {
    const recipe = await createRecipe(served, 'base', await served.publishBase());
    const image = await createImage(served, recipe, infrastructure);
    await reached(served, image, 'AVAILABLE');
    await expect(
      served.imagebuilder.send(new CancelImageCreationCommand({ imageBuildVersionArn: image })),
    ).rejects.toThrow(expect.objectContaining({ name: 'InvalidRequestException' }));
  });
});

describe('an image that is there', () => {
  it('stops resolving when it is deprecated or deleted, and the AMI stays', async () => {
    const recipe = await createRecipe(served, 'base', await served.publishBase());
    const [first, second] = [
      await createImage(served, recipe, infrastructure),
      await createImage(served, recipe, infrastructure),
    ];
    await reached(served, first, 'AVAILABLE');
    const { outputResources } = await reached(served, second, 'AVAILABLE');
    const newest = async () => (await getImage(served, arn('image/base/1.0.0'))).arn;
    expect(await newest()).toBe(second);
    await served.imagebuilder.send(
      new StartResourceStateUpdateCommand({
        resourceArn: second,
        state: { status: 'DEPRECATED' },
        executionRole: 'role',
      }),
    );
    await reached(served, second, 'DEPRECATED');
    expect(await newest()).toBe(first);
    await served.imagebuilder.send(new DeleteImageCommand({ imageBuildVersionArn: second }));
    await expect(getImage(served, second)).rejects.toThrow(
      expect.objectContaining({ name: 'ResourceNotFoundException' }),
    );
    const ami = outputResources?.amis?.[0]?.image ?? '';
    expect(served.services.ec2.findImage(ami, account, region)?.state).toBe('available');
  });
});

describe('CreateImage', () => {
  it('refuses container recipes, two recipes and references to nothing', async () => {
    const recipe = await createRecipe(served, 'base', await served.publishBase());
    const send = (change: object) =>
      served.imagebuilder.send(
        new CreateImageCommand({ infrastructureConfigurationArn: infrastructure, ...change }),
      );
    const containerRecipeArn = arn('container-recipe/web/1.0.0');
    await expect(send({ containerRecipeArn })).rejects.toThrow(
      expect.objectContaining({ name: 'NotImplementedByLocalCloud' }),
    );
    await expect(send({ containerRecipeArn, imageRecipeArn: recipe })).rejects.toThrow(
      expect.objectContaining({ name: 'InvalidParameterCombinationException' }),
    );
    await expect(send({ imageRecipeArn: arn('image-recipe/none/1.0.0') })).rejects.toThrow(
      expect.objectContaining({ name: 'InvalidRequestException' }),
    );
  });

  it('runs no more than 100 builds at once', async () => {
    await served.close();
    served = await serve({ speed: 1 });
    const recipe = await createRecipe(served, 'base', await served.publishBase());
    const infra = await createInfrastructure(served);
    for (let build = 0; build < 100; build += 1) await createImage(served, recipe, infra);
    await expect(createImage(served, recipe, infra)).rejects.toThrow(
      expect.objectContaining({ name: 'ServiceQuotaExceededException' }),
    );
  });
});

/** What Image Builder answers, as definitions. The shapes are those of its API (imagebuilder GetImagePipeline, GetImageRecipe, ...). */
import type { Component, Distribution, ImagePipeline, ImageRecipe } from '@aws-sdk/client-imagebuilder';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type Imported, importDefinitions as importAll } from '../../../cli/import/definitions.ts';
import type { FoundPipeline } from '../../../cli/import/image-builder.ts';
import { chooseNames } from '../../../cli/import/names.ts';
import { formatFile } from '../../../cli/import/text.ts';
import { DefinitionSchema } from '../../../shared/domain/definitions/definition.ts';
import { applyDefinition } from '../../../shared/use-cases/definitions/apply-definition.ts';
import { reconcileWorld } from '../../support/reconcile-world.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-west-1';
const arn = (rest: string, owner = ACCOUNT) => `arn:aws:imagebuilder:${REGION}:${owner}:${rest}`;

interface Given {
  readonly name: string;
  readonly pipeline?: Partial<ImagePipeline>;
  readonly recipe?: Partial<ImageRecipe>;
  readonly infrastructure?: FoundPipeline['infrastructure'];
  readonly regions?: readonly Distribution[];
  readonly components?: readonly Component[];
}

/** A pipeline as the console makes it. */
function found({ name, pipeline, recipe, infrastructure, regions, components = [] }: Given): FoundPipeline {
  return {
    pipeline: {
      arn: arn(`image-pipeline/${name}`),
      name,
      platform: 'Linux',
      status: 'ENABLED',
      enhancedImageMetadataEnabled: true,
      imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 720 },
      imageRecipeArn: arn(`image-recipe/${name}/1.0.0`),
      ...pipeline,
    },
    recipe: {
      arn: arn(`image-recipe/${name}/1.0.0`),
      name,
      platform: 'Linux',
      version: '1.0.0',
      parentImage: arn('image/amazon-linux-2023-x86/x.x.x', 'aws'),
      components: components.map((component) => ({ componentArn: component.arn })),
      workingDirectory: '/tmp',
      ...recipe,
    },
    ...(infrastructure === undefined ? {} : { infrastructure }),
    ...(regions === undefined
      ? {}
      : {
          distribution: {
            arn: arn('distribution-configuration/wide'),
            timeoutMinutes: 720,
            distributions: [...regions],
          },
        }),
    components: new Map(components.map((component) => [component.arn ?? '', component])),
  };
}

/** As the command does; the note that each definition begins with is looked at here, and left out. */
function importDefinitions(given: readonly FoundPipeline[]): Imported[] {
  return importAll(given).map((imported) => {
    if (imported.definition === undefined) return imported;
    const [first, ...notes] = imported.notes;
    expect(first).toEqual({
      field: 'tests.suites[0]',
      reason: expect.stringContaining('"boots" only shows that the image starts'),
    });
    return { ...imported, notes };
  });
}

function one(given: Given) {
  const [imported] = importDefinitions([found(given)]);
  if (imported === undefined) throw new Error('Nothing was imported.');
  return imported;
}
/** Applied as the command line does it, parents first. */
async function applied(...imported: readonly Imported[]) {
  const world = reconcileWorld();
  for (const image of ['amazon-linux-2023-x86', 'amazon-linux-2023-arm64'])
    world.sources.publish(arn(`image/${image}`, 'aws'), '1.0.0/1');
  for (const { definition } of imported) await applyDefinition(world.ports, { definition, by: 'ada' });
}
const fields = (given: Given) => one(given).notes.map(({ field }) => field);

describe('A pipeline of Image Builder', () => {
  it('with the least that it can have becomes a definition without remarks', () => {
    const { definition, notes } = one({ name: 'plain' });

    expect(notes).toEqual([]);
    expect(definition).toMatchObject({
      name: 'plain',
      base: { image: arn('image/amazon-linux-2023-x86/x.x.x', 'aws') },
      approval: { required: false },
      triggers: { mode: 'manual' },
    });
    expect(DefinitionSchema.safeParse(definition).success).toBe(true);
  });

  it.each([
    ['ssm:/aws/service/al2023', { ssm: '/aws/service/al2023' }],
    [`ssm:arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/golden/base`, { ssm: '/golden/base' }],
    ['ami-0f3c9a1b2d4e5f678', { ami: 'ami-0f3c9a1b2d4e5f678' }],
    [arn('image/base/1.0.0/3'), { image: arn('image/base/1.0.0/3') }],
  ])('built on %s names it', (parentImage, base) => {
    expect(one({ name: 'web', recipe: { parentImage } }).definition?.base).toEqual(base);
  });

  it('built on what another pipeline makes has that pipeline as its base', () => {
    const [child] = importDefinitions([
      found({ name: 'web', recipe: { parentImage: arn('image/golden-base/x.x.x') } }),
      found({
        name: 'Base of all',
        recipe: { name: 'Golden Base', arn: arn('image-recipe/golden-base/1.0.0') },
      }),
    ]);

    expect(child?.definition?.base).toEqual({ pipeline: 'base-of-all' });
  });

  it('built on a parameter that another one writes has that pipeline as its base', async () => {
    const regions = [{ region: REGION, ssmParameterConfigurations: [{ parameterName: '/images/golden' }] }];
    const [golden, child] = importDefinitions([
      found({ name: 'golden', regions }),
      found({ name: 'web', recipe: { parentImage: 'ssm:/images/golden' } }),
    ]);

    expect(child?.definition?.base).toEqual({ pipeline: 'golden' });
    expect(golden?.definition?.distribution?.parameter).toBe('/images/golden');
    expect([golden?.notes, child?.notes]).toEqual([[], []]);
    if (golden === undefined || child === undefined) throw new Error('Two were given.');
    await applied(golden, child);
  });

  it.each([
    ['in another region', 'ssm:/images/golden', { region: 'us-east-1' }],
    [
      'for another account',
      'ssm:/images/golden',
      { region: REGION, amiDistributionConfiguration: { targetAccountIds: ['444455556666'] } },
    ],
    ['and pins it', 'ssm:/images/golden:3', { region: REGION }],
  ])('built on a parameter of a name that another one writes %s keeps it', (_, parentImage, region) => {
    const ssmParameterConfigurations = [{ parameterName: '/images/golden' }];
    const [child, golden] = importDefinitions([
      found({ name: 'web', recipe: { parentImage } }),
      found({ name: 'golden', regions: [{ ...region, ssmParameterConfigurations }] }),
    ]);

    expect(child?.definition?.base).toEqual({ ssm: parentImage.replace('ssm:', '') });
    expect(golden?.definition?.distribution?.parameter).toBeUndefined();
    expect(golden?.notes).toEqual([
      {
        field: 'distributionConfiguration.ssmParameterConfigurations',
        reason: expect.stringContaining('web is built on /images/golden'),
      },
    ]);
  });

  it('that is built on its own output is not its own base', () => {
    const imported = one({ name: 'web', recipe: { parentImage: arn('image/web/x.x.x') } });

    expect(imported.definition?.base).toEqual({ image: arn('image/web/x.x.x') });
    expect(imported.notes).toEqual([
      { field: 'imageRecipe.parentImage', reason: expect.stringContaining('a circle') },
    ]);
  });

  it.each([
    ['1.x.x', '2.0.0'],
    ['1.2.x', '1.20.0'],
  ])('built on %s of a recipe that makes %s has no pipeline as its base', (wildcard, version) => {
    const golden = { version, arn: arn(`image-recipe/golden/${version}`) };
    const [child] = importDefinitions([
      found({ name: 'web', recipe: { parentImage: arn(`image/golden/${wildcard}`) } }),
      found({ name: 'golden', recipe: golden }),
    ]);

    expect(child?.definition?.base).toEqual({ image: arn(`image/golden/${wildcard}`) });
    expect(child?.notes).toEqual([
      {
        field: 'imageRecipe.parentImage',
        reason: expect.stringContaining(`golden makes ${version}, which ${wildcard} does not mean`),
      },
    ]);
  });

  it('built on any version of a recipe has the pipeline of the highest as its base', () => {
    const golden = (name: string, version: string) =>
      found({ name, recipe: { name: 'golden', version, arn: arn(`image-recipe/golden/${version}`) } });
    const [child] = importDefinitions([
      found({ name: 'web', recipe: { parentImage: arn('image/golden/1.x.x') } }),
      golden('early', '1.9.0'),
      golden('late', '1.10.0'),
      golden('next', '2.0.0'),
    ]);

    expect(child?.definition?.base).toEqual({ pipeline: 'late' });
    expect(child?.notes).toEqual([]);
  });

  it('is for the architecture of the pipeline that it is built on, unless its instance types say another', () => {
    const recipe = { parentImage: arn('image/golden/x.x.x') };
    const [, child, grandchild, other] = importDefinitions([
      found({
        name: 'golden',
        recipe: { parentImage: arn('image/amazon-linux-2023-arm64/x.x.x', 'aws') },
      }),
      found({ name: 'web', recipe }),
      found({ name: 'shop', recipe: { parentImage: arn('image/web/x.x.x') } }),
      found({ name: 'batch', recipe, infrastructure: { instanceTypes: ['m5.large'] } }),
    ]);

    for (const { definition, notes } of [child, grandchild].flatMap((entry) => entry ?? [])) {
      expect(definition?.variants).toEqual([{ name: 'arm64', architecture: 'arm64' }]);
      expect(DefinitionSchema.parse(definition).build.instanceTypes).toEqual(['t4g.medium']);
      expect(notes).toEqual([]);
    }
    expect(other?.definition?.variants).toBeUndefined();
  });

  it('whose parent is left out is built on the parent’s image', () => {
    const [child, parent] = importDefinitions([
      found({ name: 'web', recipe: { parentImage: arn('image/base/x.x.x') } }),
      found({ name: 'base', recipe: { parentImage: 'prod-abcd1234' } }),
    ]);

    expect(parent?.skipped).toContain('AWS Marketplace');
    expect(child?.definition?.base).toEqual({ image: arn('image/base/x.x.x') });
  });

  it.each([
    ['EXPRESSION_MATCH_ONLY', 'always'],
    ['EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE', 'dependency-updates-available'],
    [undefined, 'dependency-updates-available'],
  ] as const)('with the start condition %s keeps its schedule', (condition, startCondition) => {
    const { definition } = one({
      name: 'web',
      pipeline: {
        schedule: {
          scheduleExpression: 'cron(0 2 ? * sun *)',
          timezone: 'Europe/Berlin',
          pipelineExecutionStartCondition: condition,
          autoDisablePolicy: { failureCount: 3 },
        },
      },
    });

    expect(definition?.triggers).toEqual({
      mode: 'schedule',
      schedule: { expression: 'cron(0 2 ? * sun *)', timeZone: 'Europe/Berlin', startCondition },
    });
    expect(definition?.lifecycle).toEqual({ maxFailures: 3 });
  });

  it('keeps a rate, and says that it begins to count when it is applied', () => {
    const { definition, notes } = one({
      name: 'web',
      pipeline: { schedule: { scheduleExpression: 'rate(7 days)' } },
    });

    expect(definition?.triggers?.schedule?.expression).toBe('rate(7 days)');
    expect(notes).toEqual([
      {
        field: 'imagePipeline.schedule.scheduleExpression',
        reason: 'rate(7 days) counts anew from the moment at which the definition is applied.',
      },
    ]);
  });

  it.each([
    ['cron(0 0 * * SUN *)', 'cron(0 0 ? * SUN *)'],
    ['cron(0 0 * * SUN)', 'cron(0 0 ? * SUN)'],
    ['cron(0 0 1 * * *)', 'cron(0 0 1 * ? *)'],
    ['cron(0 0 * * * *)', 'cron(0 0 * * ? *)'],
  ])('with both days in %s has the one that is meant, and says so', async (scheduleExpression, written) => {
    const imported = one({ name: 'web', pipeline: { schedule: { scheduleExpression } } });

    expect(imported.definition?.triggers?.schedule?.expression).toBe(written);
    expect(imported.notes).toEqual([
      {
        field: 'imagePipeline.schedule.scheduleExpression',
        reason: expect.stringContaining(`it is written as ${written}`),
      },
    ]);
    await applied(imported);
  });

  it.each([
    ['cron(15 10 ? * 6L 2022-2023)', undefined, 'never comes'],
    ['cron(0 0 1 * SUN *)', undefined, 'exactly one of them has to be ?'],
    ['rate(1 hours)', undefined, 'the unit is singular'],
    ['cron(0 0 * * ? *)', 'Europe/Atlantis', 'Europe/Atlantis is no time zone'],
  ])(
    'whose schedule %s in %s would be refused is baked by hand, and it is not lost',
    async (scheduleExpression, timezone, why) => {
      const imported = one({ name: 'web', pipeline: { schedule: { scheduleExpression, timezone } } });
      const [note] = imported.notes;

      expect(imported.definition?.triggers).toEqual({ mode: 'manual' });
      expect(imported.notes.map(({ field }) => field)).toEqual(['imagePipeline.schedule']);
      expect(note?.reason).toContain(why);
      expect(note?.reason).toContain(`Its schedule is: ${scheduleExpression}`);
      await applied(imported);
    },
  );

  it.each([
    'EST5EDT',
    'GMT0',
    'Etc/GMT+5',
    'Etc/GMT-14',
    'America/Argentina/Buenos_Aires',
    'America/Port-au-Prince',
    'utc',
  ])('in the time zone %s keeps it', async (timeZone) => {
    const schedule = { scheduleExpression: 'cron(0 0 * * ? *)', timezone: timeZone };
    const imported = one({ name: 'web', pipeline: { schedule } });

    expect(imported.definition?.triggers?.schedule).toMatchObject({ timeZone });
    expect(imported.notes).toEqual([]);
    await applied(imported);
  });

  it('that is disabled is baked by hand, and its schedule is not lost', () => {
    const { definition, notes } = one({
      name: 'web',
      pipeline: { status: 'DISABLED', schedule: { scheduleExpression: 'rate(1 day)' } },
    });

    expect(definition?.triggers).toEqual({ mode: 'manual' });
    expect(notes).toEqual([
      { field: 'imagePipeline.status', reason: expect.stringContaining('rate(1 day)') },
    ]);
  });

  it('keeps components, their order and parameters, and test components apart', () => {
    const components: Component[] = [
      { arn: arn('component/harden/1.x.x'), type: 'BUILD' },
      { arn: arn('component/simple-boot-test-linux/x.x.x', 'aws'), type: 'TEST' },
      { arn: arn('component/agent/2.1.0'), type: 'BUILD' },
    ];
    const { definition } = one({
      name: 'web',
      components,
      recipe: {
        components: [
          {
            componentArn: components[0]?.arn,
            parameters: [
              { name: 'Level', value: ['high'] },
              { name: 'Skip', value: ['a', 'b'] },
            ],
          },
          { componentArn: components[1]?.arn },
          { componentArn: components[2]?.arn },
        ],
      },
    });

    expect(definition?.components).toEqual([
      { component: components[0]?.arn, parameters: { Level: 'high', Skip: ['a', 'b'] } },
      { component: components[2]?.arn },
    ]);
    expect(definition?.tests.components).toEqual([{ component: components[1]?.arn }]);
  });

  it('whose tests are off has no test components, and says so', () => {
    const components: Component[] = [{ arn: arn('component/boots/1.0.0'), type: 'TEST' }];
    const imported = one({
      name: 'web',
      components,
      pipeline: { imageTestsConfiguration: { imageTestsEnabled: false } },
    });

    expect(imported.definition?.tests.components).toBeUndefined();
    expect(imported.notes).toEqual([
      {
        field: 'imagePipeline.imageTestsConfiguration',
        reason: expect.stringContaining('component/boots/1.0.0'),
      },
    ]);
  });

  it('keeps volumes and instance types, and notes what volumes have beside their size', () => {
    const given: Given = {
      name: 'web',
      infrastructure: { instanceTypes: ['m6g.large', 'c7gn.large'] },
      recipe: {
        blockDeviceMappings: [
          {
            deviceName: '/dev/xvda',
            ebs: { volumeSize: 20, volumeType: 'gp3', encrypted: true, deleteOnTermination: true },
          },
          { deviceName: '/dev/sdf', ebs: { volumeSize: 100 } },
        ],
      },
    };
    const { definition } = one(given);

    expect(definition?.build).toEqual({
      instanceTypes: ['m6g.large', 'c7gn.large'],
      rootVolumeGiB: 20,
      dataVolumes: [{ device: '/dev/sdf', sizeGiB: 100 }],
    });
    expect(definition?.variants).toEqual([{ name: 'arm64', architecture: 'arm64' }]);
    expect(fields(given)).toEqual([
      'imageRecipe.blockDeviceMappings /dev/xvda.encrypted',
      'imageRecipe.blockDeviceMappings /dev/xvda.volumeType',
    ]);
  });

  it('with two root volumes takes the last, and says so', () => {
    const { definition, notes } = one({
      name: 'web',
      recipe: {
        blockDeviceMappings: [
          { deviceName: '/dev/xvda', ebs: { volumeSize: 30 } },
          { deviceName: '/dev/sda1', ebs: { volumeSize: 10 } },
        ],
      },
    });

    expect(definition?.build?.rootVolumeGiB).toBe(10);
    expect(notes).toEqual([
      {
        field: 'imageRecipe.blockDeviceMappings',
        reason: expect.stringContaining('/dev/xvda with 30 GiB, /dev/sda1 with 10 GiB'),
      },
    ]);
  });

  it('says that a long description is cut', () => {
    const { definition, notes } = one({ name: 'web', pipeline: { description: 'd'.repeat(900) } });

    expect(definition?.description).toBe('d'.repeat(500));
    expect(notes).toEqual([
      { field: 'imagePipeline.description', reason: expect.stringContaining('900 characters') },
    ]);
  });

  it('keeps where its images go', () => {
    const region = (name: string): Distribution => ({
      region: name,
      amiDistributionConfiguration: {
        targetAccountIds: ['444455556666'],
        amiTags: { team: 'web' },
        launchPermission: { userIds: ['777788889999', '444455556666'] },
      },
      launchTemplateConfigurations: [{ launchTemplateId: 'lt-0abcdef1234567890', accountId: '444455556666' }],
      ssmParameterConfigurations: [{ parameterName: '/golden/web', amiAccountId: '444455556666' }],
    });
    const { definition, notes } = one({
      name: 'web',
      recipe: { amiTags: { cost: 'platform' } },
      regions: [region('eu-west-1'), region('us-east-1')],
    });

    expect(definition?.distribution).toEqual({
      targets: [
        {
          account: '444455556666',
          regions: ['eu-west-1', 'us-east-1'],
          launchTemplate: 'lt-0abcdef1234567890',
        },
        { account: '777788889999', regions: ['eu-west-1', 'us-east-1'], mode: 'share' },
      ],
      parameter: '/golden/web',
      tags: { cost: 'platform', team: 'web' },
    });
    // Accounts that may launch an image have its parameter, too.
    expect(notes).toEqual([
      {
        field: 'distributionConfiguration.ssmParameterConfigurations.amiAccountId',
        reason: expect.stringContaining('777788889999 eu-west-1, 777788889999 us-east-1'),
      },
    ]);
  });

  it('says where a parameter of one account and region is written too', () => {
    const { definition, notes } = one({
      name: 'web',
      regions: [
        {
          region: REGION,
          amiDistributionConfiguration: { targetAccountIds: [ACCOUNT, '444455556666'] },
          ssmParameterConfigurations: [{ parameterName: '/images/web', amiAccountId: ACCOUNT }],
        },
        { region: 'us-east-1', amiDistributionConfiguration: { targetAccountIds: [ACCOUNT] } },
      ],
    });

    expect(definition?.distribution?.parameter).toBe('/images/web');
    expect(notes).toEqual([
      {
        field: 'distributionConfiguration.ssmParameterConfigurations.amiAccountId',
        reason: expect.stringContaining(`${ACCOUNT} us-east-1, 444455556666 ${REGION} too`),
      },
    ]);
  });

  it('says which tags of some regions are given in all', () => {
    const region = (name: string, amiTags?: Record<string, string>): Distribution => ({
      region: name,
      amiDistributionConfiguration: { amiTags },
    });
    const { definition, notes } = one({
      name: 'web',
      recipe: { amiTags: { cost: 'platform' } },
      regions: [
        region(REGION, { site: 'eu', team: 'web', cost: 'platform' }),
        region('us-east-1', { team: 'web' }),
      ],
    });

    expect(definition?.distribution?.tags).toEqual({ cost: 'platform', site: 'eu', team: 'web' });
    expect(notes).toEqual([
      {
        field: 'distributionConfiguration.amiTags',
        reason: expect.stringContaining('given in all: site.'),
      },
    ]);
  });

  it('that writes a parameter of another one gets a name of its own', () => {
    const regions = [{ region: 'eu-west-1', ssmParameterConfigurations: [{ parameterName: '/golden/web' }] }];

    const [first, second] = importDefinitions([
      found({ name: 'web', regions }),
      found({ name: 'web2', regions }),
    ]);

    expect(first?.definition?.distribution?.parameter).toBe('/golden/web');
    expect(second?.definition?.distribution?.parameter).toBeUndefined();
    expect(second?.notes[0]?.reason).toContain('web');
  });

  it('that names no account brings its image to its own account', () => {
    const { definition } = one({ name: 'web', regions: [{ region: 'us-east-1' }] });

    expect(definition?.distribution?.targets).toEqual([{ account: ACCOUNT, regions: ['us-east-1'] }]);
  });

  it('has a reason for everything that it had and that a definition does not', () => {
    const given: Given = {
      name: 'Web Server',
      pipeline: {
        tags: { owner: 'web' },
        workflows: [{ workflowArn: arn('workflow/build/mine/1.0.0/1') }],
        executionRole: 'role',
        imageScanningConfiguration: { imageScanningEnabled: true },
      },
      recipe: {
        additionalInstanceConfiguration: { userDataOverride: 'IyEvYmluL3No' },
        tags: { owner: 'web' },
        workingDirectory: '/srv',
      },
      infrastructure: {
        instanceProfileName: 'builder',
        keyPair: 'ops',
        tags: { owner: 'web' },
        snsTopicArn: 'arn:aws:sns:eu-west-1:111122223333:images',
        logging: { s3Logs: { s3BucketName: 'logs' } },
        terminateInstanceOnFailure: false,
        instanceMetadataOptions: { httpTokens: 'optional' },
      },
      regions: [
        {
          region: 'eu-west-1',
          licenseConfigurationArns: [
            'arn:aws:license-manager:eu-west-1:111122223333:license-configuration:lic-1',
          ],
          s3ExportConfiguration: { roleName: 'export', diskImageFormat: 'VHD', s3Bucket: 'images' },
          amiDistributionConfiguration: {
            name: 'web {{ imagebuilder:buildDate }}',
            launchPermission: { organizationArns: ['arn:aws:organizations::111122223333:organization/o-1'] },
          },
          ssmParameterConfigurations: [{ parameterName: 'golden-web', dataType: 'text' }],
        },
      ],
    };

    expect(fields(given).sort()).toEqual([
      'distributionConfiguration eu-west-1.licenseConfigurationArns',
      'distributionConfiguration eu-west-1.name',
      'distributionConfiguration eu-west-1.organizationArns',
      'distributionConfiguration eu-west-1.s3ExportConfiguration',
      'distributionConfiguration.ssmParameterConfigurations',
      'distributionConfiguration.ssmParameterConfigurations.dataType',
      'imagePipeline.executionRole',
      'imagePipeline.imageScanningConfiguration',
      'imagePipeline.name',
      'imagePipeline.tags',
      'imagePipeline.workflows',
      'imageRecipe.additionalInstanceConfiguration.userDataOverride',
      'imageRecipe.tags',
      'imageRecipe.workingDirectory',
      'infrastructureConfiguration.instanceMetadataOptions',
      'infrastructureConfiguration.instanceProfileName',
      'infrastructureConfiguration.keyPair',
      'infrastructureConfiguration.logging',
      'infrastructureConfiguration.snsTopicArn',
      'infrastructureConfiguration.tags',
      'infrastructureConfiguration.terminateInstanceOnFailure',
    ]);
    expect(DefinitionSchema.safeParse(one(given).definition).success).toBe(true);
  });

  it('keeps the place of its instances, and how they ask for their metadata', () => {
    const { definition, notes } = one({
      name: 'web',
      infrastructure: {
        subnetId: 'subnet-0123456789abcdef0',
        securityGroupIds: ['sg-0123456789abcdef0'],
        instanceProfileName: 'image-builds',
        instanceMetadataOptions: { httpTokens: 'optional', httpPutResponseHopLimit: 2 },
      },
    });
    const placement = {
      subnets: ['subnet-0123456789abcdef0'],
      securityGroups: ['sg-0123456789abcdef0'],
      instanceProfile: 'image-builds',
    };

    expect(definition).toMatchObject({
      build: { placement, metadata: { httpTokens: 'optional', hopLimit: 2 } },
      tests: { placement, metadata: { hopLimit: 2 } },
    });
    expect(Object.fromEntries(notes.map(({ field, reason }) => [field, reason]))).toMatchObject({
      'infrastructureConfiguration.subnetId': expect.stringContaining('the parameter OtherVpcs'),
      'infrastructureConfiguration.instanceProfileName': expect.stringContaining(
        'InstanceRoles of the stack',
      ),
      'infrastructureConfiguration.instanceMetadataOptions': 'Test instances always ask for a token.',
    });
  });

  it('leaves out the profile that the console of Image Builder makes, as the installation has the same', () => {
    const { definition, notes } = one({
      name: 'web',
      infrastructure: { instanceProfileName: 'EC2InstanceProfileForImageBuilder' },
    });

    expect(definition?.build?.placement).toBeUndefined();
    expect(notes).toEqual([]);
  });

  it('keeps its instance tags, and what becomes of the agent of Systems Manager', () => {
    const { definition, notes } = one({
      name: 'web',
      recipe: { additionalInstanceConfiguration: { systemsManagerAgent: { uninstallAfterBuild: false } } },
      infrastructure: { resourceTags: { 'cost-center': '4711', 'ovenbird:bake': 'mine' } },
    });

    expect(definition).toMatchObject({
      build: {
        additionalInstanceConfiguration: { systemsManagerAgent: { uninstallAfterBuild: false } },
        instanceTags: { 'cost-center': '4711' },
      },
      tests: { instanceTags: { 'cost-center': '4711' } },
    });
    expect(notes).toContainEqual({
      field: 'infrastructureConfiguration.resourceTags',
      reason: 'These keys are not taken: ovenbird:bake',
    });
  });

  it.each([
    ['container images', { pipeline: { containerRecipeArn: arn('container-recipe/web/1.0.0') } }],
    ['Windows', { recipe: { platform: 'Windows' as const } }],
  ])('that makes %s is left out with its reason', (what, given) => {
    const imported = one({ name: 'web', ...given });

    expect(imported.definition).toBeUndefined();
    expect(imported.skipped).toContain(what);
  });
});

describe('The file of an imported pipeline', () => {
  it('begins with its schema and with what has no equivalent, in lines that fit', () => {
    const imported = one({ name: 'Web', infrastructure: { keyPair: 'ops' } });

    const text = formatFile(imported, '../docs/pipeline.schema.json');
    const comments = text.split('\n').filter((line) => line.startsWith('#'));

    expect(comments[0]).toBe('# yaml-language-server: $schema=../docs/pipeline.schema.json');
    expect(comments.join('\n')).toContain(
      '# - infrastructureConfiguration.keyPair: Build instances allow no login',
    );
    expect(comments.filter((line) => line.length > 80)).toEqual([]);
    expect(parse(text)).toEqual(imported.definition);
  });
});

describe('Names', () => {
  it('are those of pipelines, and all different', () => {
    const names = chooseNames(['Web Server', 'web_server', '7', 'x'.repeat(60), 'x'.repeat(50)]);

    expect(names).toEqual(['web-server', 'web-server-2', 'image-7', 'x'.repeat(40), `${'x'.repeat(38)}-2`]);
  });
});

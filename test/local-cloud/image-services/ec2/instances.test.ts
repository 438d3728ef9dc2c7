import {
  CopyImageCommand,
  CreateImageCommand,
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeImageReferencesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeRegionsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  DisableImageCommand,
  type Instance,
  ModifyImageAttributeCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { customerKey, type FakeCloud, HOME, HUB, startFakeCloud, TARGET } from './fake-cloud.ts';
import { catchCode, ownImage, waitForState } from './own-images.ts';

describe('instances of the local EC2', () => {
  let cloud: FakeCloud;
  beforeEach(async () => {
    cloud = await startFakeCloud();
  });
  afterEach(() => cloud.stop());

  const run = async (
    ImageId: string | undefined,
    more: Partial<RunInstancesCommandInput> = {},
    account = HUB,
  ) => {
    const request = { InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, ...more } as const;
    const answer = await cloud
      .ec2(account)
      .send(new RunInstancesCommand({ ...request, ...(ImageId === undefined ? {} : { ImageId }) }));
    const [instance = {}] = answer.Instances ?? [];
    return instance;
  };
  const read = async (id = '', account = HUB): Promise<Instance | undefined> => {
    const { Reservations } = await cloud
      .ec2(account)
      .send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return Reservations?.[0]?.Instances?.[0];
  };
  const reaches = (id: string | undefined, state: string, account = HUB) =>
    cloud.until(async () => {
      const instance = await read(id, account);
      return instance?.State?.Name === state && instance;
    });

  it('go from pending to running, stop and end as terminated, with an event at each step', async () => {
    const { InstanceId = '', State } = await run(await ownImage(cloud));
    expect(State).toEqual({ Code: 0, Name: 'pending' });
    await reaches(InstanceId, 'running');
    await cloud.ec2().send(new StopInstancesCommand({ InstanceIds: [InstanceId] }));
    await reaches(InstanceId, 'stopped');
    const answer = await cloud.ec2().send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    expect(answer.TerminatingInstances?.[0]?.CurrentState?.Name).toBe('shutting-down');
    const gone = await reaches(InstanceId, 'terminated');
    expect(gone.StateReason?.Code).toBe('Client.UserInitiatedShutdown');
    const events = cloud.events.filter(({ detailType }) => detailType.startsWith('EC2 Instance'));
    expect(events.map(({ detail }) => detail.state)).toEqual([
      ...['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'],
    ]);
    expect(events[0]).toMatchObject({
      account: HUB,
      resources: [`arn:aws:ec2:${HOME}:${HUB}:instance/${InstanceId}`],
      detail: { 'instance-id': InstanceId },
    });
  });

  it('pass their status checks some time after they run', async () => {
    const { InstanceId = '' } = await run(await ownImage(cloud));
    const status = async () => {
      const answer = await cloud
        .ec2()
        .send(new DescribeInstanceStatusCommand({ InstanceIds: [InstanceId], IncludeAllInstances: true }));
      return answer.InstanceStatuses?.[0];
    };
    // Checks begin when it runs: until then they are neither passed nor failed.
    expect((await status())?.InstanceStatus?.Status).not.toBe('ok');
    const passed = await cloud.until(async () => {
      const now = await status();
      return now?.InstanceStatus?.Status === 'ok' && now;
    });
    expect(passed.SystemStatus?.Status).toBe('ok');
  });

  it('start once per client token', async () => {
    const image = await ownImage(cloud);
    const first = await run(image, { ClientToken: 'one' });
    const again = await run(image, { ClientToken: 'one' });
    expect(again.InstanceId).toBe(first.InstanceId);
    expect(await catchCode(run(image, { ClientToken: 'one', InstanceType: 't3.small' }))).toBe(
      'IdempotentParameterMismatch',
    );
  });

  it('do not start from an image that one may not launch, that is disabled, or of another architecture', async () => {
    const image = await ownImage(cloud);
    expect(await catchCode(run(image, {}, TARGET))).toBe('InvalidAMIID.NotFound');
    await cloud
      .ec2()
      .send(
        new ModifyImageAttributeCommand({ ImageId: image, LaunchPermission: { Add: [{ UserId: TARGET }] } }),
      );
    expect(await catchCode(run(image, {}, TARGET))).toBe('none');
    expect(await catchCode(run(image, { InstanceType: 't4g.micro' }))).toBe('InvalidParameterValue');
    await cloud.ec2().send(new DisableImageCommand({ ImageId: image }));
    expect(await catchCode(run(image))).toBe('InvalidAMIID.Unavailable');
  });

  it('that cannot use their key are accepted and end as terminated with Client.InternalError', async () => {
    const key = `arn:aws:kms:${HOME}:${HUB}:key/12345678-1234-1234-1234-123456789012`;
    cloud.keys.set(key, customerKey(key, ['CreateGrant']));
    const { InstanceId } = await run(await ownImage(cloud, { kmsKeyArn: key }));
    const instance = await reaches(InstanceId, 'terminated');
    expect(instance.StateReason?.Code).toBe('Client.InternalError');
    cloud.keys.set(key, customerKey(key));
    await reaches((await run(await ownImage(cloud, { kmsKeyArn: key }))).InstanceId, 'running');
  });

  it('take required tokens from an image that supports IMDSv2, unless the request says otherwise', async () => {
    const image = await ownImage(cloud, { imdsSupport: 'v2.0' });
    expect((await run(image)).MetadataOptions).toMatchObject({
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 2,
    });
    const open = await run(image, { MetadataOptions: { HttpTokens: 'optional' } });
    expect(open.MetadataOptions?.HttpTokens).toBe('optional');
  });

  it('need every resource of a launch allowed, and the role of their profile passed', async () => {
    cloud.profiles.set('tests', `arn:aws:iam::${HUB}:role/tests`);
    const image = await ownImage(cloud, { tags: { managed: 'yes' } });
    cloud.asked.length = 0;
    const request = {
      IamInstanceProfile: { Name: 'tests' },
      MetadataOptions: { HttpTokens: 'required' as const },
      TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'bake', Value: '1' }] }],
    };
    const instance = await run(image, request);
    expect(instance.IamInstanceProfile?.Arn).toBe(`arn:aws:iam::${HUB}:instance-profile/tests`);
    const kinds = cloud.asked.map(
      ({ action, resource }) => `${action} ${resource.split(':')[5]?.split('/')[0]}`,
    );
    expect(kinds).toEqual([
      'ec2:RunInstances image',
      'ec2:RunInstances instance',
      'ec2:RunInstances network-interface',
      'ec2:RunInstances security-group',
      'ec2:RunInstances subnet',
      'ec2:RunInstances volume',
      'ec2:CreateTags instance',
      'iam:PassRole role',
    ]);
    const [ofImage, ofInstance] = cloud.asked;
    expect(ofImage?.context).toMatchObject({ 'aws:ResourceTag/managed': 'yes' });
    expect(ofInstance?.context).toMatchObject({
      'aws:RequestTag/bake': '1',
      'ec2:MetadataHttpTokens': 'required',
    });
    cloud.denied.add('iam:PassRole');
    expect(await catchCode(run(image, request))).toBe('UnauthorizedOperation');
    expect(await catchCode(run(image, { IamInstanceProfile: { Name: 'unknown' } }))).toBe(
      'InvalidParameterValue',
    );
  });

  it('take what the request leaves out from a launch template', async () => {
    const image = await ownImage(cloud);
    cloud.parameters.set(`${HOME}/golden/web`, image);
    await cloud.ec2().send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: 'web',
        LaunchTemplateData: {
          ImageId: 'resolve:ssm:/golden/web',
          InstanceType: 't3.small',
          MetadataOptions: { HttpTokens: 'required' },
          TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'from', Value: 'template' }] }],
        },
      }),
    );
    const instance = await run(undefined, {
      LaunchTemplate: { LaunchTemplateName: 'web' },
      InstanceType: 't3.large',
    });
    expect(instance).toMatchObject({ ImageId: image, InstanceType: 't3.large' });
    expect(instance.MetadataOptions?.HttpTokens).toBe('required');
    expect(instance.Tags).toContainEqual({ Key: 'from', Value: 'template' });
  });

  it('can be found by tag and state, and their volumes by instance', async () => {
    const image = await ownImage(cloud, { volumes: 2 });
    const TagSpecifications = [{ ResourceType: 'instance' as const, Tags: [{ Key: 'bake', Value: '7' }] }];
    const { InstanceId = '' } = await run(image, { TagSpecifications });
    await run(image);
    const { Reservations = [] } = await cloud.ec2().send(
      new DescribeInstancesCommand({
        Filters: [
          { Name: 'tag:bake', Values: ['7'] },
          { Name: 'instance-state-name', Values: ['pending', 'running'] },
        ],
      }),
    );
    expect(Reservations.flatMap(({ Instances = [] }) => Instances.map((one) => one.InstanceId))).toEqual([
      InstanceId,
    ]);
    const { Volumes } = await cloud
      .ec2()
      .send(
        new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [InstanceId] }] }),
      );
    expect(Volumes).toHaveLength(2);
    const { ImageReferences = [] } = await cloud
      .ec2()
      .send(new DescribeImageReferencesCommand({ ImageIds: [image] }));
    expect(ImageReferences.map(({ ResourceType }) => ResourceType)).toEqual(['ec2:Instance', 'ec2:Instance']);
  });

  it('become images with all their volumes', async () => {
    const { InstanceId = '' } = await run(await ownImage(cloud, { volumes: 2 }));
    await reaches(InstanceId, 'running');
    const { ImageId = '' } = await cloud
      .ec2()
      .send(new CreateImageCommand({ InstanceId, Name: 'from instance' }));
    const image = await waitForState(cloud, ImageId, 'available');
    expect(image.BlockDeviceMappings).toHaveLength(2);
    expect(image.SourceInstanceId).toBe(InstanceId);
    const abroad = new CopyImageCommand({ Name: 'copy', SourceImageId: ImageId, SourceRegion: HOME });
    expect(await catchCode(cloud.ec2(HUB, 'us-east-1').send(abroad))).toBe('none');
  });

  it('fail to start as a scenario declared', async () => {
    const image = await ownImage(cloud);
    await cloud.control('fail-launch', {});
    expect(await catchCode(run(image))).toBe('InsufficientInstanceCapacity');
    await cloud.control('fail-launch', {
      mode: 'terminate',
      code: 'Server.InternalError',
      reason: 'broken host',
    });
    const instance = await reaches((await run(image)).InstanceId, 'terminated');
    expect(instance.StateReason).toEqual({ Code: 'Server.InternalError', Message: 'broken host' });
  });

  it('that do not exist are told apart from malformed ids', async () => {
    expect(await catchCode(read('i-00000000000000000'))).toBe('InvalidInstanceID.NotFound');
    expect(await catchCode(read('banana'))).toBe('InvalidInstanceID.Malformed');
  });

  it('live in a default network that every account and region has', async () => {
    const { Vpcs = [] } = await cloud
      .ec2()
      .send(new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['true'] }] }));
    const VpcId = Vpcs[0]?.VpcId ?? '';
    const { Subnets } = await cloud
      .ec2()
      .send(new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: [VpcId] }] }));
    expect(Subnets).toHaveLength(3);
    const { GroupId = '' } = await cloud
      .ec2()
      .send(new CreateSecurityGroupCommand({ GroupName: 'tests', Description: 'tests', VpcId }));
    const instance = await run(await ownImage(cloud), { SecurityGroupIds: [GroupId] });
    expect(instance.SecurityGroups).toEqual([{ GroupId, GroupName: 'tests' }]);
    expect(await catchCode(cloud.ec2().send(new DeleteSecurityGroupCommand({ GroupId })))).toBe(
      'DependencyViolation',
    );
    const { SecurityGroups = [] } = await cloud.ec2().send(new DescribeSecurityGroupsCommand({}));
    expect(SecurityGroups.map(({ GroupName }) => GroupName).sort()).toEqual(['default', 'tests']);
    const { Regions = [] } = await cloud.ec2().send(new DescribeRegionsCommand({}));
    expect(Regions.map(({ RegionName }) => RegionName)).toContain(HOME);
  });

  it('have types with their architectures', async () => {
    const { InstanceTypes = [] } = await cloud
      .ec2()
      .send(new DescribeInstanceTypesCommand({ InstanceTypes: ['m7g.large'] }));
    expect(InstanceTypes[0]?.ProcessorInfo?.SupportedArchitectures).toEqual(['arm64']);
  });
});

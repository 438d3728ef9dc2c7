import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { SendTaskFailureCommand, SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { ec2TestInstances } from '../../../shared/adapters/ec2-test-instances.ts';
import { sfnTaskTokens } from '../../../shared/adapters/sfn-task-tokens.ts';
import { ssmCommands } from '../../../shared/adapters/ssm-commands.ts';

const ec2 = mockClient(EC2Client);
const ssm = mockClient(SSMClient);
const sfn = mockClient(SFNClient);
beforeEach(() => {
  ec2.reset();
  ssm.reset();
  sfn.reset();
});

const instances = ec2TestInstances({
  ec2: new EC2Client({ region: 'eu-west-1' }),
  ssm: new SSMClient({ region: 'eu-west-1' }),
  network: { subnets: ['subnet-1', 'subnet-2'], securityGroupId: 'sg-1', instanceProfile: 'test' },
});
const commands = ssmCommands(new SSMClient({ region: 'eu-west-1' }));
const tokens = sfnTaskTokens(new SFNClient({ region: 'eu-west-1' }));

function named(name: string): Error {
  return Object.assign(new Error(`${name}: no`), { name });
}

describe('test instances', () => {
  const launch = {
    clientToken: 'c'.repeat(64),
    imageId: 'ami-1',
    instanceTypes: ['t3.small', 't3a.small'],
    placement: {},
    placing: 0,
    tags: { a: 'b' },
  };

  it('have no way in, IMDSv2 alone, and tags from their first moment', async () => {
    ec2.on(RunInstancesCommand).resolves({ Instances: [{ InstanceId: 'i-1' }] });

    expect(await instances.launch(launch)).toEqual({ instance: 'i-1', placements: 4 });

    expect(ec2.commandCalls(RunInstancesCommand)[0]?.args[0].input).toMatchObject({
      ClientToken: launch.clientToken,
      MinCount: 1,
      MaxCount: 1,
      SecurityGroupIds: ['sg-1'],
      IamInstanceProfile: { Name: 'test' },
      MetadataOptions: { HttpTokens: 'required' },
      TagSpecifications: [
        { ResourceType: 'instance', Tags: [{ Key: 'a', Value: 'b' }] },
        { ResourceType: 'volume', Tags: [{ Key: 'a', Value: 'b' }] },
        { ResourceType: 'network-interface', Tags: [{ Key: 'a', Value: 'b' }] },
      ],
    });
  });

  it('run where and as what the installation says, each type in each subnet in turn', async () => {
    ec2.on(RunInstancesCommand).resolves({ Instances: [{ InstanceId: 'i-1' }] });

    for (const placing of [0, 1, 2, 3, 4]) await instances.launch({ ...launch, placing });

    expect(
      ec2
        .commandCalls(RunInstancesCommand)
        .map(({ args }) => [args[0].input.InstanceType, args[0].input.SubnetId]),
    ).toEqual([
      ['t3.small', 'subnet-1'],
      ['t3.small', 'subnet-2'],
      ['t3a.small', 'subnet-1'],
      ['t3a.small', 'subnet-2'],
      ['t3.small', 'subnet-1'],
    ]);
  });

  it('run where and as what the definition says', async () => {
    ec2.on(RunInstancesCommand).resolves({ Instances: [{ InstanceId: 'i-1' }] });
    const placement = { subnets: ['subnet-9'], securityGroups: ['sg-8', 'sg-9'], instanceProfile: 'own' };

    expect(await instances.launch({ ...launch, placement, hopLimit: 2 })).toEqual({
      instance: 'i-1',
      placements: 2,
    });

    expect(ec2.commandCalls(RunInstancesCommand)[0]?.args[0].input).toMatchObject({
      SubnetId: 'subnet-9',
      SecurityGroupIds: ['sg-8', 'sg-9'],
      IamInstanceProfile: { Name: 'own' },
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
    });
  });

  it.each([
    ['InsufficientInstanceCapacity', false],
    ['InsufficientFreeAddressesInSubnet', false],
    ['VcpuLimitExceeded', false],
    ['InstanceLimitExceeded', false],
    ['Unsupported', true],
  ])('tell a want of room as data: %s', async (error, isLasting) => {
    ec2.on(RunInstancesCommand).rejects(named(error));

    expect(await instances.launch(launch)).toEqual({
      shortage: { reason: `t3.small in subnet-1: ${error}: ${error}: no`, isLasting },
      placements: 4,
    });
  });

  it('that end for want of room after they have started are told from others', async () => {
    const answerWith = (Code: string) =>
      ec2.on(DescribeInstancesCommand).resolves({
        Reservations: [
          { Instances: [{ State: { Name: 'terminated' }, StateReason: { Code, Message: 'It ended.' } }] },
        ],
      });

    answerWith('Server.InsufficientInstanceCapacity');
    expect(await instances.status('i-1')).toMatchObject({ state: 'gone', isShortage: true });
    answerWith('Client.InternalError');
    expect(await instances.status('i-1')).toMatchObject({ state: 'gone', isShortage: false });
  });

  it.each(['RequestLimitExceeded', 'InternalError'])('are tried later on %s', async (error) => {
    ec2.on(RunInstancesCommand).rejects(named(error));

    await expect(instances.launch(launch)).rejects.toMatchObject({ name: 'TryLater' });
  });

  it.each([
    ['pending', undefined, 'starting'],
    ['running', undefined, 'starting'],
    ['running', 'ConnectionLost', 'starting'],
    ['running', 'Online', 'ready'],
    ['shutting-down', undefined, 'gone'],
    ['terminated', 'Online', 'gone'],
  ] as const)('%s with the agent %s is %s', async (state, ping, expected) => {
    ec2
      .on(DescribeInstancesCommand)
      .resolves({ Reservations: [{ Instances: [{ InstanceId: 'i-1', State: { Name: state } }] }] });
    ssm.on(DescribeInstanceInformationCommand).resolves({
      InstanceInformationList: ping === undefined ? [] : [{ InstanceId: 'i-1', PingStatus: ping }],
    });

    expect((await instances.status('i-1')).state).toBe(expected);
  });

  it('are starting while EC2 does not show them yet', async () => {
    ec2.on(DescribeInstancesCommand).rejects(named('InvalidInstanceID.NotFound'));

    expect(await instances.status('i-1')).toEqual({ state: 'starting' });
  });

  it('are all terminated though one is gone already', async () => {
    ec2
      .on(DescribeInstancesCommand)
      .resolves({ Reservations: [{ Instances: [{ State: { Name: 'running' } }] }] });
    ec2.on(TerminateInstancesCommand, { InstanceIds: ['i-1'] }).rejects(named('InvalidInstanceID.NotFound'));
    ec2.on(TerminateInstancesCommand, { InstanceIds: ['i-2'] }).resolves({});

    await instances.terminate(['i-1', 'i-2']);

    expect(ec2.commandCalls(TerminateInstancesCommand)).toHaveLength(2);
  });

  it('are not asked to end when they are forgotten, which a right that ends at a tag would not be told', async () => {
    ec2.on(DescribeInstancesCommand).rejects(named('InvalidInstanceID.NotFound'));
    ec2.on(TerminateInstancesCommand).rejects(named('UnauthorizedOperation'));

    await instances.terminate(['i-1']);

    expect(ec2.commandCalls(TerminateInstancesCommand)).toEqual([]);
  });

  it('are found by bake and attempt on every page, ended ones left out', async () => {
    ec2
      .on(DescribeInstancesCommand)
      .resolvesOnce({ Reservations: [{ Instances: [{ InstanceId: 'i-1' }] }], NextToken: 'more' })
      .resolves({ Reservations: [{ Instances: [{ InstanceId: 'i-2' }] }] });

    expect(await instances.findByBake('B', 2)).toEqual(['i-1', 'i-2']);

    const filters = ec2.commandCalls(DescribeInstancesCommand)[0]?.args[0].input.Filters;
    expect(filters).toContainEqual({ Name: 'tag:ovenbird:attempt', Values: ['2'] });
    expect(filters?.find(({ Name }) => Name === 'instance-state-name')?.Values).not.toContain('terminated');
  });
});

describe('commands', () => {
  it('run the script with its own time-out', async () => {
    ssm.on(SendCommandCommand).resolves({ Command: { CommandId: 'command-1' } });

    const sent = await commands.send({
      instance: 'i-1',
      script: 'true',
      timeoutSeconds: 60,
      comment: 'web boots',
    });

    expect(sent).toEqual({ command: 'command-1' });
    expect(ssm.commandCalls(SendCommandCommand)[0]?.args[0].input).toMatchObject({
      DocumentName: 'AWS-RunShellScript',
      Parameters: { commands: ['true'], executionTimeout: ['60'] },
    });
  });

  it('are tried later while the agent is not known', async () => {
    ssm.on(SendCommandCommand).rejects(named('InvalidInstanceId'));
    const send = commands.send({ instance: 'i-1', script: 'true', timeoutSeconds: 60, comment: '' });

    await expect(send).rejects.toMatchObject({ name: 'TryLater' });
  });

  it.each([
    ['Pending', 'running', undefined],
    ['InProgress', 'running', undefined],
    ['Delayed', 'running', undefined],
    ['Cancelling', 'running', undefined],
    ['Success', 'ended', 'passed'],
    ['Failed', 'ended', 'failed'],
    ['Cancelled', 'ended', 'failed'],
    ['TimedOut', 'ended', 'timed-out'],
  ] as const)('%s means %s %s', async (Status, state, status) => {
    ssm.on(GetCommandInvocationCommand).resolves({ Status, ResponseCode: 3, StandardOutputContent: 'out' });

    expect(await commands.status('command-1', 'i-1')).toMatchObject({
      state,
      ...(status === undefined ? {} : { status, exitCode: 3, stdout: 'out' }),
    });
  });

  it('run while their invocation is not visible yet', async () => {
    ssm.on(GetCommandInvocationCommand).rejects(named('InvocationDoesNotExist'));

    expect(await commands.status('command-1', 'i-1')).toEqual({ state: 'running' });
  });
});

describe('task tokens', () => {
  it('hand on output and error', async () => {
    sfn.on(SendTaskSuccessCommand).resolves({});
    sfn.on(SendTaskFailureCommand).resolves({});

    expect(await tokens.succeed('t', { a: 1 })).toBe('delivered');
    expect(await tokens.fail('t', 'BuildFailed', 'x'.repeat(40_000))).toBe('delivered');

    expect(sfn.commandCalls(SendTaskSuccessCommand)[0]?.args[0].input.output).toBe('{"a":1}');
    expect(sfn.commandCalls(SendTaskFailureCommand)[0]?.args[0].input.cause).toHaveLength(32_768);
  });

  it.each(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])('are closed on %s', async (error) => {
    sfn.on(SendTaskSuccessCommand).rejects(named(error));

    expect(await tokens.succeed('t', {})).toBe('closed');
  });

  it('are tried again when Step Functions has no time', async () => {
    sfn.on(SendTaskSuccessCommand).rejects(named('ThrottlingException'));

    await expect(tokens.succeed('t', {})).rejects.toMatchObject({ name: 'TryLater' });
  });
});

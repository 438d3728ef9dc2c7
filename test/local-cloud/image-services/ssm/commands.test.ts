import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
} from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { account, baseParameter, eventually, type ImageServiceServer, region, serve } from '../serve.ts';

let served: ImageServiceServer;
beforeEach(async () => {
  served = await serve();
});
afterEach(() => served.close());

const launch = async (profile = true, base: Record<string, unknown> = {}): Promise<string> => {
  await served.control('publish-base', {
    parameter: baseParameter,
    name: `base-${served.parameters.size}`,
    regions: [region],
    ...base,
  });
  const { id } = await served.services.ec2.launchFor({
    account,
    region,
    principalArn: `arn:aws:iam::${account}:root`,
    imageId: served.parameters.get(`${region} ${baseParameter}`) ?? '',
    instanceType: 'm5.large',
    tags: { 'ovenbird:pipeline': 'base-al2023' },
    instanceProfileArn: profile ? `arn:aws:iam::${account}:instance-profile/tester` : undefined,
  });
  return id;
};

const online = async (): Promise<string[]> => {
  const { InstanceInformationList = [] } = await served.ssm.send(new DescribeInstanceInformationCommand({}));
  return InstanceInformationList.filter((entry) => entry.PingStatus === 'Online').map(
    (entry) => entry.InstanceId ?? '',
  );
};

const launchOnline = async (base: Record<string, unknown> = {}): Promise<string> => {
  const id = await launch(true, base);
  return eventually(`${id} to be online`, async () => ((await online()).includes(id) ? id : undefined));
};

const send = async (instanceId: string, more: Partial<SendCommandCommandInput> = {}) => {
  const { Command } = await served.ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [instanceId],
      Comment: 'suite smoke',
      Parameters: { commands: ['/opt/run-tests'], executionTimeout: ['600'] },
      ...more,
    }),
  );
  return Command?.CommandId ?? '';
};

const outcome = (CommandId: string, InstanceId: string) =>
  eventually(`command ${CommandId} to end`, async () => {
    const result = await served.ssm
      .send(new GetCommandInvocationCommand({ CommandId, InstanceId }))
      .catch((error: Error) => {
        if (error.name === 'InvocationDoesNotExist') return undefined;
        throw error;
      });
    return result === undefined || ['Pending', 'InProgress', 'Cancelling'].includes(result.Status ?? '')
      ? undefined
      : result;
  });

const failure = (name: string) => expect.objectContaining({ name });

describe('managed instances', () => {
  it('come online some seconds after they run, and only with an instance profile', async () => {
    const without = await launch(false);
    const id = await launchOnline();
    expect(await online()).toEqual([id]);
    await expect(send(without)).rejects.toThrow(failure('InvalidInstanceId'));
  });

  it('never come online from an image without the agent', async () => {
    const without = await launch(true, { agent: false });
    const id = await launchOnline();
    expect(await online()).toEqual([id]);
    await expect(send(without)).rejects.toThrow(failure('InvalidInstanceId'));
  });

  it('are those alone whose role lets the agent register', async () => {
    served.deniedToRoles.add('ssm:UpdateInstanceInformation');
    const id = await launch();
    await eventually(`${id} to pass its checks`, () =>
      served.services.ec2.findInstance(id, account, region)?.checksOkAt === undefined ? undefined : true,
    );
    expect(await online()).toEqual([]);
    await expect(send(id)).rejects.toThrow(failure('InvalidInstanceId'));

    served.deniedToRoles.clear();
    await eventually(`${id} to be online`, async () => ((await online()).includes(id) ? id : undefined));
  });

  it('get no command whose agents may not fetch them', async () => {
    served.deniedToRoles.add('ssmmessages:OpenControlChannel');
    const id = await launchOnline();
    await served.control('declare-command', { match: {}, status: 'Success' });
    // The older queue is left.
    expect(await outcome(await send(id), id)).toMatchObject({ Status: 'Success' });

    served.deniedToRoles.add('ec2messages:GetMessages');
    expect(await outcome(await send(id, { TimeoutSeconds: 30 }), id)).toMatchObject({
      Status: 'TimedOut',
      StatusDetails: 'DeliveryTimedOut',
    });
  });

  it('are gone when they are terminated', async () => {
    const id = await launchOnline();
    served.services.ec2.terminateFor(id, account, region);
    await eventually('no instance to be online', async () =>
      (await online()).length === 0 ? true : undefined,
    );
    await expect(send(id)).rejects.toThrow(failure('InvalidInstanceId'));
  });
});

describe('a command', () => {
  it('answers as declared for the pipeline of its instance', async () => {
    const id = await launchOnline();
    await served.control('declare-command', {
      match: { pipelineTag: 'base-al2023', suite: 'smoke' },
      status: 'Success',
      stdout: '3 passed',
    });
    const command = await send(id);
    expect(await outcome(command, id)).toMatchObject({
      Status: 'Success',
      StatusDetails: 'Success',
      ResponseCode: 0,
      StandardOutputContent: '3 passed',
      PluginName: 'aws:runShellScript',
    });
  });

  it('for a shell fails on Windows, whatever was declared', async () => {
    await served.control('declare-command', { match: {}, status: 'Success' });
    const id = await launch(true, { platformDetails: 'Windows' });
    await eventually('it to be online', async () => ((await online()).includes(id) ? id : undefined));
    expect(await outcome(await send(id), id)).toMatchObject({
      Status: 'Failed',
      StatusDetails: 'InvalidPlatform',
    });
  });

  it('fails with its exit code and what it wrote, once if it was declared for once', async () => {
    const id = await launchOnline();
    await served.control('declare-command', { match: {}, status: 'Success', stdout: 'fine' });
    await served.control('declare-command', {
      match: { contains: 'run-tests' },
      status: 'Failed',
      stderr: 'port 22 is open',
      exitCode: 7,
      times: 1,
    });
    expect(await outcome(await send(id), id)).toMatchObject({
      Status: 'Failed',
      ResponseCode: 7,
      StandardErrorContent: 'port 22 is open',
    });
    expect(await outcome(await send(id), id)).toMatchObject({ Status: 'Success' });
  });

  it('times out after its execution time-out when nothing was declared', async () => {
    const id = await launchOnline();
    await served.control('declare-command', { match: { suite: 'boot' }, status: 'Success' });
    const command = await send(id, { Comment: 'suite reboot' });
    expect(await outcome(command, id)).toMatchObject({
      Status: 'TimedOut',
      StatusDetails: 'ExecutionTimedOut',
    });
  });

  it.each([
    [
      'rpm',
      `rpm -qa --qf '%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\n' | head -n 1`,
      'nginx 1:1.28.0-1\n',
    ],
    ['deb', `dpkg-query --show --showformat='\${Package} \${Version}\\n' | grep nginx`, 'nginx 1:1.28.0-1\n'],
  ] as const)(
    'that asks for packages is answered by what the image holds: %s',
    async (type, script, stdout) => {
      const id = await launchOnline({ inventory: [{ name: 'nginx', version: '1:1.28.0-1', type }] });
      // An answer for whatever is run stands for suites.
      await served.control('declare-command', { match: {}, status: 'Success', stdout: 'fine' });

      const parameters = { commands: [script], executionTimeout: ['60'] };
      expect(await outcome(await send(id, { Parameters: parameters }), id)).toMatchObject({
        Status: 'Success',
        StandardOutputContent: stdout,
      });
      await served.control('declare-command', { match: { suite: 'smoke' }, status: 'Failed', exitCode: 9 });
      expect(await outcome(await send(id, { Parameters: parameters }), id)).toMatchObject({
        ResponseCode: 9,
      });
    },
  );

  it('that asks for packages starts nothing and writes nothing here', async () => {
    const id = await launchOnline();
    const script = 'rpm -qa; echo x > /tmp/written-by-a-suite; /bin/ls; node -v; kill -0 1; exec sh';
    const { ResponseCode, StandardErrorContent } = await outcome(
      await send(id, { Parameters: { commands: [script], executionTimeout: ['60'] } }),
      id,
    );
    expect(ResponseCode).not.toBe(0);
    for (const said of [
      'cannot redirect output',
      'cannot specify `/',
      'node: command not found',
      'kill: command not found',
    ])
      expect(StandardErrorContent).toContain(said);
  });

  it('is not known right after it was sent', async () => {
    await served.close();
    served = await serve({ timings: { commandVisible: 3000 } });
    const id = await launchOnline();
    const command = await send(id);
    await expect(
      served.ssm.send(new GetCommandInvocationCommand({ CommandId: command, InstanceId: id })),
    ).rejects.toThrow(failure('InvocationDoesNotExist'));
  });

  it('tells EventBridge of each state, by command and by instance', async () => {
    const id = await launchOnline();
    await served.control('declare-command', { match: {}, status: 'Success' });
    const command = await send(id);
    await outcome(command, id);
    const told = served.events.filter(({ source }) => source === 'aws.ssm');
    expect(told.map(({ detailType, detail }) => [detailType, detail.status])).toEqual([
      ['EC2 Command Invocation Status-change Notification', 'InProgress'],
      ['EC2 Command Status-change Notification', 'InProgress'],
      ['EC2 Command Invocation Status-change Notification', 'Success'],
      ['EC2 Command Status-change Notification', 'Success'],
    ]);
    expect(told[2]).toMatchObject({
      account,
      region,
      resources: [`arn:aws:ec2:${region}:${account}:instance/${id}`],
      detail: { 'command-id': command, 'document-name': 'AWS-RunShellScript', 'instance-id': id },
    });
  });

  it('is cancelled', async () => {
    await served.close();
    served = await serve({ timings: { command: 100_000 } });
    const id = await launchOnline();
    await served.control('declare-command', { match: {}, status: 'Success' });
    const command = await send(id, { Parameters: { commands: ['sleep'], executionTimeout: ['172800'] } });
    await served.ssm.send(new CancelCommandCommand({ CommandId: command }));
    expect(await outcome(command, id)).toMatchObject({ Status: 'Cancelled' });
  });

  it('shows in the lists, with its output when details are asked for', async () => {
    const id = await launchOnline();
    await served.control('declare-command', { match: {}, status: 'Failed', stderr: 'no', exitCode: 2 });
    const command = await send(id);
    await outcome(command, id);
    const { Commands = [] } = await served.ssm.send(new ListCommandsCommand({ CommandId: command }));
    expect(Commands[0]).toMatchObject({ Status: 'Failed', TargetCount: 1, CompletedCount: 1, ErrorCount: 1 });
    const { CommandInvocations = [] } = await served.ssm.send(
      new ListCommandInvocationsCommand({ CommandId: command, Details: true }),
    );
    expect(CommandInvocations[0]?.CommandPlugins?.[0]).toMatchObject({ Status: 'Failed', ResponseCode: 2 });
  });

  it('reaches instances by their tags', async () => {
    const id = await launchOnline();
    await served.control('declare-command', { match: {}, status: 'Success' });
    const { Command } = await served.ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        Targets: [{ Key: 'tag:ovenbird:pipeline', Values: ['base-al2023'] }],
        Parameters: { commands: ['date'] },
      }),
    );
    expect(await outcome(Command?.CommandId ?? '', id)).toMatchObject({ Status: 'Success' });
  });

  it.each([
    [{ DocumentName: 'AWS-RunAnsiblePlaybook' }, 'InvalidDocument'],
    [{ Parameters: { commands: ['x'], colour: ['red'] } }, 'InvalidParameters'],
    [{ Parameters: { commands: ['x'], executionTimeout: ['0'] } }, 'InvalidParameters'],
    [{ TimeoutSeconds: 29 }, 'ValidationException'],
  ])('is refused with %j', async (change, name) => {
    const id = await launchOnline();
    await expect(send(id, change)).rejects.toThrow(failure(name));
  });

  it('needs the document and the instance, with its tags as condition keys', async () => {
    const id = await launchOnline();
    served.asked.length = 0;
    await send(id);
    expect(served.asked).toEqual([
      {
        action: 'ssm:SendCommand',
        resource: `arn:aws:ssm:${region}::document/AWS-RunShellScript`,
        context: {},
      },
      {
        action: 'ssm:SendCommand',
        resource: `arn:aws:ec2:${region}:${account}:instance/${id}`,
        context: expect.objectContaining({ 'ssm:resourceTag/ovenbird:pipeline': 'base-al2023' }),
      },
    ]);
  });
});

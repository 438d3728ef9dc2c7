import {
  CreateEventBusCommand,
  DescribeEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutPermissionCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { account, region } from '../account.ts';

import { makeQueue, type Probes, queueArn, receive } from './context.ts';

export const eventProbes: Probes = {
  async parameter_changes_are_events(context) {
    const queue = await makeQueue(context, 'parameters');
    const pattern = { source: ['aws.ssm'], detail: { name: ['/golden/text'] } };
    await context.events.send(
      new PutRuleCommand({ Name: 'parameters', EventPattern: JSON.stringify(pattern) }),
    );
    const targets = [{ Id: 'queue', Arn: queueArn('parameters') }];
    await context.events.send(new PutTargetsCommand({ Rule: 'parameters', Targets: targets }));
    const ssm = new SSMClient(context.cloud.clientConfig());
    await ssm.send(new PutParameterCommand({ Name: '/golden/text', Value: 'x', Type: 'String' }));
    const created = JSON.parse((await receive(context, queue, 2)) ?? '{}').detail?.operation;
    await ssm.send(new DeleteParameterCommand({ Name: '/golden/text' }));
    const deleted = JSON.parse((await receive(context, queue, 2)) ?? '{}').detail?.operation;
    return created === 'Create' && deleted === 'Delete';
  },

  async tags_need_a_parameter({ cloud }) {
    const ssm = new SSMClient(cloud.clientConfig());
    const tagging = ssm.send(
      new AddTagsToResourceCommand({
        ResourceType: 'Parameter',
        ResourceId: '/golden/nowhere',
        Tags: [{ Key: 'team', Value: 'shop' }],
      }),
    );
    return tagging.then(
      () => false,
      (error: unknown) => error instanceof Error && error.name === 'InvalidResourceId',
    );
  },

  async public_parameters_are_seeded({ cloud }) {
    const name = '/aws/service/ami-amazon-linux-latest/probe';
    await cloud.control.imageServices('publish-base', {
      parameter: name,
      name: 'probe-2026',
      architecture: 'arm64',
      regions: [region],
      inventory: [],
    });
    const ssm = new SSMClient(cloud.clientConfig());
    const { Parameters } = await ssm.send(new GetParametersCommand({ Names: [name] }));
    return Parameters?.[0]?.ARN === `arn:aws:ssm:${region}::parameter${name}`;
  },

  async rules_reach_other_buses(context) {
    const queue = await makeQueue(context, 'forwarded');
    const { events, cloud } = context;
    await events.send(new CreateEventBusCommand({ Name: 'hub' }));
    const permission = { EventBusName: 'hub', StatementId: 'member', Principal: '444455556666' };
    await events.send(new PutPermissionCommand({ ...permission, Action: 'events:PutEvents' }));
    const pattern = { Name: 'forwarded', EventPattern: JSON.stringify({ source: ['probe'] }) };
    await events.send(new PutRuleCommand({ ...pattern, EventBusName: 'hub' }));
    const toQueue = [{ Id: 'queue', Arn: queueArn('forwarded') }];
    await events.send(new PutTargetsCommand({ Rule: 'forwarded', EventBusName: 'hub', Targets: toQueue }));

    const member = new EventBridgeClient(cloud.clientConfig('444455556666', 'us-east-1'));
    await member.send(new PutRuleCommand(pattern));
    const hub = `arn:aws:events:${region}:${account}:event-bus/hub`;
    const toHub = [{ Id: 'hub', Arn: hub, RoleArn: 'arn:aws:iam::444455556666:role/forward' }];
    await member.send(new PutTargetsCommand({ Rule: 'forwarded', Targets: toHub }));
    await member.send(
      new PutEventsCommand({ Entries: [{ Source: 'probe', DetailType: 'x', Detail: '{}' }] }),
    );
    const event = JSON.parse((await receive(context, queue, 2)) ?? '{}');
    return event.account === '444455556666' && event.region === 'us-east-1';
  },

  async buses_take_whole_policies({ events }) {
    await events.send(new CreateEventBusCommand({ Name: 'guarded' }));
    const statement = {
      Sid: 'own',
      Effect: 'Allow',
      Principal: '*',
      Action: 'events:PutEvents',
      Resource: '*',
    };
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await events.send(new PutPermissionCommand({ EventBusName: 'guarded', Policy: policy }));
    const { Policy } = await events.send(new DescribeEventBusCommand({ Name: 'guarded' }));
    return JSON.parse(Policy ?? '{}').Statement?.[0]?.Sid === 'own';
  },
};

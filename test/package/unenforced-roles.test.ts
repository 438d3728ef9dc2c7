/**
 * The local cloud does not enforce the roles of state machines and schedules, nor who may write to a queue. What they do follows from the
 * template, so it is derived here and put to the policies: everything that is needed is allowed, and nothing else is granted.
 */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { PolicySchema, type SimulatedCall, type Statement, simulate } from '../support/simulate-policy.ts';
import { listResources, resolved, stackContext, template } from './packaged.ts';

const RoleSchema = z.looseObject({
  Policies: z.array(z.object({ PolicyName: z.string(), PolicyDocument: PolicySchema })).default([]),
});

function readPolicies(roleArn: unknown) {
  const found = listResources('AWS::IAM::Role').find(
    ({ id }) => resolved({ 'Fn::GetAtt': [id, 'Arn'] }) === roleArn,
  );
  return RoleSchema.parse(found?.properties).Policies.map(({ PolicyDocument }) => PolicyDocument);
}

const StateSchema: z.ZodType<State> = z.lazy(() =>
  z.looseObject({
    Type: z.string(),
    Resource: z.string().optional(),
    Arguments: z.looseObject({}).optional(),
    ItemProcessor: z.looseObject({ States: z.record(z.string(), StateSchema) }).optional(),
    Branches: z.array(z.looseObject({ States: z.record(z.string(), StateSchema) })).optional(),
  }),
);
interface State {
  readonly [key: string]: unknown;
  readonly Type: string;
  readonly Resource?: string | undefined;
  readonly Arguments?: Readonly<Record<string, unknown>> | undefined;
  readonly ItemProcessor?: { readonly States: Readonly<Record<string, State>> } | undefined;
  readonly Branches?: readonly { readonly States: Readonly<Record<string, State>> }[] | undefined;
}
const DefinitionSchema = z.looseObject({ States: z.record(z.string(), StateSchema) });

function listTasks(states: Readonly<Record<string, State>>): State[] {
  return Object.values(states).flatMap((state) => [
    ...(state.Type === 'Task' ? [state] : []),
    ...(state.ItemProcessor === undefined ? [] : listTasks(state.ItemProcessor.States)),
    ...(state.Branches ?? []).flatMap(({ States }) => listTasks(States)),
  ]);
}

/** The rule by which Step Functions hears that a nested execution ended (step-functions/dg/connect-stepfunctions, IAM). */
const NESTED_RULE = `arn:aws:events:${stackContext.region}:${stackContext.account}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule`;

function listCalls(task: State): SimulatedCall[] {
  const resource = task.Resource ?? '';
  const argument = (name: string) => String(task.Arguments?.[name] ?? '');
  if (resource.startsWith('arn:aws:states:::lambda:invoke')) {
    return [{ action: 'lambda:InvokeFunction', resource: argument('FunctionName') }];
  }
  if (resource.startsWith('arn:aws:states:::states:startExecution')) {
    const machine = argument('StateMachineArn');
    const execution = `${machine.replace(':stateMachine:', ':execution:')}:any`;
    return [
      { action: 'states:StartExecution', resource: machine },
      ...(resource.includes('.sync')
        ? [
            { action: 'states:DescribeExecution', resource: execution },
            { action: 'states:StopExecution', resource: execution },
            ...['events:PutTargets', 'events:PutRule', 'events:DescribeRule'].map((action) => ({
              action,
              resource: NESTED_RULE,
            })),
          ]
        : []),
    ];
  }
  throw new Error(`This test does not know what ${resource} calls; teach it.`);
}

/** Needed by logging and tracing, whatever the states do. */
const TELEMETRY = ['DeliverLogs', 'SendTraces'];

const machines = listResources('AWS::StepFunctions::StateMachine').map(({ id, properties }) => {
  const { States } = DefinitionSchema.parse(JSON.parse(String(properties.DefinitionString)));
  return {
    id,
    policies: readPolicies(properties.RoleArn),
    calls: listTasks(States).flatMap(listCalls),
  };
});

describe('the role of every state machine', () => {
  it('allows each call of its states', () => {
    const denied = machines.flatMap(({ id, policies, calls }) =>
      calls
        .filter((call) => !simulate(policies, call).allowed)
        .map(({ action, resource }) => `${id}: ${action} on ${resource}`),
    );

    expect(machines.flatMap(({ calls }) => calls).length).toBeGreaterThan(10);
    expect(denied).toEqual([]);
  });

  it('has no statement, action or resource that no state needs', () => {
    const idle = machines.flatMap(({ id, policies, calls }) =>
      policies
        .flatMap((policy) => policy.Statement)
        .filter(({ Sid = '' }) => !TELEMETRY.includes(Sid))
        .flatMap((statement) => idleParts(statement, calls).map((part) => `${id}/${statement.Sid}: ${part}`)),
    );

    expect(idle).toEqual([]);
  });
});

/** Actions and resources of a statement without which every call would still be allowed by it. */
function idleParts(statement: Statement, calls: readonly SimulatedCall[]): string[] {
  const allows = (narrowed: Statement) =>
    calls.some((call) => simulate([{ Statement: [narrowed] }], call).allowed);
  return [
    ...statement.Action.filter((action) => !allows({ ...statement, Action: [action] })),
    ...statement.Resource.filter((resource) => !allows({ ...statement, Resource: [resource] })),
  ];
}

describe('every rule that writes to a queue', () => {
  const TargetsSchema = z.looseObject({
    Targets: z.array(
      z.looseObject({ Arn: z.string(), DeadLetterConfig: z.looseObject({ Arn: z.string() }).optional() }),
    ),
  });
  const QueuePolicySchema = z.looseObject({
    Queues: z.array(z.string()),
    PolicyDocument: z.looseObject({ Statement: z.array(z.record(z.string(), z.unknown())) }),
  });
  /** Without the principal, which identity policies do not have: that it is EventBridge is asked for apart. */
  const statements = listResources('AWS::SQS::QueuePolicy')
    .flatMap(({ properties }) => QueuePolicySchema.parse(properties).PolicyDocument.Statement)
    .filter(({ Principal }) => JSON.stringify(Principal ?? '').includes('events.amazonaws.com'))
    .map(({ Principal: _, ...statement }) => statement);
  const policy = PolicySchema.parse({ Statement: statements });

  it('is allowed to by the queue, and so it is for its dead-letter queue', () => {
    const refused = listResources('AWS::Events::Rule').flatMap(({ id, properties }) => {
      const ruleArn = resolved({ 'Fn::GetAtt': [id, 'Arn'] });
      return TargetsSchema.parse(properties)
        .Targets.flatMap(({ Arn, DeadLetterConfig }) => [
          Arn,
          ...(DeadLetterConfig ? [DeadLetterConfig.Arn] : []),
        ])
        .filter((arn) => arn.startsWith('arn:aws:sqs:'))
        .filter((resource) => {
          const context = { 'aws:SourceArn': String(ruleArn), 'aws:SourceAccount': stackContext.account };
          return !simulate([policy], { action: 'sqs:SendMessage', resource, context }).allowed;
        })
        .map((arn) => `${id} -> ${arn}`);
    });

    expect(refused).toEqual([]);
  });
});

describe('every schedule', () => {
  const ScheduleSchema = z.looseObject({
    Target: z.looseObject({
      Arn: z.string(),
      RoleArn: z.string(),
      DeadLetterConfig: z.looseObject({ Arn: z.string() }).optional(),
    }),
  });

  it('has a role that may do what it does, and nothing else', () => {
    for (const { id, properties } of listResources('AWS::Scheduler::Schedule')) {
      const { Target } = ScheduleSchema.parse(properties);
      const calls = [
        {
          action: Target.Arn.includes(':lambda:') ? 'lambda:InvokeFunction' : 'sqs:SendMessage',
          resource: Target.Arn,
        },
        ...(Target.DeadLetterConfig
          ? [{ action: 'sqs:SendMessage', resource: Target.DeadLetterConfig.Arn }]
          : []),
      ];
      const policies = readPolicies(Target.RoleArn);
      expect([id, calls.filter((call) => !simulate(policies, call).allowed)]).toEqual([id, []]);
    }
  });
});

it('speaks of the packaged template', () => {
  expect(machines.map(({ id }) => id)).toContain('BakeMachine');
  expect(template().Resources.BakeMachine).toBeDefined();
});

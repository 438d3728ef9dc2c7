/**
 * Calls that were made but pass no gateway, because AWS makes them itself in the name of a role: state machines that call functions and
 * machines, Lambda that reads queues and streams and writes logs, rules that forward events. They follow from what was carried out.
 */
import { EventBridgeClient, ListRulesCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { LambdaClient, paginateListEventSourceMappings, paginateListFunctions } from '@aws-sdk/client-lambda';
import {
  DescribeStateMachineCommand,
  paginateGetExecutionHistory,
  paginateListExecutions,
  paginateListStateMachines,
  SFNClient,
} from '@aws-sdk/client-sfn';
import * as z from 'zod';
import type { LocalCloud, RecordedCall } from '../../../local-cloud/client.ts';
import type { SimulatedCall } from '../simulate-policy.ts';
import { findRole } from './recorded.ts';
import type { Role } from './roles.ts';

export interface RoleCall {
  readonly role: Role;
  readonly call: SimulatedCall;
}

const StateSchema: z.ZodType<State> = z.lazy(() =>
  z.looseObject({
    Resource: z.string().optional(),
    Arguments: z.looseObject({}).optional(),
    ItemProcessor: z.looseObject({ States: z.record(z.string(), StateSchema) }).optional(),
  }),
);
interface State {
  readonly [key: string]: unknown;
  readonly Resource?: string | undefined;
  readonly Arguments?: Readonly<Record<string, unknown>> | undefined;
  readonly ItemProcessor?: { readonly States: Readonly<Record<string, State>> } | undefined;
}
const DefinitionSchema = z.looseObject({ States: z.record(z.string(), StateSchema) });

/** All states of a machine by their names, which are unique in it (states-language.net, "States"). */
function collectStates(states: Readonly<Record<string, State>>): Map<string, State> {
  return new Map(
    Object.entries(states).flatMap(([name, state]) => [
      [name, state] as const,
      ...collectStates(state.ItemProcessor?.States ?? {}),
    ]),
  );
}

/** The rule by which Step Functions hears that a nested execution ended (step-functions/dg/connect-stepfunctions, IAM). */
const nestedRule = (region: string, account: string) =>
  `arn:aws:events:${region}:${account}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule`;

function toTaskCalls(
  { Resource: resource = '', Arguments: given = {} }: State,
  { region, controlAccount }: LocalCloud,
): SimulatedCall[] {
  if (typeof given.FunctionName === 'string')
    return [{ action: 'lambda:InvokeFunction', resource: given.FunctionName }];
  const machine = given.StateMachineArn;
  if (typeof machine !== 'string') return [];
  const execution = `${machine.replace(':stateMachine:', ':execution:')}:any`;
  return [
    { action: 'states:StartExecution', resource: machine },
    ...(resource.includes('sync')
      ? [
          { action: 'states:DescribeExecution', resource: execution },
          { action: 'states:StopExecution', resource: execution },
          ...['events:PutTargets', 'events:PutRule', 'events:DescribeRule'].map((action) => ({
            action,
            resource: nestedRule(region, controlAccount),
          })),
        ]
      : []),
  ];
}

function itemStates(state: State | undefined): State[] {
  return [...collectStates(state?.ItemProcessor?.States ?? {}).values()];
}

/** Names of the states that any execution of the machine came to. The emulator's histories do not say with which parameters. */
async function enteredStates(client: SFNClient, stateMachineArn: string | undefined): Promise<Set<string>> {
  const entered = new Set<string>();
  for await (const { executions = [] } of paginateListExecutions({ client }, { stateMachineArn }))
    for (const { executionArn } of executions)
      for await (const { events = [] } of paginateGetExecutionHistory({ client }, { executionArn }))
        for (const { type, stateEnteredEventDetails: state } of events)
          if (type?.endsWith('StateEntered') && state?.name !== undefined) entered.add(state.name);
  return entered;
}

/** What the state machines called, from the histories of their executions. */
export async function machineCalls(cloud: LocalCloud, roles: readonly Role[]): Promise<RoleCall[]> {
  const client = new SFNClient(cloud.clientConfig());
  const found = new Map<string, RoleCall>();
  for await (const { stateMachines = [] } of paginateListStateMachines({ client }, {}))
    for (const { stateMachineArn } of stateMachines) {
      const { roleArn = '', definition = '' } = await client.send(
        new DescribeStateMachineCommand({ stateMachineArn }),
      );
      const role = roles.find(({ name }) => roleArn.endsWith(`/${name}`));
      if (role === undefined) continue;
      const states = collectStates(DefinitionSchema.parse(JSON.parse(definition)).States);
      // The emulator's history does not tell of what a Map did with its items, each of which goes through its states.
      for (const name of await enteredStates(client, stateMachineArn))
        for (const state of [states.get(name) ?? {}, ...itemStates(states.get(name))])
          for (const call of toTaskCalls(state, cloud))
            found.set(`${role.id} ${call.action} ${call.resource}`, { role, call });
    }
  client.destroy();
  return [...found.values()];
}

/** What Lambda does for functions that ran: reads their queues and streams, writes their logs. */
export async function pollerCalls(
  cloud: LocalCloud,
  roles: readonly Role[],
  calls: readonly RecordedCall[],
): Promise<RoleCall[]> {
  const ran = new Set(calls.map((call) => findRole(call, roles)).filter((role) => role !== undefined));
  const client = new LambdaClient(cloud.clientConfig());
  const made: RoleCall[] = [];
  const roleOfFunction = new Map<string, Role>();
  for await (const { Functions = [] } of paginateListFunctions({ client }, {}))
    for (const { FunctionArn = '', FunctionName = '', Role: roleArn = '' } of Functions) {
      const role = roles.find(({ name }) => roleArn.endsWith(`/${name}`));
      if (role === undefined || !ran.has(role)) continue;
      roleOfFunction.set(FunctionArn, role);
      const group = `arn:aws:logs:${cloud.region}:${cloud.controlAccount}:log-group:/aws/lambda/${FunctionName}`;
      for (const action of ['logs:CreateLogStream', 'logs:PutLogEvents'])
        made.push({ role, call: { action, resource: `${group}:log-stream:any` } });
    }
  for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, {}))
    for (const { EventSourceArn = '', FunctionArn = '' } of EventSourceMappings) {
      const role = roleOfFunction.get(FunctionArn);
      if (role === undefined) continue;
      const actions = EventSourceArn.includes(':sqs:') ? QUEUE_ACTIONS : STREAM_ACTIONS;
      for (const action of actions) made.push({ role, call: { action, resource: EventSourceArn } });
    }
  client.destroy();
  return made;
}

// lambda/latest/dg/services-sqs-configure and with-ddb: "Execution role permissions".
const QUEUE_ACTIONS = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
const STREAM_ACTIONS = [
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
];

/** What rules do with a role: forward events to a bus elsewhere. */
export async function ruleCalls(
  cloud: LocalCloud,
  roles: readonly Role[],
  places: readonly { readonly account: string; readonly region: string }[],
): Promise<RoleCall[]> {
  const made: RoleCall[] = [];
  for (const { account, region } of places) {
    const client = new EventBridgeClient(cloud.clientConfig(account, region));
    const { Rules = [] } = await client.send(new ListRulesCommand({}));
    for (const { Name } of Rules) {
      const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule: Name }));
      for (const { RoleArn, Arn = '' } of Targets) {
        const role = roles.find(
          ({ name, account: owner }) => RoleArn === `arn:aws:iam::${owner}:role/${name}`,
        );
        if (role !== undefined) made.push({ role, call: { action: 'events:PutEvents', resource: Arn } });
      }
    }
    client.destroy();
  }
  return made;
}

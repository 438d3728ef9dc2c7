/** The rights of a state machine, from its definition: the functions that it invokes, the machines that it starts and follows. */
import * as z from 'zod';
import type { RoleStatement } from './compose.ts';

const ReferenceSchema = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) });
const StateSchema = z.looseObject({
  Type: z.string(),
  Resource: z.string().default(''),
  Arguments: z
    .looseObject({ FunctionName: ReferenceSchema.optional(), StateMachineArn: ReferenceSchema.optional() })
    .default({}),
  get ItemProcessor() {
    return DefinitionSchema.optional();
  },
  get Branches() {
    return z.array(DefinitionSchema).default([]);
  },
});
const DefinitionSchema = z.looseObject({
  get States() {
    return z.record(z.string(), StateSchema);
  },
});
type Definition = z.output<typeof DefinitionSchema>;

/** What writes logs and traces, whatever the states do. */
const TELEMETRY: readonly RoleStatement[] = [
  {
    Sid: 'DeliverLogs',
    Action: [
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
    ],
    Resource: ['*'],
    because: [
      'Log delivery is an account-wide registration (step-functions/dg/cw-logs, "IAM Policies for logging").',
    ],
  },
  {
    Sid: 'SendTraces',
    Action: [
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ],
    Resource: ['*'],
    because: ['Traces belong to no resource (Service Authorization Reference, AWS X-Ray).'],
  },
];

/** The rule by which Step Functions hears that a nested execution ended (step-functions/dg/connect-stepfunctions, IAM). */
const NESTED_RULE =
  'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule';

export function composeMachineStatements(definition: unknown): RoleStatement[] {
  const tasks = listTasks(DefinitionSchema.parse(definition));
  const functions = new Set<string>();
  const machines = new Set<string>();
  const followed = new Set<string>();
  for (const { Resource, Arguments } of tasks) {
    const [invoked] = Arguments.FunctionName?.['Fn::GetAtt'] ?? [];
    const [started] = Arguments.StateMachineArn?.['Fn::GetAtt'] ?? [];
    if (Resource.startsWith('arn:aws:states:::lambda:invoke') && invoked !== undefined)
      functions.add(invoked);
    else if (Resource.startsWith('arn:aws:states:::states:startExecution') && started !== undefined) {
      machines.add(started);
      if (Resource.includes('.sync')) followed.add(started);
    } else throw new Error(`No rights are known for a task that calls ${Resource}.`);
  }
  const statements: RoleStatement[] = [
    toStatement('InvokeFunctions', ['lambda:InvokeFunction'], toArns(functions)),
    toStatement('StartMachines', ['states:StartExecution'], toArns(machines)),
    {
      ...toStatement(
        'FollowMachines',
        ['states:DescribeExecution', 'states:StopExecution'],
        [...followed].map(
          (id) =>
            `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:execution:\${${id}.Name}:*`,
        ),
      ),
      because: [
        'Following and stopping is authorised on executions, starting on machines (step-functions/dg/connect-stepfunctions).',
      ],
    },
    toStatement(
      'HearOfMachines',
      ['events:DescribeRule', 'events:PutRule', 'events:PutTargets'],
      followed.size === 0 ? [] : [NESTED_RULE],
    ),
  ];
  return [...TELEMETRY, ...statements.filter(({ Resource }) => Resource.length > 0)];
}

function listTasks({ States }: Definition): z.output<typeof StateSchema>[] {
  return Object.values(States).flatMap((state) => [
    ...(state.Type === 'Task' ? [state] : []),
    ...(state.ItemProcessor === undefined ? [] : listTasks(state.ItemProcessor)),
    ...state.Branches.flatMap(listTasks),
  ]);
}

function toArns(ids: ReadonlySet<string>): string[] {
  return [...ids].map((id) => `\${${id}.Arn}`);
}

function toStatement(Sid: string, Action: readonly string[], resources: readonly string[]): RoleStatement {
  return { Sid, Action, Resource: [...resources].sort(), because: [] };
}

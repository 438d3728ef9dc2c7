import type { Workflows } from '../ports/workflows.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

const executions = (machine: string) =>
  `arn:\${AWS::Partition}:states:\${AWS::Region}:\${AWS::AccountId}:execution:\${${machine}.Name}:*` as const;
const BAKES = executions('BakeMachine');

export const environment = {
  any: { BAKE_MACHINE_ARN: '${BakeMachine}' },
} satisfies PortEnvironment<Workflows>;

export const permissions = {
  startBake: [{ Action: ['states:StartExecution'], Resource: '${BakeMachine}' }],
  stop: [{ Action: ['states:StopExecution'], Resource: BAKES }],
  'stop:nested': [
    {
      Action: ['states:StopExecution'],
      Resource: [
        executions('BuildMachine'),
        executions('TestMachine'),
        executions('ApproveMachine'),
        executions('DistributeMachine'),
        executions('DistributeRegionMachine'),
      ],
    },
  ],
  describe: [{ Action: ['states:DescribeExecution'], Resource: BAKES }],
  executionArn: [],
} satisfies PermissionSet<Workflows>;

/** The schema with which each function parses what a machine sends it: the other end of every payload. */
import * as z from 'zod';
import {
  BakeRefSchema,
  CollectInventoryInputSchema,
  CollectTestInputSchema,
  LaunchInputSchema,
  MovePointersInputSchema,
  PlaceBuildInputSchema,
  RecordImageInputSchema,
  RecordOutcomeInputSchema,
  RegionInputSchema,
  RegisterWaitInputSchema,
  SuiteRunSchema,
  TerminateInputSchema,
} from '../../shared/domain/bakes/payloads.ts';
import { readFunctionName, type TaskCall } from '../support/run-asl.ts';

const INPUTS: Readonly<Record<string, z.ZodType>> = {
  'check-preflight': BakeRefSchema,
  'start-build': z.union([PlaceBuildInputSchema, BakeRefSchema]),
  'record-image': RecordImageInputSchema,
  'register-wait': RegisterWaitInputSchema,
  'plan-tests': BakeRefSchema,
  'launch-test-instance': LaunchInputSchema,
  'send-test-command': SuiteRunSchema,
  'collect-inventory': CollectInventoryInputSchema,
  'collect-test': CollectTestInputSchema,
  'terminate-test-instance': TerminateInputSchema,
  'record-verdict': BakeRefSchema,
  'evaluate-gates': BakeRefSchema,
  'request-approval': BakeRefSchema,
  'plan-distribution': BakeRefSchema,
  'advance-targets': RegionInputSchema,
  'move-pointers': MovePointersInputSchema,
  'release-image': BakeRefSchema,
  'clean-up-bake': BakeRefSchema,
  'record-outcome': RecordOutcomeInputSchema,
};

/** What is wrong with a call that a machine made, or undefined. */
export function payloadProblem(call: TaskCall): string | undefined {
  const name = readFunctionName({ Arguments: call.arguments });
  const schema = call.resource.includes(':states:startExecution') ? BakeRefSchema : INPUTS[name ?? ''];
  if (schema === undefined) return `${call.state}: no schema for ${name}`;
  const parsed = schema.safeParse(call.payload);
  return parsed.success ? undefined : `${call.state}: ${parsed.error.message}`;
}

export function payloadProblems(calls: readonly TaskCall[]): string[] {
  return calls.map(payloadProblem).filter((problem) => problem !== undefined);
}

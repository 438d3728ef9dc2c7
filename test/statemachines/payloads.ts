/** The schema with which each function parses what a machine sends it: the other end of every payload. */
import type * as z from 'zod';
import {
  BakeRefSchema,
  CollectTestInputSchema,
  MachineInputSchema,
  MovePointersInputSchema,
  RecordImageInputSchema,
  RecordOutcomeInputSchema,
  RegionInputSchema,
  RegisterWaitInputSchema,
  SuiteRunSchema,
  TerminateInputSchema,
  TestCaseSchema,
} from '../../shared/domain/bakes/payloads.ts';
import { readFunctionName, type TaskCall } from '../support/run-asl.ts';

const INPUTS: Readonly<Record<string, z.ZodType>> = {
  'check-preflight': BakeRefSchema,
  'start-build': BakeRefSchema,
  'record-image': RecordImageInputSchema,
  'register-wait': RegisterWaitInputSchema,
  'plan-tests': BakeRefSchema,
  'launch-test-instance': TestCaseSchema,
  'send-test-command': SuiteRunSchema,
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
  const schema = call.resource.includes(':states:startExecution') ? MachineInputSchema : INPUTS[name ?? ''];
  if (schema === undefined) return `${call.state}: no schema for ${name}`;
  const parsed = schema.safeParse(call.payload);
  return parsed.success ? undefined : `${call.state}: ${parsed.error.message}`;
}

export function payloadProblems(calls: readonly TaskCall[]): string[] {
  return calls.map(payloadProblem).filter((problem) => problem !== undefined);
}

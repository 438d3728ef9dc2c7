import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DefinitionInput } from '../../../shared/domain/definitions/definition.ts';
import type { AttemptState, StepName } from '../../../shared/domain/records/attempt-states.ts';
import { APPROVER, until } from '../../support/deployed-cloud.ts';
import { toStepStates } from './failures.ts';
import { type FaultHarness, readRefusal, uniqueName } from './harness.ts';

const STEPS: readonly { state: AttemptState; step: StepName; more: Partial<DefinitionInput> }[] = [
  { state: 'preflight', step: 'Preflight', more: {} },
  { state: 'building', step: 'Build', more: {} },
  // No answer is given for this suite, so its command runs until its time-out.
  { state: 'testing', step: 'Test', more: { tests: { suites: [{ name: 'endless', script: 'sleep 600' }] } } },
  { state: 'gating', step: 'Gate', more: {} },
  {
    state: 'awaiting-approval',
    step: 'Approve',
    more: { approval: { required: true, approvers: [APPROVER] } },
  },
  {
    state: 'distributing',
    step: 'Distribute',
    more: { distribution: { targets: [{ account: '444455556666', regions: ['eu-west-1', 'us-east-1'] }] } },
  },
];

/** Writing down what these have found takes a while, and so does recording a release. */
const DELAYED_CALLS = [
  { service: 's3', operation: 'PutObject', principal: 'CheckPreflight' },
  { service: 's3', operation: 'PutObject', principal: 'EvaluateGates' },
  { service: 'dynamodb', operation: 'TransactWriteItems', principal: 'ReleaseImage' },
];

/** A person ends a bake, whatever it is at. The clock of AWS is slower meanwhile, so that each step is under way for long enough. */
export function testCancelling(oven: () => FaultHarness): void {
  const slow: string[] = [];
  beforeAll(async () => {
    await oven().control.setSpeed(60);
    for (const calls of DELAYED_CALLS) {
      const { id } = await oven().control.addFault({ ...calls, times: null, effect: { delayMs: 5000 } });
      slow.push(id);
    }
  });
  afterAll(async () => {
    for (const id of slow) await oven().control.removeFaults(id);
    await oven().control.setSpeed(600);
  });

  it.concurrent.each(STEPS)(
    'a bake that is cancelled while $state ends there, once, and leaves nothing',
    async ({ state, step, more }) => {
      const name = uniqueName(`end-${step.toLowerCase()}`);
      await oven().applyWithOwnBase(name, more);
      const bake = await oven().waitForState(name, state);
      await oven().deployed.api.request('POST', `/bakes/${bake.id}/cancel`, {});
      // Asking twice changes nothing.
      await oven().deployed.api.request('POST', `/bakes/${bake.id}/cancel`, {});
      const ended = await oven().waitForState(name, 'cancelled', { seconds: 30 });
      expect(toStepStates(ended)[step]).toBe('failed');
      expect(ended.attempts).toMatchObject([
        {
          state: 'cancelled',
          failure: { step, reason: expect.stringContaining('Cancelled by arn:aws:iam::') },
        },
      ]);
      expect(await oven().waitForDecision(name, 'hold')).toMatchObject([{ code: 'refused' }]);
      await oven().expectNothingLeft(ended);
      expect(await executionsOf(ended.id)).toEqual(['ABORTED']);
      expect(await oven().bakes(name)).toHaveLength(1);
      const again = await readRefusal(() =>
        oven().deployed.api.request('POST', `/bakes/${bake.id}/cancel`, {}),
      ).catch(() => undefined);
      expect(again).toBeUndefined();
    },
  );

  it.concurrent('a bake whose pointers may have moved goes on to its release, and cancelling it is refused with the reason', async () => {
    const name = uniqueName('end-release');
    await oven().applyWithOwnBase(name);
    const bake = await oven().waitForState(name, 'releasing');

    const refused = await readRefusal(() =>
      oven().deployed.api.request('POST', `/bakes/${bake.id}/cancel`, {}),
    );

    expect(refused).toMatchObject({ status: 409, problem: { code: 'bake-not-cancellable' } });
    const ended = await oven().waitForState(name, 'released', { seconds: 60 });
    expect(toStepStates(ended).Release).toBe('succeeded');
    // The record is written first, the machine ends a moment later.
    const executions = await until('the end of its execution', async () => {
      const found = await executionsOf(ended.id);
      return found.includes('RUNNING') ? undefined : found;
    });
    expect(executions).toEqual(['SUCCEEDED']);
  });

  /** How the bake's own executions ended. */
  async function executionsOf(bake: string): Promise<string[]> {
    const { cloud, deployment } = oven().deployed;
    const sfn = new SFNClient(cloud.clientConfig());
    const { executions = [] } = await sfn.send(
      new ListExecutionsCommand({ stateMachineArn: deployment.outputs.BakeMachineArn }),
    );
    sfn.destroy();
    return executions.filter(({ name }) => name?.startsWith(bake)).map(({ status }) => status ?? '');
  }
}

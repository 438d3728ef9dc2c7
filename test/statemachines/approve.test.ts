import { describe, expect, it } from '@jest/globals';
import { ApprovalOutcomeSchema, RequestApprovalAnswerSchema } from '../../shared/domain/bakes/payloads.ts';
import { readMachine, runMachine, TaskError, type TaskStub } from '../support/run-asl.ts';
import { payloadProblems } from './payloads.ts';

const machine = readMachine('approve');
const input = { bake: '01JTEST0000000000000000001', attempt: 2 };
const asked = RequestApprovalAnswerSchema.parse({
  waiting: true,
  approval: 'a'.repeat(32),
  timeoutSeconds: 259_200,
  outcome: { decision: 'expired' },
});

function decided(outcome: unknown): Record<string, TaskStub> {
  return {
    'Request approval': () => asked,
    'Wait for decision': () => ApprovalOutcomeSchema.parse(outcome),
  };
}

describe('approve machine', () => {
  it('asks, waits for the request that was made, and ends with the approver', async () => {
    const run = await runMachine(
      machine,
      input,
      decided({ decision: 'approved', by: 'ada@example.com', comment: 'Good.' }),
    );

    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      output: { decision: 'approved', by: 'ada@example.com' },
    });
    expect(run.calls.at(-1)?.payload).toMatchObject({
      ...input,
      kind: 'approval',
      resource: asked.approval,
      timeoutSeconds: asked.timeoutSeconds,
    });
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it.each([
    ['no approval is required', { decision: 'not-required' }],
    ['an earlier decision stands', { decision: 'approved', by: 'ada@example.com' }],
  ])('does not wait when %s', async (_, outcome) => {
    const run = await runMachine(machine, input, {
      'Request approval': () => RequestApprovalAnswerSchema.parse({ ...asked, waiting: false, outcome }),
    });

    expect(run).toMatchObject({ status: 'SUCCEEDED', output: outcome });
    expect(run.calls).toHaveLength(1);
  });

  it('asks again once its approvers have changed, and waits for the request of now', async () => {
    const outcomes = [{ decision: 'asked-again' }, { decision: 'approved', by: 'cleo@example.com' }];
    const run = await runMachine(machine, input, {
      'Request approval': () => asked,
      'Wait for decision': () => ApprovalOutcomeSchema.parse(outcomes.shift()),
    });

    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { by: 'cleo@example.com' } });
    expect(run.calls.map(({ state }) => state)).toEqual([
      'Request approval',
      'Wait for decision',
      'Request approval',
      'Wait for decision',
    ]);
    expect(run.calls[2]?.payload).toEqual(input);
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it('fails with the reason of the rejection', async () => {
    const outcome = { decision: 'rejected', by: 'ben@example.com', comment: 'Wrong kernel.' };

    expect(await runMachine(machine, input, decided(outcome))).toMatchObject({
      status: 'FAILED',
      error: 'ApprovalRejected',
      cause: 'Rejected by ben@example.com: Wrong kernel.',
    });
  });

  it('expires when the wait says so, and when no answer comes at all', async () => {
    const said = await runMachine(machine, input, decided({ decision: 'expired' }));
    const silent = await runMachine(machine, input, {
      'Request approval': () => asked,
      'Wait for decision': () => {
        throw new TaskError('States.Timeout');
      },
    });

    expect([said.error, silent.error]).toEqual(['ApprovalExpired', 'ApprovalExpired']);
  });

  it('ends with the error of a request that cannot be made', async () => {
    const run = await runMachine(machine, input, {
      'Request approval': () => {
        throw new TaskError('PreflightFailed', 'No approver can be asked.');
      },
    });

    expect(run).toMatchObject({
      status: 'FAILED',
      error: 'PreflightFailed',
      cause: 'No approver can be asked.',
    });
  });
});

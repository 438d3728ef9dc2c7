import { describe, expect, it } from '@jest/globals';
import { executionName } from '../../shared/domain/base/naming.ts';
import { NEVER, readMachine, runMachine, TaskError, type TaskStub } from '../support/run-asl.ts';
import { payloadProblems } from './payloads.ts';

const machine = readMachine('bake');
const BAKE = '01JTEST0000000000000000001';
const input = { bake: BAKE, attempt: 2 };

const succeed: Record<string, TaskStub> = {
  'Check preflight': () => ({ ...input, startsAt: 'Build' }),
  Build: () => input,
  Test: () => input,
  'Evaluate gates': () => ({ outcome: 'passed', reasons: [] }),
  'Wait for gates': () => ({}),
  Approve: () => ({ decision: 'approved' }),
  Distribute: () => ({}),
  Release: () => ({}),
  'Clean up': () => ({ done: true, removed: [] }),
  'Record outcome': () => ({ state: 'failed' }),
};

function fail(name: string, cause?: string): TaskStub {
  return () => {
    throw new TaskError(name, cause);
  };
}

describe('bake machine', () => {
  it('goes from preflight to release', async () => {
    const run = await runMachine(machine, input, succeed);

    expect(run.status).toBe('SUCCEEDED');
    expect(run.path).toEqual([
      'Take up the bake',
      'Check preflight',
      'Where does it begin?',
      'Build',
      'Test',
      'Evaluate gates',
      'Are all gates open?',
      'Approve',
      'Distribute',
      'Release',
      'Released',
    ]);
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it.each([
    ['Test', ['Test', 'Evaluate gates', 'Are all gates open?', 'Approve', 'Distribute', 'Release']],
    ['Approve', ['Approve', 'Distribute', 'Release']],
    ['Distribute', ['Distribute', 'Release']],
  ])('begins at %s where a retained image has been through what comes before', async (startsAt, steps) => {
    const run = await runMachine(machine, input, {
      ...succeed,
      'Check preflight': () => ({ ...input, startsAt }),
    });

    expect(run.status).toBe('SUCCEEDED');
    expect(run.path.slice(3, -1)).toEqual(steps);
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it('names nested executions as the rest of the product expects them', async () => {
    const run = await runMachine(machine, input, succeed);

    const names = run.calls.flatMap((call) => ('Name' in call.arguments ? [call.arguments.Name] : []));
    expect(names).toEqual(
      (['build', 'test', 'approve', 'distribute'] as const).map((nested) =>
        executionName({ ...input, machine: nested }),
      ),
    );
  });

  it.each([
    ['Check preflight', 'PreflightFailed'],
    ['Evaluate gates', 'AttemptEnded'],
    ['Release', 'ReleaseOutdated'],
  ])('cleans up and records when %s fails', async (state, error) => {
    const run = await runMachine(machine, input, { ...succeed, [state]: fail(error, 'a reason') });

    expect(run).toMatchObject({ status: 'FAILED', error, cause: 'a reason' });
    expect(run.path.slice(-3)).toEqual(['Clean up', 'Record outcome', 'Failed']);
    expect(run.calls.at(-1)?.payload).toEqual({ ...input, error: { name: error, cause: 'a reason' } });
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it.each(['Build', 'Test', 'Approve', 'Distribute'])(
    'hands on the description of the nested execution when %s fails',
    async (state) => {
      const run = await runMachine(machine, input, { ...succeed, [state]: fail('ApprovalRejected', 'no') });

      expect(run.error).toBe('States.TaskFailed');
      expect(run.calls.at(-1)?.payload).toMatchObject({
        error: {
          name: 'States.TaskFailed',
          cause: expect.stringContaining('"Error":"ApprovalRejected","Cause":"no"'),
        },
      });
      expect(payloadProblems(run.calls)).toEqual([]);
    },
  );

  it('ends with the reasons of a closed gate', async () => {
    const closed = {
      outcome: 'failed',
      reasons: ['x86-64: nginx is missing', 'x86-64: telnet is installed'],
    };

    const run = await runMachine(machine, input, { ...succeed, 'Evaluate gates': () => closed });

    expect(run).toMatchObject({
      status: 'FAILED',
      error: 'GateClosed',
      cause: 'x86-64: nginx is missing; x86-64: telnet is installed',
    });
    expect(run.path).not.toContain('Approve');
  });

  describe('gates that wait', () => {
    const waiting = {
      outcome: 'waiting',
      reasons: ['the scan has not ended'],
      resource: `${BAKE}:2`,
      lookAgainAt: '2026-03-02T08:10:00.000Z',
      timeoutSeconds: 600,
    };
    const waitOnce: TaskStub = ({ call }) =>
      call === 0 ? waiting : { outcome: 'passed', reasons: ['nothing was found'] };
    const round = ['Evaluate gates', 'Are all gates open?', 'Wait for gates'];

    it('are asked again after the wait, which names when', async () => {
      const run = await runMachine(machine, input, { ...succeed, 'Evaluate gates': waitOnce });

      expect(run.status).toBe('SUCCEEDED');
      expect(run.path.slice(5, 11)).toEqual([...round, ...round.slice(0, 2), 'Approve']);
      expect(run.calls.find((call) => call.state === 'Wait for gates')?.payload).toMatchObject({
        ...input,
        kind: 'gates',
        resource: waiting.resource,
        timeoutSeconds: 600,
        subject: { lookAgainAt: waiting.lookAgainAt },
      });
      expect(payloadProblems(run.calls)).toEqual([]);
    });

    it('are asked again when nothing ends the wait', async () => {
      const tasks = { ...succeed, 'Evaluate gates': waitOnce, 'Wait for gates': () => NEVER };
      const run = await runMachine(machine, input, tasks);

      expect(run.status).toBe('SUCCEEDED');
      expect(run.seconds).toBe(600 + 600);
    });

    it('end with the attempt when the wait fails', async () => {
      const tasks = { ...succeed, 'Evaluate gates': waitOnce, 'Wait for gates': fail('AttemptEnded') };
      const run = await runMachine(machine, input, tasks);

      expect(run).toMatchObject({ status: 'FAILED', error: 'AttemptEnded' });
      expect(run.path.slice(-3)).toEqual(['Clean up', 'Record outcome', 'Failed']);
      expect(payloadProblems(run.calls)).toEqual([]);
    });
  });

  it('records the outcome even when cleaning up fails', async () => {
    const run = await runMachine(machine, input, {
      ...succeed,
      Release: fail('ReleaseOutdated'),
      'Clean up': fail('SomeDefect'),
    });

    expect(run).toMatchObject({ status: 'FAILED', error: 'ReleaseOutdated' });
    expect(run.path.slice(-3)).toEqual(['Clean up', 'Record outcome', 'Failed']);
  });

  it('still ends with the first error when the outcome cannot be recorded', async () => {
    const run = await runMachine(machine, input, {
      ...succeed,
      Test: fail('TestsFailed'),
      'Record outcome': fail('SomeDefect'),
    });

    expect(run).toMatchObject({ status: 'FAILED', error: 'States.TaskFailed' });
  });

  it('tries a throttled step again, with growing waits, and then goes on', async () => {
    const throttled: TaskStub = ({ call }) => {
      if (call < 3) throw new TaskError('TryLater');
      return { ...input, startsAt: 'Build' };
    };

    const run = await runMachine(machine, input, { ...succeed, 'Check preflight': throttled });

    expect(run.status).toBe('SUCCEEDED');
    expect(run.seconds).toBe(2 + 4 + 8);
  });

  it('does not try again what will not get better', async () => {
    const run = await runMachine(machine, input, { ...succeed, Release: fail('ReleaseOutdated') });

    expect(run.calls.filter((call) => call.state === 'Release')).toHaveLength(1);
  });
});

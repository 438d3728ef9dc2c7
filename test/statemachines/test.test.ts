import { describe, expect, it } from '@jest/globals';
import { readMachine, runMachine, TaskError, type TaskStub } from '../support/run-asl.ts';
import { payloadProblems } from './payloads.ts';

const machine = readMachine('test');
const input = { bake: '01JTEST0000000000000000001', attempt: 1 };
const testCase = { ...input, variant: 'x86-64', instanceType: 't3.small', suites: ['boots', 'serves'] };

const succeed: Record<string, TaskStub> = {
  'Plan tests': () => ({ cases: [testCase, { ...testCase, instanceType: 't3.medium', suites: ['boots'] }] }),
  'Launch the instance': ({ call }) => ({ instance: `i-${call}` }),
  'Wait until it is reachable': () => ({}),
  'Send the command': ({ call }) => ({ command: `command-${call}`, timeoutSeconds: 60 }),
  'Wait for the command': () => ({}),
  'Collect the answer': () => ({ suite: 'boots', status: 'passed' }),
  'Terminate the instance': () => ({ terminated: true }),
  'Record the verdict': () => ({ passed: true }),
};

function fail(name: string, cause?: string): TaskStub {
  return () => {
    throw new TaskError(name, cause);
  };
}

describe('test machine', () => {
  it('runs every suite on every instance type, one after the other on each', async () => {
    const run = await runMachine(machine, input, succeed);

    expect(run.status).toBe('SUCCEEDED');
    expect(run.path.at(-1)).toBe('Record the verdict');
    const sent = run.calls.filter((call) => call.state === 'Send the command').map((call) => call.payload);
    expect(sent).toMatchObject([
      { instance: 'i-0', suite: 'boots', instanceType: 't3.small' },
      { instance: 'i-0', suite: 'serves', instanceType: 't3.small' },
      { instance: 'i-1', suite: 'boots', instanceType: 't3.medium' },
    ]);
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it('tells a verdict as data, passed or not: the gate judges it', async () => {
    const run = await runMachine(machine, input, {
      ...succeed,
      'Record the verdict': () => ({ passed: false }),
    });

    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { passed: false } });
  });

  it.each([
    'Launch the instance',
    'Wait until it is reachable',
    'Send the command',
    'Wait for the command',
    'Collect the answer',
  ])('terminates the instance and notes the problem when "%s" fails', async (state) => {
    const run = await runMachine(machine, input, {
      ...succeed,
      [state]: fail('TestsFailed', 'It went away.'),
    });

    const terminated = run.calls.filter((call) => call.state === 'Terminate the instance');
    expect(terminated.map((call) => call.payload)).toMatchObject([
      { instanceType: 't3.small', problem: 'It went away.' },
      { instanceType: 't3.medium', problem: 'It went away.' },
    ]);
    expect(run.path).toContain('Record the verdict');
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it('notes no problem for a case that ran to its end', async () => {
    const run = await runMachine(machine, input, succeed);

    const terminated = run.calls.filter((call) => call.state === 'Terminate the instance');
    expect(terminated.map((call) => call.payload)).toEqual([
      testCase,
      { ...testCase, instanceType: 't3.medium', suites: ['boots'] },
    ]);
  });

  it.each(['Plan tests', 'Terminate the instance', 'Record the verdict'])(
    'fails as a whole when "%s" fails, and leaves the rest to the clean-up',
    async (state) => {
      const run = await runMachine(machine, input, {
        ...succeed,
        [state]: fail('AttemptEnded', 'Cancelled.'),
      });

      expect(run).toMatchObject({ status: 'FAILED', error: 'AttemptEnded', cause: 'Cancelled.' });
    },
  );
});

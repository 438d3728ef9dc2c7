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

  it('reads the packages page by page before the suites, where the case says so', async () => {
    const run = await runMachine(machine, input, {
      ...succeed,
      'Plan tests': () => ({ cases: [{ ...testCase, inventory: 'inventory.1.1' }] }),
      'Ask for the packages': ({ call }) => ({ command: `page-${call}`, timeoutSeconds: 120 }),
      'Wait for the packages': () => ({}),
      'Record the packages': ({ call }) => ({ suite: call === 0 ? 'inventory.1.2' : '' }),
    });

    const of = (state: string) =>
      run.calls.filter((call) => call.state === state).map(({ payload }) => payload);
    expect(of('Ask for the packages')).toMatchObject([
      { instance: 'i-0', suite: 'inventory.1.1' },
      { instance: 'i-0', suite: 'inventory.1.2' },
    ]);
    expect(of('Record the packages')).toMatchObject([
      { suite: 'inventory.1.1', command: 'page-0' },
      { suite: 'inventory.1.2', command: 'page-1' },
    ]);
    expect(run.path.indexOf('Record the packages')).toBeLessThan(run.path.indexOf('Send the command'));
    expect(run.status).toBe('SUCCEEDED');
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it.each(['Ask for the packages', 'Wait for the packages', 'Record the packages'])(
    'runs the suites and notes why when "%s" fails',
    async (state) => {
      const run = await runMachine(machine, input, {
        ...succeed,
        'Plan tests': () => ({ cases: [{ ...testCase, inventory: 'inventory.1.1' }] }),
        'Ask for the packages': () => ({ command: 'page-1', timeoutSeconds: 120 }),
        'Wait for the packages': () => ({}),
        'Record the packages': () => ({ suite: '' }),
        'Note why they are not known': fail('TryLater'),
        [state]: fail('Broken', 'It went away.'),
      });

      const noted = run.calls.filter((call) => call.state === 'Note why they are not known');
      expect(noted.at(-1)?.payload).toMatchObject({ suite: 'inventory.1.1', problem: 'It went away.' });
      const terminated = run.calls.find((call) => call.state === 'Terminate the instance');
      expect(terminated?.payload).not.toHaveProperty('problem');
      expect(run.path).toContain('Collect the answer');
      expect(payloadProblems(run.calls)).toEqual([]);
    },
  );

  it('waits for room, and launches again what ended for want of it', async () => {
    const pause = { resource: 'r', lookAgainAt: '2026-03-02T08:10:00.000Z', timeoutSeconds: 600 };
    const run = await runMachine(machine, input, {
      ...succeed,
      'Plan tests': () => ({ cases: [{ ...testCase, suites: ['boots'] }] }),
      'Launch the instance': ({ call }) => (call === 0 ? { pause } : { instance: `i-${call}` }),
      'Wait for room': () => ({}),
      'Wait until it is reachable': ({ call }) => (call === 0 ? { shortage: 'It ended.' } : {}),
    });

    const listPayloads = (state: string) =>
      run.calls.filter((call) => call.state === state).map(({ payload }) => payload);
    expect(listPayloads('Wait for room')).toMatchObject([{ kind: 'capacity', resource: 'r' }]);
    const launches = listPayloads('Launch the instance');
    expect(launches).toHaveLength(3);
    expect(launches[0]).not.toHaveProperty('lost');
    expect(launches[1]).not.toHaveProperty('lost');
    expect(launches[2]).toMatchObject({ lost: { instance: 'i-1', reason: 'It ended.' } });
    expect(listPayloads('Send the command')).toMatchObject([{ instance: 'i-2' }]);
    expect(run.status).toBe('SUCCEEDED');
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it('fails without a verdict when there was no room for hours', async () => {
    const run = await runMachine(machine, input, {
      ...succeed,
      'Launch the instance': fail('NoCapacity', 'There was no room.'),
    });

    expect(run).toMatchObject({ status: 'FAILED', error: 'NoCapacity', cause: 'There was no room.' });
    expect(run.path).not.toContain('Record the verdict');
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

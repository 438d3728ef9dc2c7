import { describe, expect, it } from '@jest/globals';
import { NEVER, readMachine, runMachine, TaskError, type TaskStub } from '../support/run-asl.ts';
import { payloadProblems } from './payloads.ts';

const machine = readMachine('build');
const input = { bake: '01JTEST0000000000000000001', attempt: 1 };
const builds = [
  { variant: 'x86-64', build: 'arn:aws:imagebuilder:eu-west-1:111122223333:image/ovenbird-web/1.0.0/1' },
  { variant: 'arm64', build: 'arn:aws:imagebuilder:eu-west-1:111122223333:image/ovenbird-web-arm/1.0.0/1' },
];

const succeed: Record<string, TaskStub> = {
  'Start builds': () => ({ builds, timeoutSeconds: 3600 }),
  'Wait for the build': () => ({ imageId: 'ami-0f3c9a1b2d4e5f678' }),
  'Record the image': () => input,
};

describe('build machine', () => {
  it('waits for every variant and records each', async () => {
    const run = await runMachine(machine, input, succeed);

    expect(run).toMatchObject({ status: 'SUCCEEDED', output: input });
    expect(run.path.at(-1)).toBe('Built');
    const recorded = run.calls.filter((call) => call.state === 'Record the image');
    expect(recorded.map((call) => call.payload)).toEqual(builds.map((build) => ({ ...input, ...build })));
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it('gives each wait a token of its own', async () => {
    const run = await runMachine(machine, input, succeed);

    const tokens = run.calls
      .filter((call) => call.state === 'Wait for the build')
      .map((call) => JSON.stringify(call.payload));
    expect(new Set(tokens).size).toBe(2);
  });

  it.each(['Start builds', 'Wait for the build', 'Record the image'])(
    'fails with the reason when %s fails',
    async (state) => {
      const failing: TaskStub = () => {
        throw new TaskError('BuildFailed', 'The component did not install.');
      };

      const run = await runMachine(machine, input, { ...succeed, [state]: failing });

      expect(run).toMatchObject({
        status: 'FAILED',
        error: 'BuildFailed',
        cause: 'The component did not install.',
      });
    },
  );

  it('ends by its own net when no answer ever comes, later than the wait itself would', async () => {
    const run = await runMachine(machine, input, { ...succeed, 'Wait for the build': () => NEVER });

    expect(run).toMatchObject({ status: 'FAILED', error: 'States.Timeout', seconds: 4200 });
  });
});

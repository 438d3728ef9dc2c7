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

  it('starts a build anew that had no room, after a pause where there is none anywhere', async () => {
    const [build] = builds;
    const pause = { resource: 'r', lookAgainAt: '2026-03-02T08:10:00.000Z', timeoutSeconds: 600 };
    const run = await runMachine(machine, input, {
      ...succeed,
      'Start builds': () => ({ builds: [build], timeoutSeconds: 3600 }),
      'Wait for the build': ({ call }) => (call === 0 ? { shortage: 'No capacity.' } : {}),
      'Place it anew': ({ call }) => (call === 0 ? { build: build?.build, pause } : { build: 'build-2' }),
      'Wait for room': () => ({}),
    });

    const listPayloads = (state: string) =>
      run.calls.filter((call) => call.state === state).map(({ payload }) => payload);
    expect(listPayloads('Place it anew')).toEqual(
      [0, 1].map(() => ({ ...input, ...build, shortage: 'No capacity.' })),
    );
    expect(listPayloads('Wait for room')).toMatchObject([
      { kind: 'capacity', resource: 'r', subject: { lookAgainAt: pause.lookAgainAt } },
    ]);
    expect(listPayloads('Wait for the build')).toMatchObject([build, {}].map(() => ({ kind: 'image' })));
    expect(listPayloads('Record the image')).toMatchObject([{ build: 'build-2' }]);
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it('ends by its own net when no answer ever comes, later than the wait itself would', async () => {
    const run = await runMachine(machine, input, { ...succeed, 'Wait for the build': () => NEVER });

    expect(run).toMatchObject({ status: 'FAILED', error: 'States.Timeout', seconds: 4200 });
  });
});

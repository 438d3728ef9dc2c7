import { describe, expect, it } from '@jest/globals';
import { MovePointersInputSchema, RegionInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { advanceTargets } from '../../shared/use-cases/distribution/advance-targets.ts';
import { checkCopies } from '../../shared/use-cases/distribution/check-copies.ts';
import { movePointers } from '../../shared/use-cases/distribution/move-pointers.ts';
import { planDistribution } from '../../shared/use-cases/distribution/plan-distribution.ts';
import { distributionWorld, REF } from '../support/distribution-world.ts';
import { NEVER, readMachine, runMachine, TaskError, type TaskStub } from '../support/run-asl.ts';
import { payloadProblems } from './payloads.ts';

const machine = readMachine('distribute');
const regionMachine = readMachine('distribute-region');
const runs = ['eu-central-1', 'eu-west-1'].map((region) => ({
  region,
  name: `${REF.bake}_001_distribute-region_${region}`,
}));

const succeed: Record<string, TaskStub> = {
  'Plan the distribution': () => ({ regions: runs.map((run) => run.region), runs }),
  'Distribute in the region': () => ({ region: 'eu-west-1', failedRequired: [] }),
  'Move the pointers': () => ({ moved: 2, failed: 0 }),
};

describe('distribute machine', () => {
  it('runs each region under the name that the plan gives it, then moves the pointers once', async () => {
    const run = await runMachine(machine, REF, succeed);

    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { moved: 2, failed: 0 } });
    const nested = run.calls.filter((call) => call.state === 'Distribute in the region');
    expect(nested.map((call) => call.arguments.Name)).toEqual(runs.map((entry) => entry.name));
    expect(nested.map((call) => call.payload)).toEqual(runs.map(({ region }) => ({ ...REF, region })));
    expect(run.calls.filter((call) => call.state === 'Move the pointers')).toHaveLength(1);
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it('lets the other regions finish when one fails, and gives the reason to the state that decides', async () => {
    const oneFails: TaskStub = (call) => {
      if (call.call === 0) throw new TaskError('States.TaskFailed', '{"Status":"FAILED"}');
      return {};
    };

    const run = await runMachine(machine, REF, { ...succeed, 'Distribute in the region': oneFails });

    const move = run.calls.find((call) => call.state === 'Move the pointers');
    expect(move?.payload).toMatchObject({
      regions: [
        {
          region: 'eu-central-1',
          failed: true,
          error: 'States.TaskFailed',
          cause: expect.stringMatching(/^\{.*"Status":"FAILED"/),
        },
        { region: 'eu-west-1', failed: false },
      ],
    });
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it('hands on what fits a payload when every target of every region fails', async () => {
    const regions = Array.from({ length: 37 }, (_, index) => `eu-north-${index}`);
    const plan = { regions, runs: regions.map((region) => ({ region, name: `${REF.bake}_001_${region}` })) };
    const reason = `role "arn:aws:iam::444455556666:role/ovenbird-target" is refused\n`.repeat(500);
    const lambda = JSON.stringify({ errorType: 'DistributionFailed', errorMessage: reason });
    const failing: TaskStub = () => {
      throw new TaskError('States.TaskFailed', JSON.stringify({ Cause: lambda, Status: 'FAILED' }));
    };

    const run = await runMachine(machine, REF, {
      ...succeed,
      'Plan the distribution': () => plan,
      'Distribute in the region': failing,
    });

    const move = run.calls.find((call) => call.state === 'Move the pointers');
    expect(Buffer.byteLength(JSON.stringify(move?.payload))).toBeLessThan(256 * 1024);
    expect(move?.payload).toMatchObject({ regions: { length: 37 } });
  });

  it('goes straight to the pointers when there is no target', async () => {
    const none: TaskStub = () => ({ regions: [], runs: [] });

    const run = await runMachine(machine, REF, { ...succeed, 'Plan the distribution': none });

    expect(run.status).toBe('SUCCEEDED');
    expect(run.calls.map((call) => call.state)).toEqual(['Plan the distribution', 'Move the pointers']);
  });

  it('tries again when pointers have to wait', async () => {
    const later: TaskStub = (call) => {
      if (call.call < 3) throw new TaskError('TryLater');
      return { moved: 2, failed: 0 };
    };

    const run = await runMachine(machine, REF, { ...succeed, 'Move the pointers': later });

    expect(run.status).toBe('SUCCEEDED');
  });

  it.each(['DistributionFailed', 'ReleaseOutdated', 'AttemptEnded'])(
    'fails as %s when the pointers do',
    async (name) => {
      const failing: TaskStub = () => {
        throw new TaskError(name, 'because');
      };

      const run = await runMachine(machine, REF, { ...succeed, 'Move the pointers': failing });

      expect(run).toMatchObject({ status: 'FAILED', error: name, cause: 'because' });
    },
  );
});

describe('distribute-region machine', () => {
  const input = { ...REF, region: 'eu-central-1' };
  const progress = (waiting: boolean, failedRequired: string[] = []) => ({
    waiting,
    resource: `${REF.bake}.1.eu-central-1`,
    failedRequired,
  });

  it('waits and asks again until all targets have ended', async () => {
    const run = await runMachine(regionMachine, input, {
      'Advance the targets': (call) => progress(call.call < 2, []),
      'Wait for copies': () => ({}),
    });

    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      output: { region: 'eu-central-1', failedRequired: [] },
    });
    expect(run.calls.filter((call) => call.state === 'Wait for copies')).toHaveLength(2);
    expect(payloadProblems(run.calls)).toEqual([]);
  });

  it('tells failed targets as data', async () => {
    const run = await runMachine(regionMachine, input, {
      'Advance the targets': () => progress(false, ['444455556666/eu-central-1/x86-64']),
    });

    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      output: { failedRequired: ['444455556666/eu-central-1/x86-64'] },
    });
  });

  it('ends by its own net when no answer to the wait ever comes', async () => {
    const run = await runMachine(regionMachine, input, {
      'Advance the targets': () => progress(true),
      'Wait for copies': () => NEVER,
    });

    expect(run).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  it('stops when the bake has ended', async () => {
    const run = await runMachine(regionMachine, input, {
      'Advance the targets': () => {
        throw new TaskError('AttemptEnded', 'cancelled');
      },
    });

    expect(run).toMatchObject({ status: 'FAILED', error: 'AttemptEnded' });
  });
});

describe('both machines with their functions', () => {
  it('bring an image to three targets in two regions and make it current there', async () => {
    const places = [
      { account: '444455556666', region: 'eu-west-1' },
      { account: '444455556666', region: 'eu-central-1' },
      { account: '777788889999', region: 'eu-central-1' },
    ];
    const setup = distributionWorld(places);
    await setup.seed();
    const { deps } = setup;
    const region: TaskStub = async (nested) => {
      const run = await runMachine(regionMachine, RegionInputSchema.parse(nested.payload), {
        'Advance the targets': (call) => advanceTargets(deps, RegionInputSchema.parse(call.payload)),
        'Wait for copies': async () => {
          const { region: where } = RegionInputSchema.parse(nested.payload);
          const resource = `${REF.bake}.1.${where}`;
          setup.clock.forward(120);
          expect(await checkCopies(deps, { resource })).toBeUndefined();
          setup.world.finishCopies();
          expect(await checkCopies(deps, { resource })).toEqual({ kind: 'success', output: {} });
          return {};
        },
      });
      if (run.status === 'FAILED') throw new TaskError('States.TaskFailed', run.cause);
      return run.output;
    };

    const run = await runMachine(machine, REF, {
      'Plan the distribution': () => planDistribution(deps, REF),
      'Distribute in the region': region,
      'Move the pointers': (call) => movePointers(deps, MovePointersInputSchema.parse(call.payload)),
    });

    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { moved: 3, failed: 0 } });
    for (const place of places) {
      const shown = setup.readParameter(place) ?? '';
      expect(setup.world.see(place, shown)).toMatchObject({ state: 'available', artifact: place });
    }
  });
});

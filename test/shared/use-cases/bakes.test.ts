import { beforeEach, describe, expect, it } from '@jest/globals';
import { TryLater } from '../../../shared/domain/base/errors.ts';
import { due, keys, TAGS } from '../../../shared/domain/base/naming.ts';
import { InventorySchema } from '../../../shared/domain/packages/inventory.ts';
import {
  ArtifactRecordSchema,
  AttemptRecordSchema,
  BakeRecordSchema,
  StepRecordSchema,
} from '../../../shared/domain/records/bakes.ts';
import { GateRecordSchema } from '../../../shared/domain/records/gates.ts';
import { TestRecordSchema } from '../../../shared/domain/records/tests.ts';
import { cleanUpBake } from '../../../shared/use-cases/bakes/clean-up-bake.ts';
import { finalizeBake, sweepAttempts } from '../../../shared/use-cases/bakes/finalize-bake.ts';
import { beginStep } from '../../../shared/use-cases/bakes/steps.ts';
import { cancelBake } from '../../../shared/use-cases/reconcile/cancel-bake.ts';
import { retryBake } from '../../../shared/use-cases/reconcile/retry-bake.ts';
import {
  allGoesWell,
  BAKE,
  type BakeWorld,
  bakeWorld,
  PIPELINE,
  REF,
  whileWaiting,
} from '../../support/bake-world.ts';
import { fakeEngines } from '../../support/fakes/build-engine.ts';
import { TaskError } from '../../support/run-asl.ts';

let w: BakeWorld;
beforeEach(async () => {
  w = bakeWorld();
  await w.fill();
  allGoesWell(w);
});

const attempt = async (number = 1) =>
  AttemptRecordSchema.parse(await w.table.get(keys.attempt(BAKE, number)));
const image = async () => ArtifactRecordSchema.parse(await w.table.get(keys.artifact(BAKE, 'x86-64')));
const step = async (name: string) => StepRecordSchema.parse(await w.table.get(keys.step(BAKE, 1, name)));
const test = async () => TestRecordSchema.parse(await w.table.get(keys.test(BAKE, 1, 'x86-64', 't3.small')));

describe('a bake that goes well', () => {
  it('builds from its lock, tests on an instance, passes its gates and leaves the image alone', async () => {
    const run = await w.run('bake');

    expect(run.status).toBe('SUCCEEDED');
    const [request] = [...w.engine.started.values()];
    expect(request).toMatchObject({
      parentImage: 'ami-0aaaaaaaaaaaaaaaa',
      components: [{ arn: expect.stringContaining('component/nginx/1.2.0/1'), parameters: { port: '80' } }],
    });
    expect(w.instances.running()).toEqual([]);
    expect([...w.world.images.keys()]).toEqual([(await image()).artifact?.imageId]);
  });

  it('records image, inventory, verdict, outputs and steps', async () => {
    await w.run('bake');

    const recorded = await image();
    expect(recorded).toMatchObject({ verdict: 'passed', digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const inventory = InventorySchema.parse(
      JSON.parse((await w.documents.get(recorded.inventory ?? '')) ?? ''),
    );
    expect(inventory.packages.map(({ name }) => name)).toEqual(['bash', 'nginx']);
    expect((await test()).results.map(({ suite, status }) => [suite, status])).toEqual([
      ['boots', 'passed'],
      ['serves', 'passed'],
    ]);
    expect(await w.documents.get((await test()).results[0]?.output ?? '')).toContain('fine');
    for (const name of ['Preflight', 'Build', 'Test', 'Gate'])
      expect(await step(name)).toMatchObject({ state: 'succeeded', endedAt: expect.any(String) });
  });

  it('marks the image with bake, lineage and verdict', async () => {
    await w.run('bake');

    const { tags } = w.world.images.get((await image()).artifact?.imageId ?? '') ?? { tags: {} };
    expect(tags).toMatchObject({
      [TAGS.bake]: BAKE,
      [TAGS.attempt]: '1',
      [TAGS.pipeline]: PIPELINE,
      [TAGS.verdict]: 'passed',
      [TAGS.lineage]: expect.stringContaining(PIPELINE),
    });
  });
});

describe('preflight', () => {
  it('names field, problem and fix of everything it finds, before anything is built', async () => {
    w.findings.push({ field: 'key', problem: 'the key is disabled', fix: 'Enable it.' });
    w.missing.set('arn:aws:imagebuilder:eu-west-1:111122223333:component/nginx/1.2.0/1', 'it was deleted');

    const run = await w.run('bake');

    expect(run.status).toBe('FAILED');
    const { failure } = await attempt();
    expect(failure).toMatchObject({ step: 'Preflight', name: 'PreflightFailed' });
    expect(failure?.reason).toContain('components[0]');
    expect(failure?.reason).toContain('it was deleted');
    expect(failure?.reason).toContain('distribution.targets[0].key');
    expect(failure?.reason).toContain('Enable it.');
    expect(w.engine.started.size).toBe(0);
  });

  it.each([
    [undefined, 'ami-0aaaaaaaaaaaaaaaa is gone, or is not shared with us any more'],
    ['deregistered', 'ami-0aaaaaaaaaaaaaaaa is deregistered'],
  ])('finds that the image to build on is no longer there (%s)', async (state, problem) => {
    w.bases.set('ami-0aaaaaaaaaaaaaaaa', state === undefined ? undefined : { state });

    await w.run('bake');

    const { failure } = await attempt();
    expect(failure).toMatchObject({ step: 'Preflight', name: 'PreflightFailed' });
    expect(failure?.reason).toContain(problem);
    expect(w.engine.started.size).toBe(0);
  });

  it.each([
    [
      'is made by a pipeline, whatever leads the parameter there',
      { tags: { [TAGS.pipeline]: 'hardened' } },
      'an image of the pipeline hardened or a copy of one. Name the pipeline: base.pipeline: hardened',
    ],
    ['is for another architecture by now', { architecture: 'arm64' }, 'an image for arm64'],
  ])('finds that the image to build on %s', async (_, facts, problem) => {
    const imageId = w.makeImage();
    const image = w.world.images.get(imageId);
    if (image === undefined) throw new Error('There is no image.');
    w.world.images.set('ami-0aaaaaaaaaaaaaaaa', { ...image, id: 'ami-0aaaaaaaaaaaaaaaa', ...facts });

    await w.run('bake');

    expect((await attempt()).failure?.reason).toContain(problem);
    expect(w.engine.started.size).toBe(0);
  });

  it('names the account whose role cannot be assumed', async () => {
    w.closed.add('444455556666');

    await w.run('bake');

    expect((await attempt()).failure?.reason).toContain('444455556666 in us-east-1');
  });

  it('stops for no target that is not required, and says what is to be mended there', async () => {
    w = bakeWorld({
      distribution: {
        targets: [
          { account: '444455556666', regions: ['eu-west-1'] },
          { account: '777788889999', regions: ['eu-west-1'], required: false },
        ],
      },
    });
    await w.fill();
    allGoesWell(w);
    w.closed.add('777788889999');

    const run = await w.run('bake');

    expect(run.status).toBe('SUCCEEDED');
    const preflight = await step('Preflight');
    expect(preflight.summary).toContain('it will not arrive in 1 target that is not required');
    expect(preflight.warnings).toEqual([
      expect.stringMatching(
        /^will not arrive in 777788889999 eu-west-1: .*\. Deploy the template for targets/,
      ),
    ]);
  });

  it('looks at the key of what is shared from another region, and of the build', async () => {
    w = bakeWorld({
      distribution: { targets: [{ account: '444455556666', regions: ['us-east-1'], mode: 'share' }] },
    });
    await w.fill();
    w.buildKeys.byDefault = { key: 'alias/gone', chosenBy: 'account' };

    await w.run('bake');

    const reason = (await attempt()).failure?.reason;
    expect(reason).toContain('build.key');
    expect(reason).toContain('in 111122223333 in us-east-1');
    expect(reason).toContain('resources/shared-images-region.yml');
    expect(w.engine.started.size).toBe(0);
  });

  it('has newer versions reconciled without stopping the bake itself', async () => {
    const { key, selector } = w.bake.lock.base;
    await w.table.write([
      { put: { ...keys.selector(key), key, topic: key, selector, version: 'ami-0newer000000000' } },
    ]);

    const run = await w.run('bake');

    expect(w.planned).toContain(PIPELINE);
    expect(run.status).toBe('SUCCEEDED');
    expect((await step('Preflight')).summary).toContain(key);
  });
});

describe('a bake that fails', () => {
  it('records step, reason and log of a failed build, and leaves nothing behind', async () => {
    whileWaiting(w, ({ resource }) =>
      w.engine.set(resource, {
        state: 'failed',
        reason: 'nginx did not install.',
        log: '/aws/imagebuilder/web',
        artifact: w.makeArtifact(),
      }),
    );

    await w.run('bake');

    expect(await attempt()).toMatchObject({
      state: 'failed',
      failure: {
        step: 'Build',
        name: 'BuildFailed',
        reason: expect.stringContaining('nginx did not install.'),
        log: '/aws/imagebuilder/web',
      },
    });
    expect(await step('Build')).toMatchObject({ state: 'failed' });
    expect(w.leftBehind()).toEqual([]);
  });

  it('names the suites that did not pass', async () => {
    whileWaiting(w, ({ kind, resource }) => {
      if (kind === 'image') w.engine.set(resource, { state: 'available', artifact: w.makeArtifact() });
      if (kind === 'instance') w.instances.ready(resource);
      const served = w.commands.sent.get(resource)?.script.includes('curl') === true;
      w.commands.answer(resource, served ? { status: 'failed', exitCode: 7, stderr: 'refused' } : {});
    });

    await w.run('bake');

    expect((await attempt()).failure).toMatchObject({
      step: 'Gate',
      name: 'GateClosed',
      reason: 'x86-64 on t3.small: suite serves failed with exit code 7',
    });
    expect(await step('Test')).toMatchObject({ state: 'failed' });
    expect((await test()).results).toMatchObject([
      { status: 'passed' },
      { status: 'failed', excerpt: 'refused' },
    ]);
    expect(w.leftBehind()).toEqual([]);
  });

  it('terminates an instance that never became reachable', async () => {
    whileWaiting(w, ({ kind, resource }) => {
      if (kind === 'image') w.engine.set(resource, { state: 'available', artifact: w.makeArtifact() });
      if (kind === 'instance') w.clock.forward(901);
    });

    await w.run('bake');

    expect((await attempt()).failure?.reason).toContain('did not become reachable');
    expect(w.leftBehind()).toEqual([]);
  });

  it('keeps the reasons of a closed gate, and the verdict of each', async () => {
    w.commands.packages = [{ name: 'telnet', version: '0.17' }];

    await w.run('bake');

    expect((await attempt()).failure).toMatchObject({
      step: 'Gate',
      name: 'GateClosed',
      reason:
        'x86-64: required package nginx is not installed; x86-64: forbidden package telnet 0.17 is installed',
    });
    expect(await w.table.get(keys.gate(BAKE, 1, 'tests'))).toMatchObject({ outcome: 'passed' });
    const packages = GateRecordSchema.parse(await w.table.get(keys.gate(BAKE, 1, 'packages')));
    expect(packages).toMatchObject({ outcome: 'failed', reasons: { length: 2 } });
    expect(JSON.parse(w.documents.texts.get(packages.evidence ?? '') ?? '')).toEqual({
      require: ['nginx'],
      forbid: ['telnet'],
      images: [{ variant: 'x86-64', packages: 1 }],
    });
  });

  it.each([
    ['ApprovalRejected', 'rejected'],
    ['ApprovalExpired', 'expired'],
  ])('ends as decided when the approval ends with %s, and refuses the fingerprint', async (error, state) => {
    const decide = () => {
      throw new TaskError(error, 'Rejected by ada: not yet');
    };

    await w.run('bake', { Approve: decide });

    expect((await attempt()).state).toBe(state);
    expect(BakeRecordSchema.parse(await w.table.get(keys.bake(BAKE)))).toMatchObject({ state });
    expect(await w.fingerprint()).toMatchObject({ state: 'refused' });
  });

  it('counts failures, wants its changes again and refuses after the last attempt that the definition allows', async () => {
    const fail = () => {
      throw new TaskError('DistributionFailed', 'no');
    };

    await w.run('bake', { Distribute: fail });

    expect(await w.fingerprint()).toMatchObject({ state: 'failed', failures: 1 });
    expect(await w.status()).toMatchObject({ dirty: true, consecutiveFailures: 1, changes: ['change-1'] });
    expect((await w.status()).activeBake).toBeUndefined();
    expect(w.planned).toEqual([PIPELINE]);
  });

  it('publishes its end once', async () => {
    const execution = 'arn:aws:states:eu-west-1:111122223333:execution:ovenbird-dev-bake:one';
    await w.table.write([{ update: keys.attempt(BAKE, 1), set: { execution } }]);
    await w.run('bake', {
      Distribute: () => {
        throw new TaskError('DistributionFailed', 'no');
      },
    });

    expect(w.published()).toMatchObject([
      {
        detailType: 'Ovenbird Bake Failed',
        detail: { state: 'failed', name: 'DistributionFailed', team: 'shop', execution },
      },
    ]);
  });

  it('keeps a terminal state for ever', async () => {
    await w.run('bake', {
      Distribute: () => {
        throw new TaskError('DistributionFailed', 'no');
      },
    });
    const before = await attempt();

    await w.run('bake');
    await finalizeBake(w, { name: `${BAKE}_001_bake`, status: 'ABORTED' });

    expect(await attempt()).toMatchObject({
      state: 'failed',
      failure: before.failure,
      endedAt: before.endedAt,
    });
    expect(w.published()).toHaveLength(1);
  });
});

describe('a bake that is cancelled', () => {
  it('stops, is cleaned up and recorded as cancelled', async () => {
    const execution = await w.workflows.startBake(`${BAKE}_001_bake`, REF);
    whileWaiting(w, async ({ kind, resource }) => {
      if (kind === 'image') w.engine.set(resource, { state: 'available', artifact: w.makeArtifact() });
      if (kind === 'instance') await cancelBake(w, { bake: BAKE, by: 'ada@example.com' });
    });
    await w.run('build');
    await w.run('test');
    expect(w.instances.all.size).toBe(1);

    await finalizeBake(w, { name: `${BAKE}_001_bake`, status: 'ABORTED', cause: 'Ended by ada' });

    expect(w.workflows.executions.get(execution)?.status).toBe('ABORTED');
    expect(await attempt()).toMatchObject({
      state: 'cancelled',
      failure: { reason: 'Cancelled by ada@example.com' },
    });
    expect(w.leftBehind()).toEqual([]);
    expect(await w.fingerprint()).toMatchObject({ state: 'refused' });
  });

  it('takes away an image that its build made and no longer names', async () => {
    whileWaiting(w, async ({ kind, resource }) => {
      if (kind !== 'image') return;
      w.world.addImage({ ...w.home, tags: { Ec2ImageBuilderArn: resource } });
      w.engine.set(resource, { state: 'failed', reason: 'The image did not become available.' });
    });

    await w.run('bake');

    expect((await attempt()).state).toBe('failed');
    expect(w.leftBehind()).toEqual([]);
  });

  it('ends at once when it was still queued', async () => {
    await cancelBake(w, { bake: BAKE, by: 'ada@example.com' });

    expect((await attempt()).state).toBe('cancelled');
    await expect(w.run('bake')).resolves.toMatchObject({ status: 'FAILED', error: 'AttemptEnded' });
    expect(w.engine.started.size).toBe(0);
  });

  it('says so when it is cancelled twice, and refuses when it is too late', async () => {
    await cancelBake(w, { bake: BAKE, by: 'ada@example.com' });
    await expect(cancelBake(w, { bake: BAKE, by: 'ben@example.com' })).resolves.toMatchObject({
      state: 'cancelled',
    });

    await w.table.write([
      { update: keys.attempt(BAKE, 1), set: { state: 'releasing' }, remove: ['endRequested'] },
    ]);
    await expect(cancelBake(w, { bake: BAKE, by: 'ben@example.com' })).rejects.toMatchObject({
      name: 'BakeNotCancellable',
    });
  });

  it('stops what is nested in it by name', async () => {
    await cleanUpBake(w, REF);

    expect(w.workflows.stopped.map((arn) => arn.split(':').at(-1))).toEqual([
      `${BAKE}_001_build`,
      `${BAKE}_001_test`,
      `${BAKE}_001_approve`,
      `${BAKE}_001_distribute`,
      `${BAKE}_001_distribute-region_eu-west-1`,
      `${BAKE}_001_distribute-region_us-east-1`,
    ]);
  });
});

describe('a bake whose distribution failed', () => {
  const failing = {
    Distribute: async () => {
      await beginStep(w, REF, 'Distribute');
      throw new TaskError('DistributionFailed', 'The key of 444455556666 is disabled.');
    },
  };
  const images = () => [...w.world.images.keys()];

  it('keeps its approved image for three days, and then leaves nothing', async () => {
    await w.run('bake', failing);

    expect(await attempt()).toMatchObject({
      state: 'failed',
      cleanedUp: false,
      keptUntil: expect.any(String),
    });
    expect(images()).toHaveLength(1);
    w.clock.forward(901);
    await sweepAttempts(w);
    expect(images()).toHaveLength(1);
    expect(await sweepAttempts(w)).toMatchObject({ looked: 0 });
    w.clock.forward(3 * 86_400);
    await sweepAttempts(w);
    w.clock.forward(61);
    await sweepAttempts(w);

    expect(w.leftBehind()).toEqual([]);
    expect((await attempt()).cleanedUp).toBe(true);
  });

  it('is tried again from there on, with the image that was approved', async () => {
    await w.run('bake', failing);
    const before = images();
    w.clock.forward(2 * 86_400);
    await retryBake(w, { bake: BAKE, by: 'ada', force: false });
    const ref = { bake: BAKE, attempt: 2 };

    const run = await w.run('bake', {}, ref);
    // Past the time at which the first attempt's image would have gone.
    w.clock.forward(3 * 86_400);
    for (let round = 0; round < 3; round += 1) {
      await cleanUpBake(w, REF);
      w.clock.forward(901);
    }

    expect(run.path.filter((state) => ['Build', 'Test', 'Approve', 'Distribute'].includes(state))).toEqual([
      'Distribute',
    ]);
    expect(await w.table.get(keys.step(BAKE, 2, 'Approve'))).toMatchObject({
      state: 'skipped',
      summary: expect.stringContaining('attempt 1'),
    });
    expect(images()).toEqual(before);
    expect(await image()).toMatchObject({ attempt: 2, artifact: { imageId: before[0] } });
  });

  it('is built again when the image is gone by then', async () => {
    await w.run('bake', failing);
    w.world.images.clear();
    await retryBake(w, { bake: BAKE, by: 'ada', force: false });

    const run = await w.run('bake', {}, { bake: BAKE, attempt: 2 });

    expect(run.path).toContain('Build');
    expect(await attempt(2)).not.toHaveProperty('continues');
  });

  it('keeps nothing when a person ended it', async () => {
    await w.run('bake', {
      Distribute: async () => {
        await beginStep(w, REF, 'Distribute');
        const endRequested = { as: 'cancelled', by: 'ada', at: w.clock.now().toISOString() };
        await w.table.write([{ update: keys.attempt(BAKE, 1), set: { endRequested } }]);
        throw new TaskError('AttemptEnded', 'no');
      },
    });

    expect(w.leftBehind()).toEqual([]);
  });
});

describe('a build that its engine does not know yet', () => {
  it('is waited for, and is no end of the build', async () => {
    w.engine.status = async () => ({ state: 'unknown' });
    const build = w.run('build', { 'Record the image': () => ({}) });

    await expect(build).resolves.toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  it('fails when it should be known long since', async () => {
    w.engine.status = async () => ({ state: 'unknown' });
    whileWaiting(w, () => w.clock.forward(301));

    const build = await w.run('build');

    expect(build).toMatchObject({
      status: 'FAILED',
      error: 'BuildFailed',
      cause: expect.stringContaining('not known'),
    });
  });

  it('is ended once it is known, when its bake has ended meanwhile', async () => {
    await w.run('build');
    const [build = ''] = w.engine.started.keys();
    const { status } = w.engine;
    w.engine.status = async () => ({ state: 'unknown' });
    await finalizeBake(w, { name: `${BAKE}_001_bake`, status: 'TIMED_OUT' });
    expect(w.engine.known()).toEqual([build]);

    w.engine.status = status;
    w.clock.forward(61);
    await sweepAttempts(w);

    expect(w.leftBehind()).toEqual([]);
  });
});

describe('a bake whose machine is gone', () => {
  it('is found by the sweep and ended, though no event came', async () => {
    await w.workflows.startBake(`${BAKE}_001_bake`, REF);
    await w.run('build');
    const arn = w.workflows.executionArn('bake', `${BAKE}_001_bake`);
    w.workflows.executions.set(arn, { status: 'TIMED_OUT' });

    w.clock.forward(901);
    expect(await sweepAttempts(w)).toMatchObject({ ended: 1 });

    expect(await attempt()).toMatchObject({ state: 'failed', failure: { name: 'States.Timeout' } });
    expect(w.leftBehind()).toEqual([]);
  });

  it('is left alone while its execution runs', async () => {
    await w.workflows.startBake(`${BAKE}_001_bake`, REF);
    await w.run('build');

    w.clock.forward(901);
    expect(await sweepAttempts(w)).toMatchObject({ looked: 1, ended: 0 });
    expect(await sweepAttempts(w)).toMatchObject({ looked: 0 });

    expect((await attempt()).state).toBe('building');
  });

  it('is cleaned up a last time when nothing can be under way any more', async () => {
    await w.run('bake', {
      Distribute: () => {
        throw new TaskError('DistributionFailed', 'no');
      },
    });
    const tags = { [TAGS.bake]: BAKE, [TAGS.attempt]: '1' };
    await w.instances.launch({
      clientToken: 'late',
      imageId: 'ami-1',
      instanceTypes: ['t3.small'],
      placement: {},
      placing: 0,
      tags,
    });

    w.clock.forward(901);
    await sweepAttempts(w);
    expect(w.leftBehind()).toEqual([]);
    expect((await attempt()).cleanedUp).toBe(false);
    w.clock.forward(61);
    await sweepAttempts(w);

    expect((await attempt()).cleanedUp).toBe(true);
    w.clock.forward(9000);
    expect(await sweepAttempts(w)).toMatchObject({ looked: 0 });
  });

  it('ends though it cannot be cleaned up, which is made up for later', async () => {
    await w.workflows.startBake(`${BAKE}_001_bake`, REF);
    await w.run('build');
    const stuck = {
      ...w,
      removeCopies: async () => {
        throw new TryLater('EC2 has no time');
      },
    };

    const ending = finalizeBake(stuck, { name: `${BAKE}_001_bake`, status: 'ABORTED' });

    await expect(ending).rejects.toThrow('EC2 has no time');
    expect((await attempt()).state).toBe('cancelled');
    w.clock.forward(61);
    await sweepAttempts(w);
    expect(w.leftBehind()).toEqual([]);
  });

  it('leaves no record at its engine once it is released: an account holds a limited number of them', async () => {
    await w.run('build');
    await w.table.write([{ update: keys.attempt(BAKE, 1), set: { state: 'released' } }]);
    expect(w.engine.known()).toHaveLength(1);

    w.clock.forward(901);
    await sweepAttempts(w);

    expect(w.engine.known()).toEqual([]);
    expect(await sweepAttempts(w)).toMatchObject({ looked: 0 });
  });

  it('does not keep the sweep from others while it cannot be cleaned up', async () => {
    await w.run('bake', {
      Distribute: () => {
        throw new TaskError('DistributionFailed', 'no');
      },
    });
    const other = '01JTESTBAKE0000000000000WC';
    await w.table.write([
      {
        put: {
          ...keys.attempt(other, 1),
          bake: other,
          attempt: 1,
          state: 'released',
          startedAt: w.clock.now().toISOString(),
          duePk: due.attempt,
          dueSk: new Date(w.clock.now().getTime() + 100_000).toISOString(),
        },
      },
    ]);
    const stuck = {
      ...w,
      removeCopies: async () => {
        throw new TryLater('EC2 has no time');
      },
    };
    w.clock.forward(901);

    const swept = await sweepAttempts(stuck);

    expect(swept).toMatchObject({ looked: 2, cleaned: 1 });
    expect(swept.problems).toEqual([
      { bake: BAKE, attempt: 1, error: expect.objectContaining({ name: 'TryLater' }) },
    ]);
    expect(await sweepAttempts(stuck)).toMatchObject({ looked: 0 });
    w.clock.forward(61);
    expect(await sweepAttempts(w)).toMatchObject({ looked: 1, cleaned: 1 });
  });

  it('is looked at again soon while its build is still ending', async () => {
    await w.run('build');
    const [build = ''] = w.engine.started.keys();
    w.engine.set(build, { state: 'running' });
    const ending = { ...w, engines: fakeEngines({ ...w.engine, cancel: async () => ({ ended: false }) }) };
    await finalizeBake(ending, { name: `${BAKE}_001_bake`, status: 'TIMED_OUT' });
    expect(w.engine.known()).toEqual([build]);

    w.clock.forward(61);
    await sweepAttempts(w);

    expect(w.leftBehind()).toEqual([]);
  });

  it.each([['foreign-execution'], [`${BAKE}_001_build`], ['01JTESTBAKE0000000000000XX_001_bake']])(
    'lets %s go',
    async (name) => {
      expect(await finalizeBake(w, { name, status: 'FAILED' })).toBe('not-ours');
    },
  );
});

describe('trying again', () => {
  const fail = () => {
    throw new TaskError('DistributionFailed', 'no');
  };

  it('queues a second attempt with the same lock and starts it', async () => {
    await w.run('bake', { Distribute: fail });

    const second = await retryBake(w, { bake: BAKE, by: 'ada@example.com', force: false });

    expect(second).toMatchObject({ attempt: 2, state: 'queued' });
    expect((await attempt(2)).requestedBy).toBe('ada@example.com');
    expect([...w.workflows.executions.keys()]).toEqual([
      expect.stringContaining(`ovenbird-dev-bake:${BAKE}_002_bake`),
    ]);
    expect(await w.status()).toMatchObject({ activeBake: BAKE });
    expect(await w.fingerprint()).toMatchObject({ state: 'baking', failures: 1 });
    expect((await attempt(1)).state).toBe('failed');
  });

  it('is refused while the bake runs, or another one of the pipeline does', async () => {
    await expect(retryBake(w, { bake: BAKE, by: 'ada', force: false })).rejects.toMatchObject({
      name: 'BakeNotRetryable',
    });
    await w.run('bake', { Distribute: fail });
    await w.table.write([{ update: keys.status(PIPELINE), set: { activeBake: 'another' } }]);

    await expect(retryBake(w, { bake: BAKE, by: 'ada', force: false })).rejects.toThrow(/is baking another/);
  });

  it('leaves the second attempt alone when the first is cleaned up a last time', async () => {
    await w.run('bake', { Distribute: fail });
    await retryBake(w, { bake: BAKE, by: 'ada', force: false });
    const { build } = await w.engine.start({
      bake: BAKE,
      attempt: 2,
      pipeline: PIPELINE,
      variant: 'x86-64',
      architecture: 'x86_64',
      parentImage: 'ami-1',
      components: [],
      instanceTypes: [],
      placement: {},
      placing: 0,
      metadata: { httpTokens: 'required' },
      volumes: [],
      parentDevices: [],
      tags: {},
      instanceTags: {},
    });
    await w.table.write([
      { update: keys.artifact(BAKE, 'x86-64'), set: { attempt: 2, build }, remove: ['removed', 'artifact'] },
    ]);

    await cleanUpBake(w, REF);

    expect(w.engine.known()).toEqual([build]);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { EvidenceSchema } from '../../../shared/domain/approval/evidence.ts';
import { keys, TAGS } from '../../../shared/domain/base/naming.ts';
import {
  ArtifactRecordSchema,
  AttemptRecordSchema,
  BakeRecordSchema,
  StepRecordSchema,
} from '../../../shared/domain/records/bakes.ts';
import { ChannelRecordSchema } from '../../../shared/domain/records/releases.ts';
import { FingerprintRecordSchema, PipelineStatusSchema } from '../../../shared/domain/records/status.ts';
import { TestRecordSchema } from '../../../shared/domain/records/tests.ts';
import { gatherEvidence } from '../../../shared/use-cases/approval/gather-evidence.ts';
import { checkPreflight } from '../../../shared/use-cases/bakes/check-preflight.ts';
import { cleanUpBake } from '../../../shared/use-cases/bakes/clean-up-bake.ts';
import { recordOutcome } from '../../../shared/use-cases/bakes/record-outcome.ts';
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
import { TaskError } from '../../support/run-asl.ts';

const RETAINED_BAKE = '01JTESTBAKE0000000000000KP';
const OTHER_PROOF = 'd'.repeat(64);
const TARGETS = ['444455556666/eu-west-1/copy', '444455556666/us-east-1/copy'];

let w: BakeWorld;
let imageId: string;
const artifact = () => ({
  kind: 'ami',
  account: '111122223333',
  region: 'eu-west-1',
  imageId,
  snapshotIds: [],
});

/** The bake uses the image of an earlier one, which is released; `current` where that release is still in the channel. */
async function startFromRetainedImage(
  startsAt: 'Test' | 'Approve' | 'Distribute',
  given: { current?: boolean } = {},
) {
  w = bakeWorld();
  await w.fill();
  allGoesWell(w);
  imageId = w.makeImage();
  const own = w.world.images.get(imageId);
  Object.assign(own?.tags ?? {}, {
    [TAGS.bake]: RETAINED_BAKE,
    [TAGS.attempt]: '1',
    [TAGS.verdict]: 'passed',
  });
  const at = w.clock.now().toISOString();
  const proof = startsAt === 'Test' ? OTHER_PROOF : w.bake.proof;
  const isCurrent = given.current ?? startsAt !== 'Distribute';
  const channel = {
    pipeline: PIPELINE,
    channel: 'stable',
    release: 'release-1',
    bake: isCurrent ? RETAINED_BAKE : '01JTESTBAKE00000000000THER',
    bits: isCurrent ? w.bake.bits : 'f'.repeat(64),
    proof,
    sequence: 1,
    images: {},
    targets: TARGETS.slice(0, 1),
    at,
  };
  await w.documents.put(
    'bakes/retained/inventory.json',
    JSON.stringify({ image: imageId, packages: [{ name: 'nginx', version: '1.26.2' }] }),
    'application/json',
  );
  await w.table.write([
    { put: { ...keys.bake(BAKE), ...w.bake, startsAt, reusesBake: RETAINED_BAKE } },
    {
      put: {
        ...keys.bake(RETAINED_BAKE),
        ...w.bake,
        id: RETAINED_BAKE,
        proof,
        state: 'released',
        release: 'release-1',
      },
    },
    {
      put: {
        ...keys.attempt(RETAINED_BAKE, 1),
        bake: RETAINED_BAKE,
        attempt: 1,
        state: 'released',
        startedAt: at,
      },
    },
    {
      put: {
        ...keys.artifact(RETAINED_BAKE, 'x86-64'),
        bake: RETAINED_BAKE,
        attempt: 1,
        variant: 'x86-64',
        engine: 'imageBuilder',
        build: 'arn:aws:imagebuilder:eu-west-1:111122223333:image/web/1.0.0/1',
        artifact: artifact(),
        inventory: 'bakes/retained/inventory.json',
        inventoryDigest: 'packages',
        verdict: 'passed',
      },
    },
    {
      put: {
        ...keys.test(RETAINED_BAKE, 1, 'x86-64', 't3.small'),
        bake: RETAINED_BAKE,
        attempt: 1,
        variant: 'x86-64',
        instanceType: 't3.small',
        results: [{ suite: 'boots', status: 'passed', excerpt: 'of before' }],
      },
    },
    {
      put: {
        ...keys.gate(RETAINED_BAKE, 1, 'tests'),
        bake: RETAINED_BAKE,
        attempt: 1,
        name: 'tests',
        outcome: 'passed',
        reasons: ['passed before'],
        judgedAt: at,
      },
    },
    { put: { ...keys.channel(PIPELINE, 'stable'), ...channel } },
    {
      update: keys.fingerprint(PIPELINE, w.bake.bits, w.bake.proof),
      set: startsAt === 'Test' ? {} : { retained: RETAINED_BAKE, targets: TARGETS.slice(0, 1) },
    },
  ]);
}

const attempt = async (number = 1) =>
  AttemptRecordSchema.parse(await w.table.get(keys.attempt(BAKE, number)));
const bake = async () => BakeRecordSchema.parse(await w.table.get(keys.bake(BAKE)));
const image = async () => ArtifactRecordSchema.parse(await w.table.get(keys.artifact(BAKE, 'x86-64')));
const step = async (name: string) => StepRecordSchema.parse(await w.table.get(keys.step(BAKE, 1, name)));
const fingerprint = async () =>
  FingerprintRecordSchema.parse(await w.table.get(keys.fingerprint(PIPELINE, w.bake.bits, w.bake.proof)));
const planning = async () => PipelineStatusSchema.parse(await w.table.get(keys.status(PIPELINE)));
const rejected = () => {
  throw new TaskError('ApprovalRejected', 'Not there.');
};

describe('a retained image that is judged in a new way', () => {
  beforeEach(() => startFromRetainedImage('Test'));

  it('is tested on an instance, gated and approved, and nothing is built', async () => {
    const run = await w.run('bake');

    expect(run.status).toBe('SUCCEEDED');
    expect(run.path).not.toContain('Build');
    expect(w.engine.started.size).toBe(0);
    expect([...w.instances.all.values()]).toEqual([expect.objectContaining({ imageId })]);
    expect(await image()).toMatchObject({
      artifact: { imageId },
      reusedFrom: RETAINED_BAKE,
      verdict: 'passed',
      inventory: 'bakes/retained/inventory.json',
      inventoryDigest: 'packages',
    });
    expect(await step('Build')).toMatchObject({
      state: 'skipped',
      summary: `The retained image of bake ${RETAINED_BAKE} is used.`,
    });
    expect(await step('Gate')).toMatchObject({ state: 'succeeded' });
  });

  it('keeps its inventory: its packages are not read again', async () => {
    await w.run('bake');

    const comments = [...w.commands.sent.values()].map(({ comment }) => comment);
    expect(comments).toEqual(['ovenbird web boots', 'ovenbird web serves']);
  });

  it('gets an inventory where it has none', async () => {
    await w.table.write([
      {
        update: keys.artifact(RETAINED_BAKE, 'x86-64'),
        set: { inventoryProblem: 'it ran out of time' },
        remove: ['inventory', 'inventoryDigest'],
      },
    ]);

    await w.run('bake');

    expect(await image()).toMatchObject({
      reusedFrom: RETAINED_BAKE,
      inventory: `bakes/${BAKE}/inventory-001-x86-64.json`,
      inventoryDigest: expect.any(String),
    });
    expect(await image()).not.toHaveProperty('inventoryProblem');
  });

  it('stays what it is when it does not pass: the release, its tags, its image', async () => {
    whileWaiting(w, ({ kind, resource }) => {
      if (kind === 'instance') w.instances.ready(resource);
      if (kind === 'command') w.commands.answer(resource, { status: 'failed', exitCode: 1 });
    });

    await w.run('bake');

    expect((await attempt()).state).toBe('failed');
    expect(w.world.images.get(imageId)?.tags).toMatchObject({
      [TAGS.bake]: RETAINED_BAKE,
      [TAGS.verdict]: 'passed',
    });
    expect(await fingerprint()).toMatchObject({ state: 'failed', failures: 1 });
    expect(w.leftBehind()).toEqual([imageId]);
  });

  it('is taken over once, however often the preflight is repeated', async () => {
    await checkPreflight(w, REF);
    await w.table.write([{ update: keys.artifact(BAKE, 'x86-64'), set: { verdict: 'passed' } }]);

    expect(await checkPreflight(w, REF)).toEqual({ ...REF, startsAt: 'Test' });

    expect(await image()).toMatchObject({ reusedFrom: RETAINED_BAKE, verdict: 'passed' });
    expect(await step('Build')).toMatchObject({ state: 'skipped' });
  });

  it('is not judged by what it passed before', async () => {
    await w.run('bake', { Test: () => REF });

    expect((await attempt()).failure).toMatchObject({ name: 'GateClosed' });
  });

  it('refuses this way of judging alone when people say no', async () => {
    await w.run('bake', { Approve: rejected });

    expect(await fingerprint()).toMatchObject({ state: 'refused' });
    expect(await planning()).not.toHaveProperty('refusedTargets');
    expect(w.leftBehind()).toEqual([imageId]);
  });

  it('needs what tests it, and neither base nor components', async () => {
    w.missing.set('/aws/service/ami', 'it was deleted');
    w.missing.set('arn:aws:imagebuilder:eu-west-1:111122223333:component/nginx/1.2.0/1', 'it was deleted');

    expect((await w.run('bake')).status).toBe('SUCCEEDED');
  });

  it('shows in its evidence that it is retained, and the results of now', async () => {
    await w.run('bake');

    const evidence = await gatherEvidence(w, REF, await bake(), toRevision());
    expect(EvidenceSchema.parse(evidence).retained).toEqual({
      bake: RETAINED_BAKE,
      startsAt: 'Test',
      targets: [],
    });
    expect(evidence.tests[0]?.results.map(({ excerpt }) => excerpt)).toEqual(['fine', 'fine']);
  });
});

describe('a release that is to go to new targets', () => {
  beforeEach(() => startFromRetainedImage('Approve'));

  it('is neither built nor tested', async () => {
    const run = await w.run('bake');

    expect(run.status).toBe('SUCCEEDED');
    expect(run.path).toEqual(expect.not.arrayContaining(['Build', 'Test', 'Evaluate gates']));
    for (const name of ['Build', 'Test', 'Gate'])
      expect(await step(name)).toMatchObject({ state: 'skipped' });
    expect(await image()).toMatchObject({ verdict: 'passed' });
  });

  it('asks people for the new targets alone, with the tests that it passed', async () => {
    await w.run('bake');

    const evidence = await gatherEvidence(w, REF, await bake(), toRevision());
    expect(evidence.targets).toEqual([expect.objectContaining({ regions: ['us-east-1'] })]);
    expect(evidence.retained).toEqual({
      bake: RETAINED_BAKE,
      startsAt: 'Approve',
      targets: TARGETS.slice(0, 1),
    });
    expect(evidence.tests[0]?.results[0]?.excerpt).toBe('of before');
    expect(evidence.gates).toEqual([{ name: 'tests', outcome: 'passed', reasons: ['passed before'] }]);
  });

  it.each(['ApprovalRejected', 'ApprovalExpired'])(
    '%s: stays where it is, and is not asked for again',
    async (name) => {
      await w.run('bake', {
        Approve: () => {
          throw new TaskError(name, 'no');
        },
      });

      expect(await fingerprint()).toMatchObject({ state: 'released', bake: RETAINED_BAKE, failures: 0 });
      expect(await planning()).toMatchObject({ refusedTargets: TARGETS.slice(1), consecutiveFailures: 0 });
      expect(w.leftBehind()).toEqual([imageId]);
      const channel = ChannelRecordSchema.parse(await w.table.get(keys.channel(PIPELINE, 'stable')));
      expect(channel).toMatchObject({ bake: RETAINED_BAKE, sequence: 1 });
    },
  );

  it('counts a failure and stays released', async () => {
    await w.run('bake', {
      Distribute: () => {
        throw new TaskError('DistributionFailed', 'AccessDenied');
      },
    });

    expect(await fingerprint()).toMatchObject({
      state: 'released',
      bake: RETAINED_BAKE,
      failures: 1,
      lastFailureAt: expect.any(String),
    });
    expect(await planning()).toMatchObject({ consecutiveFailures: 1 });
    expect(await planning()).not.toHaveProperty('refusedTargets');
    expect(w.leftBehind()).toEqual([imageId]);
  });

  it('is tried again with the same image when a person asks', async () => {
    await w.run('bake', { Approve: rejected });

    await retryBake(w, { bake: BAKE, by: 'ada', force: false });

    expect(await fingerprint()).toMatchObject({ state: 'baking', bake: BAKE, retained: RETAINED_BAKE });
    await w.run('bake', {}, { bake: BAKE, attempt: 2 });
    expect(await image()).toMatchObject({ attempt: 2, artifact: { imageId }, reusedFrom: RETAINED_BAKE });
    expect(w.engine.started.size).toBe(0);
  });

  it.each(['cancelled', 'superseded'] as const)('keeps its image when it is %s', async (as) => {
    const at = w.clock.now().toISOString();
    await w.table.write([{ update: keys.attempt(BAKE, 1), set: { endRequested: { as, by: 'ada', at } } }]);

    await cleanUpBake(w, REF);
    await recordOutcome(w, { ...REF, error: { name: 'States.Aborted', cause: '' } });
    await cleanUpBake(w, REF);

    expect(w.leftBehind()).toEqual([imageId]);
    expect(await fingerprint()).toMatchObject({ state: 'released', bake: RETAINED_BAKE });
  });
});

describe('a release that is pointed to again', () => {
  beforeEach(() => startFromRetainedImage('Distribute'));

  it('asks no approver: it was approved', async () => {
    const run = await w.run('bake');

    expect(run.path).not.toContain('Approve');
    expect(await step('Approve')).toMatchObject({
      state: 'skipped',
      summary: `Approved before: the release of bake ${RETAINED_BAKE} is pointed to again.`,
    });
  });

  it('is retained but not wanted again when a person cancels it', async () => {
    await cancelBake(w, { bake: BAKE, by: 'ada' });
    await cleanUpBake(w, REF);
    await recordOutcome(w, { ...REF, error: { name: 'States.Aborted', cause: '' } });

    expect(await fingerprint()).toMatchObject({ state: 'refused', retained: RETAINED_BAKE });
    expect(w.leftBehind()).toEqual([imageId]);
  });
});

describe('test components', () => {
  const arn = 'arn:aws:imagebuilder:eu-west-1:111122223333:component/web-check';
  const tested = (imageBuilderTests = false) => {
    w = bakeWorld({
      tests: {
        suites: [{ name: 'boots', script: 'true' }],
        components: [{ component: 'web-check/1.x.x', parameters: { port: '80' } }],
      },
      build: { imageBuilderTests },
    });
    const selector = { kind: 'component', arn: `${arn}/1.x.x` } as const;
    w.bake.lock.tests.push({ key: `component:${arn}/1.x.x`, selector, version: `${arn}/1.0.0/1` });
    allGoesWell(w);
    return w.fill();
  };

  it('are run on the candidate after the suites, each with a result of its own', async () => {
    await tested();

    await w.run('bake');

    const sent = [...w.commands.sent.values()].at(-1);
    expect(sent?.script).toContain(`${arn}/1.0.0/1`);
    expect(sent?.comment).toBe('ovenbird web component.web-check');
    const { results } = TestRecordSchema.parse(await w.table.get(keys.test(BAKE, 1, 'x86-64', 't3.small')));
    expect(results.map(({ suite, status }) => [suite, status])).toEqual([
      ['boots', 'passed'],
      ['component.web-check', 'passed'],
    ]);
    expect([...w.engine.started.values()][0]).not.toHaveProperty('tests');
  });

  it('count for the verdict', async () => {
    await tested();
    const goOn = w.commands.send;
    w.commands.send = async (request) => {
      const sent = await goOn(request);
      const isComponent = request.comment.endsWith('component.web-check');
      if (isComponent) w.commands.answer(sent.command, { status: 'failed', exitCode: 1 });
      return sent;
    };
    whileWaiting(w, ({ kind, resource }) => {
      if (kind === 'image') w.engine.set(resource, { state: 'available', artifact: w.makeArtifact() });
      if (kind === 'instance') w.instances.ready(resource);
      if (w.commands.sent.get(resource)?.comment.endsWith('boots'))
        w.commands.answer(resource, { stdout: 'fine' });
    });

    await w.run('bake');

    expect((await attempt()).failure?.reason).toContain('test component web-check failed with exit code 1');
  });

  it('are given to the engine where its own tests are on', async () => {
    await tested(true);

    await w.run('bake');

    expect([...w.engine.started.values()][0]).toMatchObject({
      tests: [{ arn: `${arn}/1.0.0/1`, parameters: { port: '80' } }],
    });
  });
});

describe('a lock that holds the inventory of its base', () => {
  it('builds on the images that stand beside it', async () => {
    w = bakeWorld();
    const selector = { kind: 'pipeline', pipeline: 'base', channel: 'stable' } as const;
    w.bake.lock.base = {
      key: 'pipeline:base/stable',
      selector,
      version: 'inventory:abc',
      detail: { 'x86-64': 'ami-0123456789abcdef0' },
    };
    await w.fill();
    allGoesWell(w);

    const run = await w.run('bake');

    expect(run.status).toBe('SUCCEEDED');
    expect([...w.engine.started.values()][0]).toMatchObject({ parentImage: 'ami-0123456789abcdef0' });
    expect(w.planned).not.toContain(PIPELINE);
  });
});

describe('a retained image that is gone', () => {
  it.each(['Test', 'Approve', 'Distribute'] as const)(
    'is built, tested and approved instead (%s)',
    async (startsAt) => {
      await startFromRetainedImage(startsAt);
      w.world.images.delete(imageId);

      const run = await w.run('bake');

      expect(run.path).toEqual(expect.arrayContaining(['Build', 'Test', 'Evaluate gates', 'Approve']));
      expect((await step('Preflight')).summary).toContain(`${imageId} is gone`);
      expect(await bake()).not.toHaveProperty('reusesBake');
      expect(await image()).not.toHaveProperty('reusedFrom');
    },
  );

  it('is no reason to keep what is built instead when people say no', async () => {
    await startFromRetainedImage('Distribute');
    w.world.images.delete(imageId);

    await w.run('bake', { Approve: rejected });

    expect(await fingerprint()).toMatchObject({ state: 'refused' });
    expect(await fingerprint()).not.toHaveProperty('retained');
    expect(w.leftBehind()).toEqual([]);
  });
});

function toRevision() {
  const { definition } = w;
  return { definition } as Parameters<typeof gatherEvidence>[3];
}

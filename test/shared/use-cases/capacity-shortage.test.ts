/** What a bake does where there is no room for its instances. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { keys } from '../../../shared/domain/base/naming.ts';
import { AttemptRecordSchema, StepRecordSchema } from '../../../shared/domain/records/bakes.ts';
import { placeBuild } from '../../../shared/use-cases/bakes/place-build.ts';
import { launchTestInstance } from '../../../shared/use-cases/tests/launch-test-instance.ts';
import { allGoesWell, BAKE, type BakeWorld, bakeWorld, REF, whileWaiting } from '../../support/bake-world.ts';

const SUBNETS = ['subnet-0aaaaaaaaaaaaaaaa', 'subnet-0bbbbbbbbbbbbbbbb'];
const full = { reason: 'InsufficientInstanceCapacity: no capacity in eu-west-1a', isLasting: false };

let w: BakeWorld;
beforeEach(async () => {
  w = bakeWorld({
    build: { placement: { subnets: SUBNETS } },
    tests: {
      suites: [{ name: 'boots', script: 'true' }],
      instanceTypes: ['t3.small'],
      fallbackInstanceTypes: ['t3a.small'],
      placement: { subnets: SUBNETS },
    },
  });
  for (const subnet of SUBNETS)
    w.placements.subnets.set(subnet, `arn:aws:ec2:eu-west-1:111122223333:vpc/${w.placements.limits.vpc}`);
  await w.fill();
  allGoesWell(w);
});

const attempt = async () => AttemptRecordSchema.parse(await w.table.get(keys.attempt(BAKE, 1)));
const step = async (name: string) => StepRecordSchema.parse(await w.table.get(keys.step(BAKE, 1, name)));

/** The world goes on as ever, and time passes while the bake waits for room. */
function letTimePass(act: (round: number) => void = () => {}): { rounds: () => number } {
  let rounds = 0;
  whileWaiting(w, ({ kind, resource }) => {
    if (kind === 'image') w.engine.set(resource, { state: 'available', artifact: w.makeArtifact() });
    if (kind === 'instance') w.instances.ready(resource);
    if (kind === 'command') w.commands.answer(resource, { stdout: 'fine' });
    if (kind !== 'capacity') return;
    rounds += 1;
    act(rounds);
    w.clock.forward(601);
  });
  return { rounds: () => rounds };
}

describe('a test instance', () => {
  it('runs in the next subnet where the first has no room', async () => {
    w.instances.full.set(`t3.small ${SUBNETS[0]}`, full);

    expect(await w.run('bake')).toMatchObject({ status: 'SUCCEEDED' });

    expect([...w.instances.all.values()]).toMatchObject([{ instanceType: 't3.small', subnet: SUBNETS[1] }]);
  });

  it('runs on the next type where no subnet has room', async () => {
    w.instances.full.set('t3.small', full);

    expect(await w.run('bake')).toMatchObject({ status: 'SUCCEEDED' });

    expect([...w.instances.all.values()]).toMatchObject([{ instanceType: 't3a.small', subnet: SUBNETS[0] }]);
  });

  it('waits where none has room, says so, and runs when there is some', async () => {
    for (const type of ['t3.small', 't3a.small']) w.instances.full.set(type, full);
    let said: string | undefined;
    const noted: Promise<unknown>[] = [];
    const time = letTimePass((round) => {
      noted.push(step('Test').then(({ summary }) => (said ??= summary)));
      if (round === 3) w.instances.full.clear();
    });

    expect(await w.run('bake')).toMatchObject({ status: 'SUCCEEDED' });
    await Promise.all(noted);

    expect(time.rounds()).toBe(3);
    expect(said).toMatch(/^No room for a test instance of x86-64 since .*: InsufficientInstanceCapacity/);
    expect((await attempt()).failure).toBeUndefined();
  });

  it('ends the bake with the true reason after hours, which counts against nobody', async () => {
    for (const type of ['t3.small', 't3a.small']) w.instances.full.set(type, full);
    const time = letTimePass();

    await w.run('bake');

    expect(await attempt()).toMatchObject({
      state: 'failed',
      failure: {
        step: 'Test',
        name: 'NoCapacity',
        reason: expect.stringContaining('InsufficientInstanceCapacity: no capacity in eu-west-1a'),
      },
    });
    expect(time.rounds()).toBe(36);
    expect(await w.status()).toMatchObject({ consecutiveFailures: 0 });
    expect(await w.fingerprint()).toMatchObject({ state: 'failed', failures: 0, shortages: 1 });
    expect(w.leftBehind()).toEqual([]);
  });

  it('is not waited for where no placement can ever have it', async () => {
    const never = { reason: 'Unsupported: not in your Availability Zone', isLasting: true };
    for (const type of ['t3.small', 't3a.small']) w.instances.full.set(type, never);
    const time = letTimePass();

    await w.run('bake');

    expect((await attempt()).failure).toMatchObject({
      name: 'NoCapacity',
      reason: expect.stringContaining('Unsupported'),
    });
    expect(time.rounds()).toBe(0);
  });

  it('is launched elsewhere when it ends for want of room, and counted once however often that is told', async () => {
    await w.run('build');
    const input = { ...REF, variant: 'x86-64', instanceType: 't3.small', suites: ['boots'] };
    await launchTestInstance(w, input);
    const [instance = ''] = w.instances.running();
    w.instances.lose(instance);
    const lost = { instance, reason: 'Server.InsufficientInstanceCapacity' };

    const second = await launchTestInstance(w, { ...input, lost });
    expect(await launchTestInstance(w, { ...input, lost })).toEqual(second);

    expect([...w.instances.all.values()].map(({ subnet }) => subnet)).toEqual(SUBNETS);
  });
});

describe('a build', () => {
  /** The first builds end for want of room. */
  function failBuilds(times: number): void {
    let failed = 0;
    whileWaiting(w, ({ kind, resource }) => {
      if (kind === 'capacity') w.clock.forward(601);
      if (kind === 'instance') w.instances.ready(resource);
      if (kind === 'command') w.commands.answer(resource, { stdout: 'fine' });
      if (kind !== 'image') return;
      failed += 1;
      w.engine.set(
        resource,
        failed <= times
          ? { state: 'failed', reason: 'We do not have sufficient capacity.', isShortage: true }
          : { state: 'available', artifact: w.makeArtifact() },
      );
    });
  }

  it.each([1, 2, 5])('that had no room %s times is started anew at the next placement', async (times) => {
    failBuilds(times);

    expect(await w.run('bake')).toMatchObject({ status: 'SUCCEEDED' });

    expect([...w.engine.started.values()].map(({ placing }) => placing)).toEqual(
      Array.from({ length: times + 1 }, (_, index) => index),
    );
  });

  it('ends the bake after hours, and nothing of all its tries is left', async () => {
    failBuilds(1000);

    await w.run('bake');

    expect(await attempt()).toMatchObject({
      failure: {
        step: 'Build',
        name: 'NoCapacity',
        reason: expect.stringContaining('We do not have sufficient capacity.'),
      },
    });
    expect(w.engine.started.size).toBeGreaterThan(60);
    expect(w.leftBehind()).toEqual([]);
  });

  it('is replaced once, however often that is asked', async () => {
    await w.run('build', { 'Record the image': () => REF });
    const [build = ''] = w.engine.known();
    const input = { ...REF, variant: 'x86-64', build, shortage: 'No capacity.' };

    const next = await placeBuild(w, input);
    expect(await placeBuild(w, input)).toEqual(next);

    expect(w.engine.known()).toEqual([build, next.build]);
  });
});

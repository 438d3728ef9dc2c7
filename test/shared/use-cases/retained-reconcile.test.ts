/** From a change to the end of a bake that uses a retained image, as reconcile sees it. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BakeRecord } from '../../../shared/domain/records/bakes.ts';
import type { ChannelRecord } from '../../../shared/domain/records/releases.ts';
import { enablePipeline } from '../../../shared/use-cases/definitions/enable-pipeline.ts';
import {
  ami,
  BASE_PARAMETER,
  type PipelineFixture,
  type ReconcileWorld,
  reconcileWorld,
} from '../../support/reconcile-world.ts';

const NAME = 'web';
const distributeTo = (region: string) => ({
  targets: [{ account: '444455556666', regions: ['eu-west-1', region] }],
});
const spec = (more: PipelineFixture['more'] = {}): PipelineFixture => ({
  name: NAME,
  base: BASE_PARAMETER,
  more: { distribution: { targets: [{ account: '444455556666', regions: ['eu-west-1'] }] }, ...more },
});

let w: ReconcileWorld;
const bake = (): BakeRecord => {
  const found = w.running().find(({ pipeline }) => pipeline === NAME);
  if (found === undefined) throw new Error('Nothing bakes.');
  return found;
};
const channel = (): ChannelRecord => {
  const found = w.channel(NAME);
  if (found === undefined) throw new Error('Nothing is released.');
  return found;
};
async function releaseAll(): Promise<void> {
  await w.runUntilIdle();
  for (let next = w.running()[0]; next !== undefined; next = w.running()[0]) {
    await w.release(next.id);
    await w.runUntilIdle();
  }
}
async function changeBase(to: number): Promise<void> {
  w.parameters.set(BASE_PARAMETER, ami(to));
  await w.resync();
  await w.runUntilIdle();
}

beforeEach(async () => {
  w = reconcileWorld();
  await w.apply(spec());
  await w.apply({ name: 'shop', base: NAME });
  await releaseAll();
});

describe('a suite that changed', () => {
  it('tests the retained image again, and no dependent bakes', async () => {
    const [first, release] = [channel().bake, channel().release];

    await w.apply(spec({ tests: { suites: [{ name: 'boots', script: 'sleep 1' }] } }));
    await w.runUntilIdle();

    expect(bake()).toMatchObject({ startsAt: 'Test', reusesBake: first });
    await releaseAll();
    expect(channel()).toMatchObject({ release, sequence: 2, proof: w.pipeline(NAME).spec.proof });
    expect(w.bakes('shop')).toHaveLength(1);
    expect(w.status('shop')?.dirty).toBe(false);
  });
});

describe('an image that has been judged in many ways', () => {
  it('is found among them, on however many pages they are', async () => {
    w = reconcileWorld({ pageSize: 1 });
    await w.apply(spec());
    await releaseAll();
    const retained = channel().bake;

    for (const script of ['sleep 1', 'sleep 2', 'sleep 3', 'sleep 4']) {
      await w.apply(spec({ tests: { suites: [{ name: 'boots', script }] } }));
      await w.runUntilIdle();
      expect(bake()).toMatchObject({ startsAt: 'Test', reusesBake: retained });
      await w.fail(bake().id, 'ApprovalRejected', 'Not there.');
      await w.runUntilIdle();
    }
  });
});

describe('a target that is new', () => {
  beforeEach(async () => {
    await w.apply(spec({ distribution: distributeTo('us-east-1') }));
    await w.runUntilIdle();
  });

  it('is approved and distributed to without a bake of anything', async () => {
    const release = channel().release;
    expect(bake().startsAt).toBe('Approve');

    await releaseAll();

    expect(channel()).toMatchObject({
      release,
      targets: ['444455556666/eu-west-1/copy', '444455556666/us-east-1/copy'],
    });
    expect(w.bakes('shop')).toHaveLength(1);
  });

  it('is not wanted again after a person refused it, until a bake is requested', async () => {
    await w.advanceTo(bake().id, 'Approve');
    await w.fail(bake().id, 'ApprovalRejected', 'Not there.');
    await w.runUntilIdle();

    expect(w.running()).toEqual([]);
    expect(w.status(NAME)).toMatchObject({ refusedTargets: ['444455556666/us-east-1/copy'], dirty: false });
    expect(w.status(NAME)?.decision).toMatchObject({ kind: 'up-to-date' });

    expect(await w.request(NAME)).toMatchObject({ kind: 'started' });
    expect(bake().startsAt).toBe('Approve');
    await releaseAll();
    expect(w.status(NAME)).not.toHaveProperty('refusedTargets');
  });

  it('is asked for again when another one is added', async () => {
    await w.advanceTo(bake().id, 'Approve');
    await w.fail(bake().id, 'ApprovalExpired', 'Expired.');
    await w.runUntilIdle();

    await w.apply(spec({ distribution: distributeTo('ap-south-1') }));
    await w.runUntilIdle();

    expect(bake().startsAt).toBe('Approve');
  });

  const failsTooOften = async () => {
    for (let failed = 0; failed < 5; failed += 1) {
      await w.fail(bake().id, 'DistributionFailed', 'AccessDenied');
      w.clock.forward(6 * 3600);
      await w.sweep();
      await w.runUntilIdle();
    }
  };

  it('that failed too often is not tried again for other words, but for another target', async () => {
    await failsTooOften();

    await w.apply(spec({ description: 'In other words.', distribution: distributeTo('us-east-1') }));
    await w.runUntilIdle();

    expect(w.running()).toEqual([]);
    expect(w.status(NAME)?.decision?.reasons.map(({ code }) => code)).toContain('too-many-failures');
    await w.apply(spec({ distribution: distributeTo('ap-south-1') }));
    await w.runUntilIdle();
    expect(bake().startsAt).toBe('Approve');
  });

  it('that a person refused is not wanted again for another description', async () => {
    await w.fail(bake().id, 'ApprovalRejected', 'Not there.');
    await w.runUntilIdle();

    await w.apply(spec({ description: 'In other words.', distribution: distributeTo('us-east-1') }));
    await w.runUntilIdle();

    expect(w.running()).toEqual([]);
  });

  it('is tried again once the pipeline is enabled, as often as at first', async () => {
    await failsTooOften();

    await enablePipeline(w.ports, { pipeline: NAME });
    await w.fail(bake().id, 'DistributionFailed', 'AccessDenied');
    await w.runUntilIdle();

    expect(w.status(NAME)?.decision).toMatchObject({ kind: 'hold', reasons: [{ code: 'back-off' }] });
    expect(w.status(NAME)?.decision?.reasons[0]?.message).toContain('failed 1 time');
  });

  it('waits longer after each failure, and for a person after too many', async () => {
    await w.fail(bake().id, 'DistributionFailed', 'AccessDenied');
    await w.runUntilIdle();

    expect(w.status(NAME)?.decision).toMatchObject({ kind: 'hold', reasons: [{ code: 'back-off' }] });
    for (let failed = 1; failed < 5; failed += 1) {
      w.clock.forward(6 * 3600);
      await w.sweep();
      await w.runUntilIdle();
      await w.fail(bake().id, 'DistributionFailed', 'AccessDenied');
      await w.runUntilIdle();
    }
    w.clock.forward(24 * 3600);
    await w.sweep();
    await w.runUntilIdle();
    expect(w.running()).toEqual([]);
    const codes = w.status(NAME)?.decision?.reasons.map(({ code }) => code);
    expect(codes).toEqual(['too-many-failures', 'back-off']);
    expect(channel().sequence).toBe(1);
  });
});

describe('a parameter that moves and moves back', () => {
  it('points to the first release again, and what is built on it follows', async () => {
    const [first, child] = [channel().release, w.channel('shop')?.release];
    await changeBase(2);
    await releaseAll();
    expect(channel().release).not.toBe(first);

    await changeBase(1);

    expect(bake()).toMatchObject({ startsAt: 'Distribute' });
    await releaseAll();
    expect(channel()).toMatchObject({ release: first, sequence: 3 });
    expect(w.channel('shop')).toMatchObject({ release: child, sequence: 3 });
    expect(w.bakes('shop').map(({ startsAt }) => startsAt)).toEqual(['Build', 'Build', 'Distribute']);
  });

  it('is not pointed back when a person cancels that, and not built when they ask again', async () => {
    await changeBase(2);
    await releaseAll();
    await changeBase(1);
    await w.fail(bake().id, 'States.Aborted', 'stopped');
    await w.runUntilIdle();

    expect(w.running()).toEqual([]);
    expect(w.status(NAME)?.decision).toMatchObject({ reasons: [{ code: 'refused' }] });

    await w.request(NAME);

    expect(bake()).toMatchObject({ startsAt: 'Distribute' });
  });

  it('leaves the release that it would point to as it was when it fails', async () => {
    await changeBase(2);
    await releaseAll();
    await changeBase(1);
    const { bits, proof, reusesBake } = bake();
    await w.fail(bake().id, 'DistributionFailed', 'AccessDenied');
    await w.runUntilIdle();

    expect(w.fingerprint(NAME, { bits, proof })).toMatchObject({
      state: 'released',
      bake: reusesBake,
      failures: 1,
    });
    w.clock.forward(60);
    await w.runUntilIdle();
    expect(bake()).toMatchObject({ startsAt: 'Distribute', reusesBake });
  });
});

describe('a retained release that could not be pointed to again', () => {
  it('is refused after too many failures, whatever comes and goes meanwhile', async () => {
    const volume = (rootVolumeGiB: number) => w.apply(spec({ build: { rootVolumeGiB } }));
    await volume(20);
    await releaseAll();
    await w.apply(spec());
    await w.runUntilIdle();
    for (let failed = 0; failed < 5; failed += 1) {
      expect(bake().startsAt).toBe('Distribute');
      await w.fail(bake().id, 'DistributionFailed', 'AccessDenied');
      w.clock.forward(6 * 3600);
      await w.sweep();
      await w.runUntilIdle();
    }
    await volume(30);
    await releaseAll();

    await w.apply(spec());
    await w.runUntilIdle();

    expect(w.running()).toEqual([]);
    expect(w.status(NAME)?.decision?.reasons).toMatchObject([{ code: 'refused' }]);
    await enablePipeline(w.ports, { pipeline: NAME });
    expect(bake().startsAt).toBe('Distribute');
  });
});

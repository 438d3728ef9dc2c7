/** What a second reconcile of a held pipeline does, and one beside which something else happens. */
import { describe, expect, it } from '@jest/globals';
import { approvalId } from '../../../shared/domain/approval/approval-id.ts';
import { due, keys } from '../../../shared/domain/base/naming.ts';
import type { ApprovalRecord } from '../../../shared/domain/records/approvals.ts';
import { reconcilePipeline } from '../../../shared/use-cases/reconcile/reconcile-pipeline.ts';
import {
  changeBase,
  changeComponent,
  daily,
  listHoldCodes,
  listRunning,
  releaseAll,
} from '../../support/reconcile-steps.ts';
import { ami, BASE_PARAMETER, type ReconcileWorld, reconcileWorld } from '../../support/reconcile-world.ts';

/** How a pipeline comes to be held, by the code; the answer is its world. */
const HELD: Readonly<Record<string, (name: string) => Promise<ReconcileWorld>>> = {
  schedule: async (name) => {
    const world = reconcileWorld();
    await world.apply({ name, base: BASE_PARAMETER, triggers: daily });
    await world.runUntilIdle();
    return world;
  },
  refused: async (name) => {
    const world = reconcileWorld();
    await world.apply({ name, base: BASE_PARAMETER });
    await world.runUntilIdle();
    for (const { id } of world.running()) await world.fail(id, 'ApprovalRejected', 'Not there.');
    await world.runUntilIdle();
    return world;
  },
  'ancestor-in-progress': async (name) => {
    const world = reconcileWorld();
    world.components.set('agents', '1.0.0');
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.apply({ name, base: 'base', components: ['agents/1.x.x'] });
    await world.apply({ name: 'child', base: name });
    await world.runUntilIdle();
    await releaseAll(world);
    await changeBase(world, 2);
    await changeComponent(world, 'agents', '1.1.0');
    return world;
  },
  'wave-unconfirmed': async (name) => {
    const world = reconcileWorld({ limits: { wave: 1 } });
    for (const each of [name, 'other']) {
      await world.apply({ name: each, base: BASE_PARAMETER });
      await world.runUntilIdle();
      await releaseAll(world);
    }
    await changeBase(world, 2);
    return world;
  },
  concurrency: async (name) => {
    const world = reconcileWorld({ limits: { bakes: 1 } });
    for (const each of ['other', name]) {
      await world.apply({ name: each, base: BASE_PARAMETER });
      await world.runUntilIdle();
    }
    return world;
  },
};

describe('a pipeline that is held as before', () => {
  it.each(Object.keys(HELD))('is not written again and enqueues none: %s', async (code) => {
    const world = (await HELD[code]?.('app')) ?? reconcileWorld();
    expect(listHoldCodes(world, 'app')).toEqual([code]);
    const before = world.status('app');
    expect(world.reconcileRequests.filter(({ at }) => at <= world.clock.now().getTime())).toEqual([]);
    const requests = world.reconcileRequests.length;

    const outcome = await reconcilePipeline(world.ports, 'app');

    expect(outcome).toMatchObject({ kind: 'held', reasons: [{ code }] });
    expect(world.status('app')).toEqual(before);
    expect(world.reconcileRequests).toHaveLength(requests);
  });
});

it('a pipeline whose maxHold is over stays in the queue for a slot until it gets one', async () => {
  const world = reconcileWorld({ limits: { bakes: 2 } });
  world.components.set('agents', '1.0.0');
  for (const parameter of ['/first', '/second']) world.parameters.set(parameter, ami(7));
  const triggers = { maxHold: '10m' };
  await world.apply({ name: 'parent', base: BASE_PARAMETER });
  await world.apply({ name: 'child', base: 'parent', components: ['agents/1.x.x'], triggers });
  await world.runUntilIdle();
  await releaseAll(world);
  await changeBase(world, 2);
  await changeComponent(world, 'agents', '1.1.0');
  expect(listHoldCodes(world, 'child')).toEqual(['ancestor-in-progress']);
  await world.apply({ name: 'first', base: '/first' });
  await world.runUntilIdle();
  await world.apply({ name: 'long', base: '/second' });
  await world.apply({ name: 'longer', base: 'long' });
  await world.apply({ name: 'longest', base: 'longer' });
  await world.runUntilIdle();
  expect(listRunning(world)).toEqual(['parent', 'first']);
  world.clock.forward(601);
  const first = world.running().find(({ pipeline }) => pipeline === 'first');
  await world.release(first?.id ?? '');

  // A slot is free, and the head of the queue has not taken it yet.
  await reconcilePipeline(world.ports, 'child');
  expect(world.status('child')?.decision?.reasons).toMatchObject([{ code: 'concurrency', pipeline: 'long' }]);
  await reconcilePipeline(world.ports, 'long');
  await reconcilePipeline(world.ports, 'child');

  expect(listRunning(world)).toEqual(['parent', 'long']);
  expect(world.status('child')?.decision?.reasons).toMatchObject([{ code: 'concurrency', used: 2 }]);
  expect(world.table.peek(keys.status('child'))?.duePk).toBe(due.slotQueue('account'));
});

describe('a bake that newer versions overtake', () => {
  it('is not superseded where it is approved between the look at it and the record', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    const [bake] = world.running();
    const ref = { bake: bake?.id ?? '', attempt: 1 };
    const { table } = world.ports;
    const { write } = table;
    let isFirst = true;
    table.write = async (writes) => {
      if (isFirst && writes.some((entry) => 'update' in entry && entry.set?.endRequested !== undefined)) {
        isFirst = false;
        await world.advanceTo(ref.bake, 'Approve');
        await write([{ put: { ...keys.approval(approvalId(world.ports.digest, ref)), ...approved(ref) } }]);
      }
      await write(writes);
    };

    await changeBase(world, 2);

    expect(isFirst).toBe(false);
    expect(world.table.peek(keys.attempt(ref.bake, 1))).not.toHaveProperty('endRequested');
    expect(listHoldCodes(world, 'base')).toEqual(['after-approval']);
  });

  it('is named in the answer to a request, as the one that ends first', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    const [bake] = world.running();
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(`ssm:eu-west-1:${BASE_PARAMETER}`);

    const answer = await world.request('base');

    expect(answer).toMatchObject({
      kind: 'held',
      reasons: [{ code: 'bake-running', bake: bake?.id, phase: 'superseded' }],
    });
    expect(answer).toMatchObject({ reasons: world.status('base')?.decision?.reasons });
  });
});

function approved(ref: { readonly bake: string; readonly attempt: number }): ApprovalRecord {
  const at = '2026-03-02T08:00:00.000Z';
  return {
    id: 'a',
    ...ref,
    pipeline: 'base',
    approvers: ['ada@example.com'],
    principals: {},
    round: 1,
    earlierRounds: [],
    quorum: 1,
    barred: [],
    imageDigest: 'i',
    evidenceDigest: 'e',
    targetsDigest: 't',
    evidence: '',
    state: 'approved',
    requestedAt: at,
    expiresAt: '2026-03-05T08:00:00.000Z',
    notified: [],
    voteCount: 1,
    decision: { by: 'ada@example.com', at, comment: '', via: 'link' },
  };
}

import { beforeEach, describe, expect, it } from '@jest/globals';
import { approvalId } from '../../../shared/domain/approval/approval.ts';
import { keys, waitId } from '../../../shared/domain/base/naming.ts';
import { decideApproval } from '../../../shared/use-cases/approval/decide-approval.ts';
import { voidApprovals } from '../../../shared/use-cases/approval/void-approvals.ts';
import { ADA, type ApprovalWorld, approvalWorld, BAKE, BEN } from '../../support/approval-world.ts';

let world: ApprovalWorld;
let approval: string;
beforeEach(async () => {
  world = approvalWorld();
  await world.fill();
  approval = (await world.request()).approval;
});
const decide = (decision: 'approved' | 'rejected', by: string) =>
  decideApproval(world, { approval, decision, comment: 'because', by, via: 'link' });
const row = () => world.table.get(keys.approval(approval));

async function registerWait(): Promise<void> {
  const id = waitId('approval', approval);
  const at = world.clock.now().toISOString();
  const wait = {
    id,
    kind: 'approval',
    resource: approval,
    bake: BAKE,
    attempt: 1,
    token: 't',
    state: 'pending',
  };
  await world.table.write([{ put: { ...keys.wait(id), ...wait, createdAt: at, expiresAt: at } }]);
}

async function nextAttempt(change: () => Promise<void> = async () => undefined): Promise<void> {
  await change();
  const attempt = { bake: BAKE, attempt: 2, state: 'gating', startedAt: world.clock.now().toISOString() };
  const tests = await world.table.get(keys.test(BAKE, 1, 'x86-64', 't3.small'));
  const gate = await world.table.get(keys.step(BAKE, 1, 'Gate'));
  await world.table.write([
    { update: keys.bake(BAKE), set: { attempt: 2 } },
    { put: { ...keys.attempt(BAKE, 2), ...attempt } },
    { put: { ...tests, ...keys.test(BAKE, 2, 'x86-64', 't3.small'), attempt: 2 } },
    { put: { ...gate, ...keys.step(BAKE, 2, 'Gate'), attempt: 2 } },
  ]);
}

describe('decideApproval', () => {
  it('lets exactly one decision win when many come at once', async () => {
    const rushed = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        decide(index % 2 === 0 ? 'approved' : 'rejected', `p${index}@x.io`),
      ),
    );

    const stored = await row();
    const won = rushed.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const lost = rushed.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(won.every((record) => record.state === stored?.state)).toBe(true);
    expect(new Set(won.map((record) => record.decision?.by)).size).toBe(1);
    expect(lost.every((error) => error.name === 'DecisionConflict')).toBe(true);
    expect(won.length + lost.length).toBe(20);
  });

  it('is not lost when the machine registers its wait in the same moment', async () => {
    await Promise.all([decide('approved', ADA), registerWait()]);

    const wait = await world.table.get(keys.wait(waitId('approval', approval)));
    const decision = await row();
    expect(decision?.state).toBe('approved');
    // Either it ended the wait, or the wait came after it and finds the decision when it looks.
    expect(['pending', 'decided']).toContain(wait?.state);
  });

  it('is refused to whoever asked for any attempt of the bake, and open to everybody else', async () => {
    await world.table.write([{ update: keys.attempt(BAKE, 1), set: { state: 'failed' } }]);
    await nextAttempt();
    await world.table.write([{ update: keys.attempt(BAKE, 2), set: { requestedBy: ADA } }]);
    const second = await world.request(2);

    const own = decideApproval(world, {
      approval: second.approval,
      decision: 'approved',
      comment: '',
      by: ADA.toUpperCase(),
      via: 'link',
    });
    await expect(own).rejects.toMatchObject({ name: 'SelfApprovalRefused' });
    const other = await decideApproval(world, {
      approval: second.approval,
      decision: 'approved',
      comment: '',
      by: BEN,
      via: 'link',
    });
    expect(other.state).toBe('approved');
  });

  it('comes too late once the time is over, whoever notices first', async () => {
    world.clock.forward(3 * 86_400 + 1);

    await expect(decide('approved', ADA)).rejects.toThrow(/expired at 2026-11-24 08:00 UTC.*ovenbird retry/);
    expect((await row())?.state).toBe('open');
  });

  it('is refused when the request was withdrawn', async () => {
    expect(await voidApprovals(world, { bake: BAKE, attempt: 1 })).toBe(1);

    await expect(decide('approved', ADA)).rejects.toThrow('was withdrawn');
  });

  it('knows nothing of ids that were never given', async () => {
    await expect(
      decideApproval(world, {
        approval: 'f'.repeat(32),
        decision: 'approved',
        comment: '',
        by: ADA,
        via: 'api',
      }),
    ).rejects.toMatchObject({ name: 'ApprovalNotFound' });
  });
});

describe('a new attempt', () => {
  const second = () => world.table.get(keys.approval(approvalId(world.digest, { bake: BAKE, attempt: 2 })));

  it('keeps a decision while image, evidence and targets are the same, and asks nobody again', async () => {
    await decide('approved', BEN);
    await nextAttempt();

    const answer = await world.request(2);

    expect(answer).toMatchObject({ waiting: false, outcome: { decision: 'approved', by: BEN } });
    expect(world.notifier.asked).toHaveLength(2);
    expect(await second()).toMatchObject({ state: 'approved', attempt: 2 });
  });

  it('asks again when the image is another one', async () => {
    await decide('approved', BEN);
    await nextAttempt(async () => {
      await world.table.write([
        { update: keys.artifact(BAKE, 'x86-64'), set: { imageId: 'ami-0cccccccccccccccc' } },
      ]);
    });

    expect(await world.request(2)).toMatchObject({ waiting: true });
    expect(world.notifier.asked).toHaveLength(4);
  });

  it('does not take a rejection for a yes', async () => {
    await decide('rejected', BEN);
    await nextAttempt();

    expect(await world.request(2)).toMatchObject({ waiting: true });
  });
});

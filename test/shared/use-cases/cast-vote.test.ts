import { beforeEach, describe, expect, it } from '@jest/globals';
import { approvalId } from '../../../shared/domain/approval/approval-id.ts';
import { keys, waitId } from '../../../shared/domain/base/naming.ts';
import { castVote } from '../../../shared/use-cases/approval/cast-vote.ts';
import { voidApprovals } from '../../../shared/use-cases/approval/void-approvals.ts';
import { ADA, type ApprovalWorld, ARTIFACT, approvalWorld, BAKE, BEN } from '../../support/approval-world.ts';

let world: ApprovalWorld;
let approval: string;
beforeEach(async () => {
  world = approvalWorld();
  await world.fill();
  approval = (await world.request()).approval;
});
const vote = (
  answer: 'approve' | 'reject',
  approver: string,
  more: { via?: 'api'; comment?: string; approval?: string } = {},
) => castVote(world, { approval, approver, answer, comment: 'because', via: 'link', ...more });
const row = () => world.table.get(keys.approval(approval));
const votes = (of = approval) =>
  world.table.items().filter((item) => item.pk === keys.approval(of).pk && item.sk.startsWith('VOTE#'));

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
  const gate = await world.table.get(keys.gate(BAKE, 1, 'tests'));
  await world.table.write([
    { update: keys.bake(BAKE), set: { attempt: 2 } },
    { put: { ...keys.attempt(BAKE, 2), ...attempt } },
    { put: { ...tests, ...keys.test(BAKE, 2, 'x86-64', 't3.small'), attempt: 2 } },
    { put: { ...gate, ...keys.gate(BAKE, 2, 'tests'), attempt: 2 } },
  ]);
}

describe('castVote', () => {
  it('lets exactly one vote decide when many come at once', async () => {
    const approvers = Array.from({ length: 20 }, (_, index) => `p${index}@example.com`);
    await world.table.write([{ update: keys.approval(approval), set: { approvers } }]);
    const rushed = await Promise.allSettled(
      approvers.map((approver, index) => vote(index % 2 === 0 ? 'approve' : 'reject', approver)),
    );

    const stored = await row();
    const won = rushed.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const lost = rushed.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(won.every((record) => record.state === stored?.state)).toBe(true);
    expect(new Set(won.map((record) => record.decision?.by)).size).toBe(1);
    expect(lost.every((error) => error.name === 'DecisionConflict')).toBe(true);
    expect(won.length + lost.length).toBe(20);
    expect(votes()).toMatchObject([{ approver: won[0]?.decision?.by }]);
  });

  it('is not lost when the machine registers its wait in the same moment', async () => {
    await Promise.all([vote('approve', ADA), registerWait()]);

    const wait = await world.table.get(keys.wait(waitId('approval', approval)));
    const decision = await row();
    expect(decision?.state).toBe('approved');
    // Either it ended the wait, or the wait came after it and finds the decision when it looks.
    expect(['pending', 'decided']).toContain(wait?.state);
  });

  it('does not let a requester of any attempt approve, and lets another approver', async () => {
    await world.table.write([{ update: keys.attempt(BAKE, 1), set: { state: 'failed' } }]);
    await nextAttempt();
    await world.table.write([{ update: keys.attempt(BAKE, 2), set: { requestedBy: ADA } }]);
    const second = await world.request(2);

    const own = vote('approve', ADA.toUpperCase(), { approval: second.approval });
    await expect(own).rejects.toMatchObject({ name: 'SelfApprovalRefused' });
    expect(votes(second.approval)).toEqual([]);
    const other = await vote('approve', BEN, { approval: second.approval });
    expect(other.state).toBe('approved');
  });

  it('lets a requester reject', async () => {
    await world.table.write([{ update: keys.approval(approval), set: { barred: [ADA] } }]);

    expect(await vote('reject', ADA)).toMatchObject({ state: 'rejected', decision: { by: ADA } });
  });

  it('takes a vote from named approvers only, and says how to be one', async () => {
    const arn = `arn:aws:sts::111122223333:assumed-role/Operator/${ADA}`;

    await expect(vote('approve', 'eve@example.com')).rejects.toThrow('not among the approvers');
    await expect(vote('approve', arn, { via: 'api' })).rejects.toMatchObject({
      code: 'not-an-approver',
      message: expect.stringContaining(
        'name arn:aws:iam::111122223333:role/Operator among the principals of an approver in the definition of hardened',
      ),
    });
    expect((await row())?.state).toBe('open');
  });

  it('waits for the second approver where two are needed, also when they vote in the same moment', async () => {
    await world.table.write([{ update: keys.approval(approval), set: { quorum: 2 } }]);

    const [first, second] = await Promise.all([vote('approve', ADA), vote('approve', BEN)]);

    expect([first.state, second.state]).toEqual(['open', 'approved']);
    expect(votes()).toHaveLength(2);
    expect(await world.table.get(keys.step(BAKE, 1, 'Approve'))).toMatchObject({ state: 'succeeded' });
  });

  it('counts one person once, under whatever name, and keeps their first vote', async () => {
    const arn = 'arn:aws:sts::111122223333:assumed-role/Operator/whatever';
    const principals = { [ADA]: ['arn:aws:iam::111122223333:role/Operator'] };
    await world.table.write([{ update: keys.approval(approval), set: { quorum: 2, principals } }]);
    await vote('approve', ADA);

    expect(await vote('approve', arn, { via: 'api' })).toMatchObject({ state: 'open' });
    await expect(vote('reject', arn, { via: 'api' })).rejects.toThrow('a vote is final');
    expect(votes()).toMatchObject([{ approver: ADA, answer: 'approve' }]);
  });

  it('comes too late once the time is over, before and after the row says so', async () => {
    world.clock.forward(3 * 86_400 + 1);

    await expect(vote('approve', ADA)).rejects.toThrow(/expired at 2026-11-24 08:00 UTC.*ovenbird retry/);
    await expect(vote('reject', BEN)).rejects.toMatchObject({ facts: { approval, state: 'expired' } });
    expect((await row())?.state).toBe('open');
  });

  it('is refused when the request was withdrawn', async () => {
    expect(await voidApprovals(world, { bake: BAKE, attempt: 1 })).toBe(1);

    await expect(vote('approve', ADA)).rejects.toThrow('was withdrawn');
  });

  it('knows nothing of ids that were never given', async () => {
    await expect(vote('approve', ADA, { approval: 'f'.repeat(32) })).rejects.toMatchObject({
      name: 'ApprovalNotFound',
    });
  });
});

describe('a new attempt', () => {
  const second = () => world.table.get(keys.approval(approvalId(world.digest, { bake: BAKE, attempt: 2 })));

  it('keeps an approval and its votes while image, evidence and targets are the same, and sends no link', async () => {
    await vote('approve', BEN);
    await nextAttempt();

    const answer = await world.request(2);

    expect(answer).toMatchObject({ waiting: false, outcome: { decision: 'approved', by: BEN } });
    expect(world.notifier.asked).toHaveLength(2);
    expect(await second()).toMatchObject({ state: 'approved', attempt: 2 });
    expect(votes(answer.approval)).toMatchObject([{ approver: BEN, answer: 'approve' }]);
  });

  it('asks again when the image is another one', async () => {
    await vote('approve', BEN);
    await nextAttempt(async () => {
      await world.table.write([
        {
          update: keys.artifact(BAKE, 'x86-64'),
          set: { artifact: { ...ARTIFACT, imageId: 'ami-0cccccccccccccccc' } },
        },
      ]);
    });

    expect(await world.request(2)).toMatchObject({ waiting: true });
    expect(world.notifier.asked).toHaveLength(4);
  });

  it('does not keep a rejection', async () => {
    await vote('reject', BEN);
    await nextAttempt();

    expect(await world.request(2)).toMatchObject({ waiting: true });
  });
});

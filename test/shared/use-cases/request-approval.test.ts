import { beforeEach, describe, expect, it } from '@jest/globals';
import { EvidenceSchema } from '../../../shared/domain/approval/evidence.ts';
import { due, keys, lists } from '../../../shared/domain/base/naming.ts';
import { ADA, type ApprovalWorld, approvalWorld, BAKE, BEN } from '../../support/approval-world.ts';

let world: ApprovalWorld;
beforeEach(async () => {
  world = approvalWorld();
  await world.fill();
});
const rows = (prefix: string) => world.table.items().filter((row) => row.pk.startsWith(prefix));

describe('requestApproval', () => {
  it('freezes the evidence and records the request under its digest', async () => {
    const answer = await world.request();

    expect(answer).toMatchObject({ waiting: true, timeoutSeconds: 3 * 86_400 });
    const record = await world.table.get(keys.approval(answer.approval));
    expect(record).toMatchObject({ state: 'open', bake: BAKE, attempt: 1, listPk: lists.approvals });
    const evidence = EvidenceSchema.parse(
      JSON.parse((await world.documents.get(String(record?.evidence))) ?? ''),
    );
    expect(evidence.changes[0]?.to).toMatch('harden-ssh/1.1.0/1');
    expect(evidence.gates).toEqual([
      { name: 'tests', outcome: 'passed', reasons: ['all tests have passed'], evidenceDigest: 'd' },
    ]);
    expect(evidence.packages).toEqual([
      { variant: 'x86-64', total: 1, diff: { added: [], removed: [], changed: [] } },
    ]);
  });

  it('sends each approver an own link', async () => {
    await world.request();

    expect(world.notifier.asked.map((entry) => entry.approver)).toEqual([ADA, BEN]);
    expect(world.findLink(ADA)).not.toBe(world.findLink(BEN));
    expect(world.findLink(ADA)).not.toContain('ada');
    expect(world.notifier.asked[0]?.message.text).not.toContain(world.findLink(BEN));
  });

  it('publishes an event without any link', async () => {
    await world.request();

    const [event, ...more] = rows('OUTBOX#');
    expect(more).toEqual([]);
    expect(event).toMatchObject({ detailType: 'Ovenbird Approval Requested', duePk: due.outbox });
    expect(JSON.stringify(event)).not.toContain('/approvals/');
  });

  it('sends each link and each event once when it is repeated', async () => {
    const first = await world.request();
    const second = await world.request();

    expect(second).toEqual(first);
    expect(world.notifier.asked).toHaveLength(2);
    expect(rows('OUTBOX#')).toHaveLength(1);
  });

  it('goes on with the next approver when it died after the first', async () => {
    const { askApprover } = world.notifier;
    world.notifier.askApprover = async (approver, message) => {
      if (approver === BEN) throw new Error('killed');
      await askApprover(approver, message);
    };
    await expect(world.request()).rejects.toThrow('killed');
    world.notifier.askApprover = askApprover;

    await world.request();

    expect(world.notifier.asked.map((entry) => entry.approver)).toEqual([ADA, BEN]);
  });

  it('names approvers without a confirmed subscription, and fails when none has one', async () => {
    world.notifier.confirmed = [ADA.toUpperCase()];
    await world.request();
    expect((await world.table.get(keys.step(BAKE, 1, 'Approve')))?.summary).toContain(
      `${BEN} has not confirmed`,
    );

    world = approvalWorld();
    await world.fill();
    world.notifier.confirmed = [];
    await expect(world.request()).rejects.toThrow(/ada@example.com and ben@example.com have no confirmed/);
    expect(rows('APPROVAL#')).toEqual([]);
  });

  it('sends no link when the definition asks for no approval', async () => {
    world = approvalWorld({ required: false });
    await world.fill();

    expect(await world.request()).toMatchObject({ waiting: false, outcome: { decision: 'not-required' } });
    expect(world.notifier.asked).toEqual([]);
    expect(await world.table.get(keys.step(BAKE, 1, 'Approve'))).toMatchObject({ state: 'skipped' });
  });

  it('sends no link for an attempt that is to end', async () => {
    const endRequested = { as: 'cancelled', by: 'ops', at: world.clock.now().toISOString() };
    await world.table.write([{ update: keys.attempt(BAKE, 1), set: { endRequested } }]);

    await expect(world.request()).rejects.toMatchObject({ name: 'AttemptEnded' });
    expect(world.notifier.asked).toEqual([]);
  });
});

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

  it('says why the packages are not known', async () => {
    const inventoryProblem = 'neither rpm nor dpkg knows of a package in it';
    await world.table.write([
      { update: keys.artifact(BAKE, 'x86-64'), set: { inventoryProblem }, remove: ['inventory'] },
    ]);

    const { approval } = await world.request();

    const record = await world.table.get(keys.approval(approval));
    const evidence = EvidenceSchema.parse(
      JSON.parse((await world.documents.get(String(record?.evidence))) ?? ''),
    );
    expect(evidence.packages).toMatchObject([{ variant: 'x86-64', total: 0, unknown: inventoryProblem }]);
    const text = world.notifier.asked[0]?.message.text.replaceAll(/\s+/g, ' ');
    expect(text).toContain(`not known in x86-64: ${inventoryProblem}`);
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

  it('makes no link that another person would get too, says which subscription to end, and fails when none is left', async () => {
    const arn = 'arn:aws:sns:eu-west-1:111122223333:approvals:1';
    world.notifier.foreign = [{ arn, endpoint: 'mallory@example.com', approvers: [ADA.toUpperCase()] }];
    await world.request();
    expect(world.notifier.asked.map(({ approver }) => approver)).toEqual([BEN]);
    expect((await world.table.get(keys.step(BAKE, 1, 'Approve')))?.summary).toContain(
      `${ADA} gets no link, because mallory@example.com would get it too. End that subscription: aws sns unsubscribe --subscription-arn ${arn}.`,
    );

    world = approvalWorld();
    await world.fill();
    world.notifier.foreign = [
      { arn, endpoint: 'arn:aws:sqs:eu-west-1:111122223333:q', approvers: undefined },
    ];
    await expect(world.request()).rejects.toThrow(/No approver can be asked: .*aws sns unsubscribe/);
    expect(world.notifier.asked).toEqual([]);
  });

  it('tells each approver, in mail and evidence, what will not arrive', async () => {
    const warning = 'will not arrive in 777788889999 eu-west-1: there is no key. Make it.';
    const at = world.clock.now().toISOString();
    const step = { bake: BAKE, attempt: 1, name: 'Preflight', state: 'succeeded', startedAt: at, links: {} };
    await world.table.write([{ put: { ...keys.step(BAKE, 1, 'Preflight'), ...step, warnings: [warning] } }]);

    const { approval } = await world.request();

    expect(world.notifier.asked[0]?.message.text.replaceAll(/\s+/g, ' ')).toContain(`WARNING: it ${warning}`);
    const record = await world.table.get(keys.approval(approval));
    const evidence = JSON.parse((await world.documents.get(String(record?.evidence))) ?? '');
    expect(evidence.warnings).toEqual([warning]);
    const page = await world.pages.request(world.findLink(ADA).replace(world.apiUrl, ''));
    const cookie = page.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const url = (page.headers.get('location') ?? '').replace(world.apiUrl, '');
    expect(await (await world.pages.request(url, { headers: { cookie } })).text()).toContain(`It ${warning}`);
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

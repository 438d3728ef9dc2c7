import { beforeEach, describe, expect, it } from '@jest/globals';
import { createApprovalPages } from '../../../functions/serve-approvals/app.tsx';
import { approvalId } from '../../../shared/domain/approval/approval-id.ts';
import { keys, waitId } from '../../../shared/domain/base/naming.ts';
import type { DefinitionInput } from '../../../shared/domain/definitions/definition.ts';
import { ApprovalRecordSchema } from '../../../shared/domain/records/approvals.ts';
import { castVote } from '../../../shared/use-cases/approval/cast-vote.ts';
import { requestApproval } from '../../../shared/use-cases/approval/request-approval.ts';
import { explainPipeline } from '../../../shared/use-cases/queries/explain-pipeline.ts';
import { listApprovals } from '../../../shared/use-cases/queries/list-pages.ts';
import { registerWait } from '../../../shared/use-cases/waits/register-wait.ts';
import { toArtifactItem } from '../../support/artifact-item.ts';
import { fakeEngine, fakeEngines } from '../../support/fakes/build-engine.ts';
import { fakeCommands } from '../../support/fakes/commands.ts';
import { fakeMac } from '../../support/fakes/mac.ts';
import { fakeNotifier } from '../../support/fakes/notifier.ts';
import { fakeTokens } from '../../support/fakes/task-tokens.ts';
import { fakeInstances } from '../../support/fakes/test-instances.ts';
import { BASE_PARAMETER, type ReconcileWorld, reconcileWorld } from '../../support/reconcile-world.ts';

const [ADA, BEN, CLEO] = ['ada@example.com', 'ben@example.com', 'cleo@example.com'] as const;
const API_URL = 'https://api.example.com';
type Approval = DefinitionInput['approval'];

let world: ReconcileWorld;
let ports: ReturnType<typeof createPorts>;
let bake: string;

function createPorts() {
  return {
    ...world.ports,
    notifier: { ...fakeNotifier([ADA, BEN, CLEO]), notify: world.ports.notifier.notify },
    mac: fakeMac(),
    tokens: fakeTokens(),
    engines: fakeEngines(fakeEngine()),
    instances: fakeInstances(),
    commands: fakeCommands(),
    checkCopies: async () => undefined,
    apiUrl: API_URL,
  };
}
const apply = (approval: Approval, by = 'tests', more: Partial<DefinitionInput> = {}) =>
  world.apply({ name: 'web', base: BASE_PARAMETER, more: { approval, ...more } }, by);
const ask = () => requestApproval(ports, { bake, attempt: 1 });
const id = () => approvalId(ports.digest, { bake, attempt: 1 });
const request = () => ApprovalRecordSchema.parse(world.table.peek(keys.approval(id())));
const vote = (approver: string, answer: 'approve' | 'reject' = 'approve') =>
  castVote(ports, { approval: id(), approver, answer, comment: 'because', via: 'link' });
function findLink(approver: string): string {
  const mail = ports.notifier.asked.findLast((entry) => entry.approver === approver);
  return /https?:\S+\/approvals\/\S+/.exec(mail?.message.text ?? '')?.[0] ?? '';
}
async function wait(token: string): Promise<void> {
  const given = { kind: 'approval', resource: id(), token, timeoutSeconds: 3600, subject: {} } as const;
  await registerWait(ports, { bake, attempt: 1, ...given });
}
const outcome = () => world.table.peek(keys.wait(waitId('approval', id())));

beforeEach(async () => {
  world = reconcileWorld();
  ports = createPorts();
  await apply({ approvers: [ADA, BEN] }, 'arn:aws:iam::111122223333:user/dan');
  await world.runUntilIdle();
  bake = world.running()[0]?.id ?? '';
  await world.advanceTo(bake, 'Preflight');
  await world.table.write([{ put: toArtifactItem(bake, 1, 'ami-1') }]);
});

describe('a revision with other approvers, while a request is open', () => {
  beforeEach(async () => {
    await ask();
    await wait('t1');
  });

  it('withdraws it with the same write, tells who applies it, and has the machine ask again', async () => {
    const applied = await apply({ approvers: [BEN, CLEO] }, 'arn:aws:iam::111122223333:user/eve');

    expect(applied.notes).toEqual([
      `Bake ${bake} is asked again, of ben@example.com and cleo@example.com; the links of before are dead.`,
    ]);
    expect(request().state).toBe('withdrawn');
    expect(outcome()).toMatchObject({
      state: 'decided',
      outcome: { kind: 'success', output: { decision: 'asked-again' } },
    });

    expect(await ask()).toMatchObject({ waiting: true, approval: id() });
    await wait('t2');
    expect(request()).toMatchObject({
      state: 'open',
      round: 2,
      approvers: [BEN, CLEO],
      revision: 2,
      earlierRounds: [{ round: 1, approvers: [ADA, BEN], revision: 2 }],
    });
    expect(outcome()).toMatchObject({ state: 'pending', token: 't2' });
    expect(ports.notifier.asked.map(({ approver }) => approver)).toEqual([ADA, BEN, BEN, CLEO]);
    const { items } = await listApprovals(ports, { state: 'open', limit: 10 });
    expect(items.map(({ approvers }) => approvers)).toEqual([[BEN, CLEO]]);
  });

  it('kills the links of before, for whoever stays an approver too, and says why to who holds one', async () => {
    const [old, kept] = [findLink(ADA), findLink(BEN)];
    const pages = createApprovalPages(ports);
    const open = async (link: string) => {
      const answer = await pages.request(link.replace(API_URL, ''));
      return { status: answer.status, text: (await answer.text()).replaceAll(/\s+/g, ' ') };
    };
    await apply({ approvers: [BEN, CLEO] });
    const between = await open(old);
    await ask();

    for (const answer of [between, await open(old)]) {
      expect(answer.status).toBe(410);
      expect(answer.text).toContain('The approvers of <strong>web</strong> were changed');
      expect(answer.text).not.toContain(CLEO);
    }
    expect((await open(kept)).text).toContain('open the link in the newer mail');
    expect((await open(findLink(BEN))).status).toBe(303);
    expect((await open(old.replace(/.$/, '0'))).status).toBe(404);
    await expect(vote(ADA)).rejects.toMatchObject({ name: 'NotAnApprover' });
    expect(await vote(CLEO)).toMatchObject({ state: 'approved', decision: { by: CLEO } });
  });

  it('refuses a vote that comes before it is asked again, and lets one that came first stand', async () => {
    await apply({ approvers: [CLEO] });
    await expect(vote(ADA)).rejects.toThrow('withdrawn since its approvers changed');

    await ask();
    await vote(CLEO);
    await apply({ approvers: [ADA] });

    expect(request()).toMatchObject({ state: 'approved', round: 2, decision: { by: CLEO } });
  });

  it('counts a vote of the same moment or refuses it', async () => {
    const [voted] = await Promise.allSettled([vote(ADA), apply({ approvers: [CLEO] })]);

    const { state, decision } = request();
    expect([state, voted.status]).toEqual(
      decision === undefined ? ['withdrawn', 'rejected'] : ['approved', 'fulfilled'],
    );
  });

  it('is explained', async () => {
    await apply({ approvers: [CLEO] }, 'eve');
    await ask();

    const { last } = await explainPipeline(ports, 'web');
    expect(last?.approval).toMatchObject({
      state: 'open',
      approvers: [CLEO],
      earlierRounds: [{ approvers: [ADA, BEN], revision: 2, by: 'eve' }],
    });
    expect(world.table.peek(keys.step(bake, 1, 'Approve'))?.summary).toMatch(
      /^Revision 2, applied by eve at .*, changed the approvers: the request to ada@example.com and ben@example.com was withdrawn, and its links are dead. Waiting for cleo@example.com until/,
    );
  });

  it('bars who applied it, and who applied what is in the image', async () => {
    await apply(
      { approvers: [{ email: BEN, principals: ['arn:aws:iam::111122223333:user/eve'] }, CLEO] },
      'arn:aws:iam::111122223333:user/eve',
    );
    await ask();

    await expect(vote(BEN)).rejects.toMatchObject({ name: 'SelfApprovalRefused' });
    expect(request().barred).toEqual([
      'arn:aws:iam::111122223333:user/eve',
      'arn:aws:iam::111122223333:user/dan',
    ]);
  });

  it('asks again of the same people once their principals have changed', async () => {
    await apply({ approvers: [{ email: ADA, principals: ['sso:ada'] }, BEN] });

    expect(request().state).toBe('withdrawn');
  });

  it('stays as it is under a revision that names the same people', async () => {
    await apply({ approvers: [BEN, ADA.toUpperCase()] }, 'tests', { description: 'New.' });

    expect(request()).toMatchObject({ state: 'open', round: 1 });
  });

  it('stays open when approval is not required any more, and says what to do', async () => {
    const applied = await apply({ required: false });

    expect(request()).toMatchObject({ state: 'open', round: 1 });
    expect(applied.notes.join()).toMatch(
      /still waits for the approval of ada@example.com and ben@example.com.*ovenbird cancel/,
    );
  });

  it('stays open without anybody whom a mail reaches, until another revision names somebody', async () => {
    ports.notifier.confirmed = [];
    await apply({ approvers: ['new@example.com'] });

    expect(await ask()).toMatchObject({ waiting: true });
    expect(request()).toMatchObject({ state: 'open', approvers: ['new@example.com'] });
  });

  it('is asked again once for each change, however often and late the machine asks', async () => {
    await apply({ approvers: [CLEO] });
    await Promise.all([ask(), ask()]);
    await ask();
    await apply({ approvers: [BEN] });
    await ask();

    expect(request()).toMatchObject({ round: 3, approvers: [BEN] });
    expect(request().earlierRounds.map(({ approvers }) => approvers)).toEqual([[ADA, BEN], [CLEO]]);
  });
});

describe('a revision with other approvers, before the request', () => {
  it('is asked of them, by whatever revision the bake is of', async () => {
    await apply({ approvers: [CLEO] });
    await ask();

    expect(request()).toMatchObject({ approvers: [CLEO], round: 1, revision: 2 });
    expect(ports.notifier.asked.map(({ approver }) => approver)).toEqual([CLEO]);
  });

  it('does not release what was begun under one that asks for an approval', async () => {
    await apply({ required: false });

    expect(await ask()).toMatchObject({ waiting: true });
    expect(request()).toMatchObject({ approvers: [ADA, BEN], revision: 1 });
  });

  it('has no moment in which a request of the old list can come to be', async () => {
    for (const calls of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const { table } = ports;
      let left = calls;
      const held = {
        ...table,
        get: async (key: Parameters<typeof table.get>[0]) => {
          const found = await table.get(key);
          left -= 1;
          if (left === 0) await apply({ approvers: [CLEO], expiresAfter: `${calls}h` });
          return found;
        },
      };
      await requestApproval({ ...ports, table: held }, { bake, attempt: 1 });
      const isRight = request().state === 'withdrawn' || request().approvers.includes(CLEO);
      expect([calls, isRight || left > 0]).toEqual([calls, true]);
    }
  });
});

describe('who may not approve', () => {
  const dan = 'arn:aws:iam::111122223333:user/dan';
  const named = { approvers: [{ email: ADA, principals: [dan] }, BEN] };

  it('is whoever applied a revision before the first release, and nobody for what was released already', async () => {
    await apply(named, 'arn:aws:iam::111122223333:user/eve');
    await ask();
    expect(request().barred).toEqual(['arn:aws:iam::111122223333:user/eve', dan]);
    await expect(vote(ADA)).rejects.toMatchObject({ code: 'self-approval' });
    await vote(BEN);
    await world.release(bake);

    world.parameters.set(BASE_PARAMETER, 'ami-0000000000000000f');
    await world.detect(`ssm:eu-west-1:${BASE_PARAMETER}`);
    await world.runUntilIdle();
    const first = bake;
    bake = world.running()[0]?.id ?? '';
    expect(bake).not.toBe(first);
    await world.advanceTo(bake, 'Preflight');
    await world.table.write([{ put: toArtifactItem(bake, 1, 'ami-2') }]);
    await ask();

    // Revision 2 came after the bake that is released now was begun.
    expect(request().barred).toEqual(['arn:aws:iam::111122223333:user/eve']);
    expect(await vote(ADA)).toMatchObject({ state: 'approved' });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { due, keys, waitId } from '../../../shared/domain/base/naming.ts';
import { WaitRecordSchema } from '../../../shared/domain/records/waits.ts';
import { SWEEP_ROUND } from '../../../shared/domain/waits/wake.ts';
import type { BuildStatus } from '../../../shared/ports/build-engine.ts';
import type { Table } from '../../../shared/ports/table.ts';
import { castVote } from '../../../shared/use-cases/approval/cast-vote.ts';
import { checkWait } from '../../../shared/use-cases/waits/check-wait.ts';
import { completeTask } from '../../../shared/use-cases/waits/complete-task.ts';
import { handleWake } from '../../../shared/use-cases/waits/handle-wake.ts';
import { type RegisterWaitInput, registerWait } from '../../../shared/use-cases/waits/register-wait.ts';
import { sweepWaits } from '../../../shared/use-cases/waits/sweep-waits.ts';
import { fakeEngine, fakeEngines } from '../../support/fakes/build-engine.ts';
import { fakeCommands } from '../../support/fakes/commands.ts';
import { memoryTable } from '../../support/fakes/memory-table.ts';
import { fakeTokens } from '../../support/fakes/task-tokens.ts';
import { fakeInstances } from '../../support/fakes/test-instances.ts';
import { fakeClock } from '../../support/fakes/time-and-ids.ts';
import { fakeWakeQueue } from '../../support/fakes/wake-queue.ts';

const BAKE = '01JTEST0000000000000000001';
const BUILD = 'arn:aws:imagebuilder:eu-west-1:111122223333:image/ovenbird-web/1.0.0/1';
const APPROVAL = 'approval-1';
const artifact = {
  bake: BAKE,
  attempt: 1,
  variant: 'x86-64',
  engine: 'imageBuilder',
  build: BUILD,
};

/** Everything around waits; `table` may be replaced by one that lets a scheduler choose the order of calls. */
async function world(wrap: (table: Table) => Table = (table) => table) {
  const memory = memoryTable();
  const clock = fakeClock();
  const at = clock.now().toISOString();
  await memory.write([
    {
      put: {
        ...keys.attempt(BAKE, 1),
        bake: BAKE,
        attempt: 1,
        state: 'awaiting-approval',
        startedAt: at,
      },
    },
    {
      put: {
        ...keys.bake(BAKE),
        id: BAKE,
        pipeline: 'web',
        revision: 1,
        channel: 'stable',
        bits: 'b',
        proof: 'p',
        lock: {
          base: { key: 'k', selector: { kind: 'ami', id: 'ami-1', region: 'r' }, version: 'v' },
          components: [],
        },
        reason: 'r',
        changes: [],
        causes: [],
        attempt: 1,
        state: 'awaiting-approval',
        createdAt: at,
      },
    },
    { put: { ...keys.artifact(BAKE, 'x86-64'), ...artifact } },
    {
      put: {
        ...keys.approval(APPROVAL),
        id: APPROVAL,
        bake: BAKE,
        attempt: 1,
        pipeline: 'web',
        approvers: ['ada@example.com'],
        quorum: 1,
        barred: [],
        voteCount: 0,
        imageDigest: 'i',
        evidenceDigest: 'e',
        targetsDigest: 't',
        evidence: 'x',
        state: 'open',
        requestedAt: at,
        expiresAt: '2026-03-05T08:00:00.000Z',
        notified: [],
      },
    },
  ]);
  const table = wrap(memory);
  const engine = fakeEngine();
  return {
    memory,
    table,
    clock,
    engine,
    engines: fakeEngines(engine),
    instances: fakeInstances(),
    commands: fakeCommands(),
    tokens: fakeTokens(),
    wakeQueue: fakeWakeQueue(),
    checkCopies: async () => undefined,
  };
}

function input(given: Partial<RegisterWaitInput> = {}): RegisterWaitInput {
  return {
    bake: BAKE,
    attempt: 1,
    kind: 'image',
    resource: BUILD,
    token: 'token-1',
    timeoutSeconds: 3600,
    subject: { variant: 'x86-64' },
    ...given,
  };
}
const ID = waitId('image', BUILD);
const event = { 'detail-type': 'EC2 Image Builder Image State Change', resources: [BUILD] };
const available: BuildStatus & { state: 'available' } = {
  state: 'available',
  artifact: {
    kind: 'ami',
    account: '111122223333',
    region: 'eu-west-1',
    imageId: 'ami-0bbbbbbbbbbbbbbbb',
    snapshotIds: [],
  },
};

describe('waiting', () => {
  it('waits for what has not ended yet, and wakes when it has', async () => {
    const w = await world();
    w.tokens.open('token-1');
    w.engine.set(BUILD, { state: 'running' });

    await registerWait(w, input());
    expect(await handleWake(w, event)).toBe('pending');
    w.engine.set(BUILD, available);
    expect(await handleWake(w, event)).toBe('decided');
    await completeTask(w, ID);

    expect(w.tokens.delivered).toEqual([{ token: 'token-1', output: { artifact: available.artifact } }]);
  });

  it('finds what ended before it was waited for', async () => {
    const w = await world();
    w.tokens.open('token-1');
    w.engine.set(BUILD, available);

    expect(await handleWake(w, event)).toBe('no-wait');
    await registerWait(w, input());
    await completeTask(w, ID);

    expect(w.tokens.delivered).toHaveLength(1);
  });

  it('tells the machine why a build failed, with its log', async () => {
    const w = await world();
    w.tokens.open('token-1');
    w.engine.set(BUILD, { state: 'failed', reason: 'SSH was gone.', log: '/aws/imagebuilder/web' });

    // Whether or not the row is still that of this attempt, to keep the log in.
    await w.memory.write([{ update: keys.artifact(BAKE, 'x86-64'), set: { attempt: 2 } }]);
    await registerWait(w, input());

    const row = WaitRecordSchema.parse(await w.memory.get(keys.wait(ID)));
    expect(row.outcome).toEqual({
      kind: 'failure',
      error: 'BuildFailed',
      cause: 'The build failed: SSH was gone. Log: /aws/imagebuilder/web',
    });
  });

  it('gives up when the time is over, and not before', async () => {
    const w = await world();
    w.tokens.open('token-1');
    w.engine.set(BUILD, { state: 'running' });
    await registerWait(w, input());

    w.clock.forward(3599);
    expect(await checkWait(w, ID)).toBe('pending');
    w.clock.forward(1);
    expect(await checkWait(w, ID)).toBe('decided');
    await completeTask(w, ID);

    expect(w.tokens.delivered).toMatchObject([{ token: 'token-1', error: 'BuildFailed' }]);
  });

  it('prefers what is true over a time-out that is due in the same moment', async () => {
    const w = await world();
    w.tokens.open('token-1');
    w.engine.set(BUILD, { state: 'running' });
    await registerWait(w, input());

    w.clock.forward(4000);
    w.engine.set(BUILD, available);
    await checkWait(w, ID);
    await completeTask(w, ID);

    expect(w.tokens.delivered).toMatchObject([{ output: { artifact: available.artifact } }]);
  });

  it('refuses to wait for an attempt that was asked to end', async () => {
    const w = await world();
    await w.memory.write([
      {
        update: keys.attempt(BAKE, 1),
        set: { endRequested: { as: 'cancelled', by: 'ada', at: '2026-03-02T08:00:00.000Z' } },
      },
    ]);

    await expect(registerWait(w, input())).rejects.toMatchObject({ name: 'AttemptEnded' });
    expect(await w.memory.get(keys.wait(ID))).toBeUndefined();
  });

  it('looks again at an instance by itself, at growing distances, because none of its events says that it is reachable', async () => {
    const w = await world();
    await w.instances.launch({
      clientToken: 'c',
      imageId: 'ami-1',
      instanceTypes: ['t3.small'],
      placement: {},
      placing: 0,
      tags: {},
    });
    const [instance = ''] = w.instances.running();

    await registerWait(w, input({ kind: 'instance', resource: instance }));
    for (let look = 0; look < 20; look += 1) {
      const message = w.wakeQueue.messages.at(-1);
      if (message === undefined || w.wakeQueue.messages.length === look) break;
      await handleWake(w, { wait: message.wait, round: message.round });
    }

    const delays = w.wakeQueue.messages.map((message) => message.delaySeconds);
    expect(delays).toEqual([2, 3, 5, 8, 13, 21, 34]);
    w.instances.ready(instance);
    expect(await handleWake(w, { wait: waitId('instance', instance), round: 99 })).toBe('decided');
  });

  it('starts a wait afresh for the next round of a loop', async () => {
    const w = await world();
    let moved = true;
    const deps = {
      ...w,
      checkCopies: async () => (moved ? ({ kind: 'success', output: {} } as const) : undefined),
    };
    const resource = `${BAKE}.1.eu-west-1`;
    const copies = (token: string) => input({ kind: 'copies', resource, token });
    w.tokens.open('round-1');
    await registerWait(deps, copies('round-1'));
    await completeTask(deps, waitId('copies', resource));

    moved = false;
    w.tokens.open('round-2');
    await registerWait(deps, copies('round-2'));
    await completeTask(deps, waitId('copies', resource));
    expect(w.tokens.delivered.map(({ token }) => token)).toEqual(['round-1']);
    moved = true;
    await checkWait(deps, waitId('copies', resource));
    await completeTask(deps, waitId('copies', resource));

    expect(w.tokens.delivered.map(({ token }) => token)).toEqual(['round-1', 'round-2']);
  });

  it('finds the wait of a copy by its image', async () => {
    const w = await world();
    const resource = `${BAKE}.1.us-east-1`;
    const id = waitId('copies', resource);
    const deps = { ...w, checkCopies: async () => ({ kind: 'success', output: {} }) as const };
    await w.memory.write([{ put: { ...keys.imageWait('ami-0cccccccccccccccc'), wait: id } }]);
    await registerWait(w, input({ kind: 'copies', resource }));

    const detail = { ImageId: 'ami-0cccccccccccccccc', State: 'available' };
    expect(await handleWake(deps, { 'detail-type': 'EC2 AMI State Change', detail })).toBe('decided');
  });

  it.each([[{}], [null], ['text'], [{ 'detail-type': 'Something Else' }]])('lets %j go', async (body) => {
    expect(await handleWake(await world(), body)).toBe('not-ours');
  });
});

describe('the sweep', () => {
  it('asks for a look at what is due, and nudges decisions whose delivery was lost', async () => {
    const w = await world();
    const streamed: string[] = [];
    w.memory.onWrite((changes) => {
      for (const { after } of changes) if (after?.state === 'decided') streamed.push(String(after.id));
    });
    const second = `${BUILD}0`;
    w.engine.set(BUILD, { state: 'running' });
    w.engine.set(second, available);
    await registerWait(w, input());
    await registerWait(w, input({ resource: second, token: 'token-2' }));
    streamed.length = 0;

    w.clock.forward(61);
    expect(await sweepWaits(w)).toEqual({ checksRequested: 1, redelivered: 1 });

    expect(w.wakeQueue.messages).toEqual([{ wait: ID, round: SWEEP_ROUND, delaySeconds: 0 }]);
    expect(streamed).toEqual([waitId('image', second)]);
    expect(await sweepWaits(w)).toEqual({ checksRequested: 0, redelivered: 0 });
  });

  it('leaves delivered waits alone for good', async () => {
    const w = await world();
    w.tokens.open('token-1');
    w.engine.set(BUILD, available);
    await registerWait(w, input());
    await completeTask(w, ID);

    w.clock.forward(3600);

    expect(await sweepWaits(w)).toEqual({ checksRequested: 0, redelivered: 0 });
    expect(w.memory.items().filter((item) => item.duePk === due.wait)).toEqual([]);
  });
});

describe('an approval that runs out', () => {
  it('expires with its wait, in one transaction', async () => {
    const w = await world();
    w.tokens.open('token-1');
    await registerWait(w, input({ kind: 'approval', resource: APPROVAL }));

    w.clock.forward(3600);
    await checkWait(w, waitId('approval', APPROVAL));
    await completeTask(w, waitId('approval', APPROVAL));

    expect(w.tokens.delivered).toEqual([{ token: 'token-1', output: { decision: 'expired' } }]);
    expect(await w.memory.get(keys.approval(APPROVAL))).toMatchObject({ state: 'expired' });
  });
});

describe('any order of registration, event, decision, delivery and sweep', () => {
  /** Each call of the table is a point where a concurrent call may come first. */
  function scheduled(scheduler: fc.Scheduler) {
    return (table: Table): Table => ({
      get: (key) => scheduler.schedule(Promise.resolve(), 'get').then(() => table.get(key)),
      getMany: (all) => scheduler.schedule(Promise.resolve(), 'getMany').then(() => table.getMany(all)),
      query: (query) => scheduler.schedule(Promise.resolve(), 'query').then(() => table.query(query)),
      write: (writes) => scheduler.schedule(Promise.resolve(), 'write').then(() => table.write(writes)),
    });
  }

  it('answers the machine exactly once about a build, with what is true', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.record({
          succeeds: fc.boolean(),
          events: fc.integer({ min: 0, max: 3 }),
          deliveries: fc.integer({ min: 0, max: 3 }),
          registrations: fc.integer({ min: 1, max: 2 }),
        }),
        async (scheduler, { succeeds, events, deliveries, registrations }) => {
          const w = await world(scheduled(scheduler));
          w.engine.set(BUILD, { state: 'running' });
          const work: Promise<unknown>[] = [];
          work.push(
            scheduler.schedule(Promise.resolve(), 'the build ends').then(() => {
              w.engine.set(BUILD, succeeds ? available : { state: 'failed', reason: 'defect' });
            }),
            machine(w, registrations),
          );
          for (let count = 0; count < events; count += 1) {
            const step = scheduler.schedule(Promise.resolve(), 'event');
            work.push(step.then(() => handleWake(w, event)));
          }
          for (let count = 0; count < deliveries; count += 1) {
            const step = scheduler.schedule(Promise.resolve(), 'stream');
            work.push(step.then(() => completeTask(w, ID)));
          }
          await scheduler.waitFor(Promise.all(work));
          await settle(w, scheduler);

          const expected = succeeds
            ? { token: `token-${registrations}`, output: { artifact: available.artifact } }
            : { token: `token-${registrations}`, error: 'BuildFailed' };
          const last = w.tokens.delivered.filter(({ token }) => token === `token-${registrations}`);
          expect(last).toMatchObject([expected]);
          expect(new Set(w.tokens.delivered.map(({ token }) => token)).size).toBe(w.tokens.delivered.length);
          expect(await w.memory.get(keys.wait(ID))).toMatchObject({ state: 'delivered' });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('answers the machine exactly once about an approval, with the decision that stands', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.constantFrom('approve' as const, 'reject' as const),
        fc.boolean(),
        async (scheduler, answer, expires) => {
          const w = await world(scheduled(scheduler));
          const id = waitId('approval', APPROVAL);
          const decided = scheduler
            .schedule(Promise.resolve(), 'decide')
            .then(() =>
              castVote(w, {
                approval: APPROVAL,
                approver: 'ada@example.com',
                answer,
                comment: 'because',
                via: 'link',
              }),
            )
            .catch(() => undefined);
          w.tokens.open('token-1');
          const registered = registerWait(w, input({ kind: 'approval', resource: APPROVAL }));
          const expiring = scheduler.schedule(Promise.resolve(), 'time').then(async () => {
            if (expires) w.clock.forward(3600);
            await checkWait(w, id);
          });
          await scheduler.waitFor(Promise.all([decided, registered, expiring]));
          w.clock.forward(120);
          await settle(w, scheduler, id);

          const approval = await w.memory.get(keys.approval(APPROVAL));
          expect(w.tokens.delivered).toHaveLength(1);
          expect(w.tokens.delivered[0]?.output).toMatchObject({ decision: approval?.state });
        },
      ),
      { numRuns: 300 },
    );
  });

  /** Registers as the machine does: a retry comes after the first call has ended, and closes the first token. */
  async function machine(w: Awaited<ReturnType<typeof world>>, registrations: number): Promise<void> {
    for (let count = 1; count <= registrations; count += 1) {
      w.tokens.close(`token-${count - 1}`);
      w.tokens.open(`token-${count}`);
      await registerWait(w, input({ token: `token-${count}` }));
    }
  }

  /** Sweeps, as long as it takes; what the sweep asks for and the stream brings is done. */
  async function settle(w: Awaited<ReturnType<typeof world>>, scheduler: fc.Scheduler, id = ID) {
    for (let round = 0; round < 3; round += 1) {
      w.clock.forward(61);
      const work = sweepWaits(w)
        .then(() => handleWake(w, { wait: id, round: 99 }))
        .then(() => completeTask(w, id));
      await scheduler.waitFor(work);
    }
  }
});

/** The world `approval`: one pipeline, the approve machines of its bakes, and the judge that sees what they do. All use cases are the real ones. */
import { keys } from '../../../shared/domain/base/naming.ts';
import { toArtifactItem } from '../../support/artifact-item.ts';
import { fakeEngine, fakeEngines } from '../../support/fakes/build-engine.ts';
import { fakeCommands } from '../../support/fakes/commands.ts';
import { fakeMac } from '../../support/fakes/mac.ts';
import type { MemoryTable } from '../../support/fakes/memory-table.ts';
import { fakeNotifier } from '../../support/fakes/notifier.ts';
import { fakeTokens } from '../../support/fakes/task-tokens.ts';
import { fakeInstances } from '../../support/fakes/test-instances.ts';
import { reconcileWorld } from '../../support/reconcile-world.ts';
import { createRandom } from '../engine/random.ts';
import { APPROVERS, type ApprovalGiven, type Identity } from './given.ts';
import { Judge, type Row } from './judge.ts';

export const PIPELINE = 'web';

export interface Machine {
  readonly bake: string;
  readonly attempt: number;
  state: 'request' | 'register' | 'wait' | 'approved' | 'distribute' | 'fail' | 'ended';
  approval: string;
  timeoutSeconds: number;
  tokens: number;
  error: { readonly name: string; readonly cause: string };
  /** A call of it is under way. */
  isBusy: boolean;
}

export type Stage = ReturnType<typeof createStage>;
export type StagePorts = Stage['ports'];

export function createStage(given: ApprovalGiven) {
  const world = reconcileWorld();
  const { table, clock } = world;
  const random = createRandom(given.chance);
  const images = new Map<string, string>();
  /** A retry makes another image, or keeps that of the attempt before it. */
  const pickImage = (bake: string, attempt: number): string => {
    const key = `${bake}/${attempt}`;
    const keeps = attempt > 1 && random.below(3) > 0;
    const image = images.get(key) ?? (keeps ? pickImage(bake, attempt - 1) : `ami-of-${key}`);
    images.set(key, image);
    return image;
  };
  const judge = new Judge({
    quorum: given.quorum,
    now: () => clock.now().toISOString(),
    image: pickImage,
  });
  /** Ids of waits whose rows changed, as the table's stream has them. */
  const stream: string[] = [];
  table.onWrite((changes) => {
    judge.seeWrites(changes as readonly { before?: Row; after?: Row }[]);
    for (const { after } of changes)
      if (after?.pk.startsWith('WAIT#') === true) stream.push(String(after.id));
  });
  const ports = {
    ...world.ports,
    table: withQuorum(table, given.quorum),
    notifier: { ...fakeNotifier(APPROVERS), notify: world.ports.notifier.notify },
    mac: fakeMac(),
    tokens: fakeTokens(),
    engines: fakeEngines(fakeEngine()),
    instances: fakeInstances(),
    commands: fakeCommands(),
    checkCopies: async () => undefined,
    apiUrl: 'https://api.example.com',
  };
  return {
    given,
    world,
    ports,
    judge,
    stream,
    random,
    machines: new Map<string, Machine>(),
    /** The base image's version; counts up. */
    base: 1,
    recordImage: ({ bake, attempt }: { bake: string; attempt: number }) =>
      table.write([{ put: toArtifactItem(bake, attempt, pickImage(bake, attempt)) }]),
    listRequests: () =>
      table.items().filter(({ pk, sk }) => pk.startsWith('APPROVAL#') && sk === keys.approval('').sk),
  };
}

/** Requests are for one approval today; the rules hold for more. */
function withQuorum(table: MemoryTable, quorum: number): MemoryTable {
  return {
    ...table,
    write: (writes) =>
      table.write(
        writes.map((write) =>
          'put' in write && write.put.voteCount !== undefined
            ? { ...write, put: { ...write.put, quorum } }
            : write,
        ),
      ),
  };
}

/** As a definition names them: the last one decides by link alone. */
export function toApprovers(people: readonly string[]) {
  return people.map((email) =>
    email === APPROVERS.at(-1)
      ? email
      : { email, principals: [`sso:${email}`, `arn:aws:iam::111122223333:user/${email.split('@')[0]}`] },
  );
}

export function toVoter({ person, as }: Identity): { approver: string; via: 'link' | 'api' } {
  switch (as) {
    case 'mail':
      return { approver: person, via: 'link' };
    case 'MAIL':
      return { approver: person.toUpperCase(), via: 'link' };
    case 'sso':
      return {
        approver: `arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Ops_0123456789abcdef/${person}`,
        via: 'api',
      };
    case 'session':
      return { approver: `arn:aws:sts::111122223333:assumed-role/Operator/${person}`, via: 'api' };
    case 'user':
      return { approver: `arn:aws:iam::111122223333:user/${person.split('@')[0]}`, via: 'api' };
  }
}

/** A kind of wait that is in no file of the product but the registries: registered, woken, delivered, and out of time. */
import { beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { RegisterWaitInput } from '../../../shared/use-cases/waits/register-wait.ts';
import { doorCheck, doorWait, openDoors } from '../../support/made-up/door-wait.ts';

type Support = typeof import('../../support/bake-world.ts');
interface Waits {
  readonly registerWait: typeof import('../../../shared/use-cases/waits/register-wait.ts').registerWait;
  readonly handleWake: typeof import('../../../shared/use-cases/waits/handle-wake.ts').handleWake;
  readonly completeTask: typeof import('../../../shared/use-cases/waits/complete-task.ts').completeTask;
}

let waits: Waits;
let parseInput: (input: unknown) => RegisterWaitInput;
let support: Support;
let w: ReturnType<Support['bakeWorld']>;

beforeAll(async () => {
  // jest.mock is not hoisted here: whatever reads the registries is loaded after it.
  jest.resetModules();
  jest.mock('../../../shared/domain/waits/registry.ts', () => {
    const { WAIT_KINDS } = jest.requireActual<typeof import('../../../shared/domain/waits/registry.ts')>(
      '../../../shared/domain/waits/registry.ts',
    );
    return { WAIT_KINDS: [...WAIT_KINDS, doorWait] };
  });
  jest.mock('../../../shared/use-cases/waits/kinds/registry.ts', () => {
    const { WAIT_CHECKS } = jest.requireActual<
      typeof import('../../../shared/use-cases/waits/kinds/registry.ts')
    >('../../../shared/use-cases/waits/kinds/registry.ts');
    return { WAIT_CHECKS: { ...WAIT_CHECKS, door: doorCheck } };
  });
  support = await import('../../support/bake-world.ts');
  waits = {
    ...(await import('../../../shared/use-cases/waits/register-wait.ts')),
    ...(await import('../../../shared/use-cases/waits/handle-wake.ts')),
    ...(await import('../../../shared/use-cases/waits/complete-task.ts')),
  };
  const { RegisterWaitInputSchema } = await import('../../../shared/domain/bakes/payloads.ts');
  parseInput = (input) => RegisterWaitInputSchema.parse(input);
});

beforeEach(async () => {
  openDoors.clear();
  w = support.bakeWorld();
  await w.fill();
  w.tokens.open('token-1');
  const input = { ...support.REF, kind: 'door', resource: 'north', token: 'token-1', timeoutSeconds: 900 };
  await waits.registerWait(w, parseInput(input));
});

const event = { 'detail-type': 'Door Opened', detail: { door: 'north' } };

it('is polled, and its event wakes it', async () => {
  expect(w.wakeQueue.messages).toEqual([{ wait: 'door:north', round: 1, delaySeconds: 2 }]);
  expect(await waits.handleWake(w, event)).toBe('pending');

  openDoors.add('north');
  expect(await waits.handleWake(w, event)).toBe('decided');
  await waits.completeTask(w, 'door:north');

  expect(w.tokens.delivered).toEqual([{ token: 'token-1', output: { open: true } }]);
});

it('ends when its time is over', async () => {
  w.clock.forward(901);
  await waits.handleWake(w, { wait: 'door:north', round: 99 });
  await waits.completeTask(w, 'door:north');

  expect(w.tokens.delivered).toMatchObject([{ error: 'TestsFailed', cause: 'Door north stayed closed.' }]);
});

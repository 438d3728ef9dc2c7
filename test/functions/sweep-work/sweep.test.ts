import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { handler } from '../../../functions/sweep-work/handler.ts';
import { BASE_PARAMETER, reconcileWorld } from '../../support/reconcile-world.ts';

const context = { getRemainingTimeInMillis: () => 1000 } as Context;

beforeAll(() => {
  process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
  process.env.POWERTOOLS_METRICS_DISABLED = 'true';
});

/** A bake that was started, but neither told of nor given to Step Functions. */
async function overdue() {
  const world = reconcileWorld();
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await world
    .handleNextMessage({ workflows: { ...world.ports.workflows, startBake: refused } })
    .catch(() => undefined);
  world.clock.forward(120);
  return world;
}

async function refused(): Promise<never> {
  throw Object.assign(new Error('not authorized'), { name: 'AccessDenied' });
}

describe('the sweep', () => {
  it('fails for its alarm when a part has failed, and says which, but only after all others', async () => {
    const world = await overdue();
    const ports = { ...world.ports, publisher: { publish: refused } };

    await expect(handler.over(() => ports)({}, context)).rejects.toThrow(
      /^Parts of the sweep failed: outbox\. .*/,
    );

    expect(world.hasStarted(world.bakes()[0]?.id ?? '')).toBe(true);
  });

  it('names every part that failed', async () => {
    const world = await overdue();
    const workflows = { ...world.ports.workflows, startBake: refused };
    const ports = { ...world.ports, publisher: { publish: refused }, workflows };

    await expect(handler.over(() => ports)({}, context)).rejects.toThrow('outbox, queued');
  });

  it('counts subscriptions that would get the links of others, and does its work when they cannot be read', async () => {
    const world = await overdue();
    const foreign = [{ arn: 'arn:aws:sns:::t:1', endpoint: 'mallory@example.com', approvers: undefined }];
    let reads = 0;
    const readSubscriptions = async () => {
      reads += 1;
      return reads > 1 ? refused() : { confirmed: [], foreign };
    };
    const ports = { ...world.ports, notifier: { ...world.ports.notifier, readSubscriptions } };

    await handler.over(() => ports)({}, context);
    await handler.over(() => ports)({}, context);

    expect(reads).toBe(2);
    expect(world.hasStarted(world.bakes()[0]?.id ?? '')).toBe(true);
  });

  it('says what it did when nothing failed', async () => {
    const world = await overdue();

    expect(await handler.over(() => world.ports)({}, context)).toMatchObject({ outbox: 1, queued: 1 });
  });
});

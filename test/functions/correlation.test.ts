import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Context, DynamoDBStreamEvent, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { handler as wakeWaits } from '../../functions/check-waits/handler.ts';
import { handler as detectChanges } from '../../functions/detect-changes/handler.ts';
import { handler as publishOutbox } from '../../functions/publish-outbox/handler.ts';
import { handler as reconcilePipelines } from '../../functions/reconcile-pipelines/handler.ts';
import { handler as recordOutcome } from '../../functions/record-outcome/handler.ts';
import { handler as releaseImage } from '../../functions/release-image/handler.ts';
import { keys } from '../../shared/domain/base/naming.ts';
import type { Item } from '../../shared/ports/table.ts';
import { ami, BASE_PARAMETER, reconcileWorld } from '../support/reconcile-world.ts';

const context = { getRemainingTimeInMillis: () => 1000 } as Context;
const LineSchema = z.looseObject({
  event: z.string(),
  bake: z.string().optional(),
  pipeline: z.string().optional(),
  cause: z.string().optional(),
});
const lines: z.output<typeof LineSchema>[] = [];

beforeAll(() => {
  // Powertools then writes through the console of this process.
  process.env.POWERTOOLS_DEV = 'true';
  process.env.POWERTOOLS_METRICS_DISABLED = 'true';
  for (const method of ['info', 'warn', 'error'] as const)
    jest.spyOn(console, method).mockImplementation((text) => {
      lines.push(LineSchema.parse(JSON.parse(String(text))));
    });
});
beforeEach(() => {
  lines.length = 0;
});

const sqs = (...messages: readonly unknown[]) =>
  ({
    Records: messages.map((message, n) => ({
      messageId: String(n),
      body: JSON.stringify(message),
      attributes: { SentTimestamp: '1772438400000' },
    })),
  }) as unknown as SQSEvent;

const stream = (row: Item) =>
  ({
    Records: [{ eventID: '1', dynamodb: { NewImage: attribute(row).M } }],
  }) as unknown as DynamoDBStreamEvent;

/** A value as DynamoDB writes it. */
function attribute(value: unknown): { M?: unknown } {
  if (Array.isArray(value)) return { L: value.map(attribute) } as object;
  if (typeof value === 'object' && value !== null)
    return { M: Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, attribute(entry)])) };
  if (typeof value === 'string') return { S: value } as object;
  return (typeof value === 'number' ? { N: String(value) } : { BOOL: value }) as object;
}

/** A world whose messages and rows are worked on by the functions themselves. */
function createHandlerWorld() {
  const world = reconcileWorld();
  const ports = () => world.ports;
  const unpublished: Item[] = [];
  world.table.onWrite((changes) => {
    for (const { before, after } of changes)
      if (before === undefined && after?.pk.startsWith('OUTBOX#')) unpublished.push(after);
  });
  return {
    ...world,
    async release(bake: string) {
      await world.distribute(bake);
      await releaseImage.over(ports)({ bake, attempt: 1 }, context);
    },
    fail: (bake: string) =>
      recordOutcome.over(ports)({ bake, attempt: 1, error: { name: 'BuildFailed', cause: 'no' } }, context),
    plan: (pipeline: string) => reconcilePipelines.over(ports)(sqs({ pipeline }), context),
    /** Until nothing is waiting to be done. */
    async runUntilIdle(): Promise<void> {
      for (;;) {
        const row = unpublished.shift();
        const plan = world.reconcileRequests.shift();
        const hint = world.hints.shift();
        if (row === undefined && plan === undefined && hint === undefined) return;
        if (row !== undefined) await publishOutbox.over(ports)(stream(row), context);
        if (plan !== undefined) await this.plan(plan.pipeline);
        if (hint !== undefined)
          await detectChanges.over(() => ({ ...world.ports, looks: new Map() }))(sqs(hint), context);
      }
    },
  };
}

/** A base and a child, both released; then the base's parameter moves. Nothing has been logged since. */
async function changeBaseParameter() {
  const world = createHandlerWorld();
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await world.apply({ name: 'child', base: 'base' });
  await world.runUntilIdle();
  await world.release(world.running()[0]?.id ?? '');
  await world.runUntilIdle();
  await world.release(world.running()[0]?.id ?? '');
  await world.runUntilIdle();
  lines.length = 0;
  world.parameters.set(BASE_PARAMETER, ami(2));
  world.hints.push({ topics: [`ssm:eu-west-1:${BASE_PARAMETER}`] });
  return world;
}

describe('what is logged from a change to the end of the last bake', () => {
  it('carries the id of the change in every line, and bake and pipeline wherever there are any', async () => {
    const world = await changeBaseParameter();

    await world.runUntilIdle();
    const [base] = world.running();
    await world.release(base?.id ?? '');
    await world.runUntilIdle();
    const [child] = world.running();
    await world.fail(child?.id ?? '');
    await world.runUntilIdle();

    const cause = base?.causes[0];
    // A look that finds a pipeline up to date was caused by nothing.
    const about = lines.filter(({ event }) => event !== 'pipeline-up-to-date');
    expect(cause).toBeDefined();
    expect(about.filter((line) => line.cause !== cause)).toEqual([]);
    expect(about.map(({ event, pipeline, bake }) => [event, pipeline, bake])).toEqual(
      expect.arrayContaining([
        ['events-published', 'base', base?.id],
        ['released', 'base', base?.id],
        ['bake-started', 'child', child?.id],
        ['events-published', 'child', child?.id],
        ['bake-held', 'child', undefined],
      ]),
    );
    expect(
      lines.filter(({ pipeline, event }) => pipeline === undefined && event !== 'selector-changed'),
    ).toEqual([]);
  });

  it('names what failed in a step of a machine', async () => {
    const world = await changeBaseParameter();
    await world.runUntilIdle();
    const [bake] = world.running();

    const step = releaseImage.over(() => world.ports)({ bake: bake?.id ?? '', attempt: 1 }, context);

    await expect(step).rejects.toThrow();
    expect(lines.at(-1)).toMatchObject({
      event: expect.stringMatching(/^(?:domain-error|function-failed)$/),
      bake: bake?.id,
      attempt: 1,
      pipeline: 'base',
      cause: bake?.causes[0],
    });
  });

  it('keeps messages apart that are worked on side by side', async () => {
    const world = createHandlerWorld();
    const names = ['one', 'two'];
    for (const name of names) await world.apply({ name, base: BASE_PARAMETER });
    const causes = names.map((name) => world.status(name)?.causes[0]);
    const startBake = async () => {
      throw new Error('down');
    };
    const ports = { ...world.ports, workflows: { ...world.ports.workflows, startBake } };

    await reconcilePipelines.over(() => ports)(sqs(...names.map((pipeline) => ({ pipeline }))), context);

    const told = lines.map(({ event, pipeline, cause }) => `${event} ${pipeline} ${cause}`);
    expect(told.sort()).toEqual(names.map((name, n) => `message-failed ${name} ${causes[n]}`));
  });

  it('names the bake that waits when an event wakes it, which says nothing of it', async () => {
    const world = await changeBaseParameter();
    await world.runUntilIdle();
    const [bake] = world.running();
    const id = 'image:arn:build';
    const wait = { id, kind: 'image', resource: 'arn:build', bake: bake?.id, attempt: 1, token: 'token' };
    const at = world.clock.now().toISOString();
    await world.table.write([
      { put: { ...keys.wait(id), ...wait, state: 'decided', createdAt: at, expiresAt: at } },
    ]);

    const untouched = {
      engines: undefined,
      instances: undefined,
      commands: undefined,
      checkCopies: undefined,
    };
    const ports = { ...world.ports, ...untouched };
    await wakeWaits.over(() => ports as never)(sqs({ wait: id, round: 0 }), context);

    expect(lines.at(-1)).toMatchObject({
      event: 'wait-checked',
      bake: bake?.id,
      pipeline: 'base',
      cause: bake?.causes[0],
    });
  });
});

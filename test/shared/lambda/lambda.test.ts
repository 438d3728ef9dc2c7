import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Context, DynamoDBStreamEvent, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { TryLater } from '../../../shared/domain/base/errors.ts';
import { EnvironmentIncomplete, env } from '../../../shared/lambda/env.ts';
import { lambda } from '../../../shared/lambda/lambda.ts';
import { queueLambda, streamLambda } from '../../../shared/lambda/queue-lambda.ts';

const context = { getRemainingTimeInMillis: () => 1000 } as Context;

beforeAll(() => {
  process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
});

const sqs = (...bodies: string[]) =>
  ({
    Records: bodies.map((body, n) => ({
      messageId: String(n),
      body,
      eventSourceARN: 'arn:q',
      attributes: { SentTimestamp: '1772438400000' },
    })),
  }) as unknown as SQSEvent;

describe('a function', () => {
  const handler = lambda({
    input: z.object({ bake: z.string(), fail: z.boolean().default(false) }),
    deps: () => ({ greeting: 'baked' }),
    run: async ({ greeting }, { bake, fail }) => {
      if (fail) throw new TryLater('AWS is busy.');
      return `${greeting} ${bake}`;
    },
  });

  it('gets its input parsed and its ports made', async () => {
    expect(await handler({ bake: 'B' }, context)).toBe('baked B');
  });

  it('fails under the name of its error, which state machines match', async () => {
    await expect(handler({ bake: 'B', fail: true }, context)).rejects.toMatchObject({ name: 'TryLater' });
  });

  it('refuses an input of another shape for good', async () => {
    await expect(handler({ cake: 1 }, context)).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  it('names the variables that its environment lacks', () => {
    expect(() => env('APPROVAL_TOPIC_ARN', 'WAKE_QUEUE_URL')).toThrow(EnvironmentIncomplete);
    expect(() => env('APPROVAL_TOPIC_ARN', 'WAKE_QUEUE_URL')).toThrow('WAKE_QUEUE_URL');
  });
});

describe('a function behind a queue', () => {
  it('returns only the messages that failed, and acknowledges those that cannot be parsed', async () => {
    const done: string[] = [];
    const handler = queueLambda({
      message: z.object({ name: z.string() }),
      deps: () => done,
      run: async (list, { name }) => {
        if (name === 'bad') throw new TryLater('busy');
        list.push(name);
      },
    });

    const answer = await handler(sqs('{"name":"a"}', '{"name":"bad"}', 'no JSON', '{"name":"b"}'), context);

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
    expect(done).toEqual(['a', 'b']);
  });

  it('hands back everything when everything failed', async () => {
    const handler = queueLambda({
      message: z.unknown(),
      deps: () => undefined,
      run: async () => {
        throw new Error('down');
      },
    });

    expect(await handler(sqs('1', '2'), context)).toEqual({
      batchItemFailures: [{ itemIdentifier: '0' }, { itemIdentifier: '1' }],
    });
  });
});

describe('a function behind the stream', () => {
  it('sees rows as the table holds them', async () => {
    const seen: unknown[] = [];
    const handler = streamLambda({ deps: () => seen, run: async (list, change) => void list.push(change) });
    const event = {
      Records: [
        {
          eventID: '1',
          dynamodb: {
            SequenceNumber: '1',
            NewImage: {
              id: { S: 'x' },
              count: { N: '3' },
              done: { BOOL: false },
              list: { L: [{ M: { deep: { NULL: true } } }] },
            },
          },
        },
      ],
    } as unknown as DynamoDBStreamEvent;

    const answer = await handler(event, context);

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(seen).toEqual([{ after: { id: 'x', count: 3, done: false, list: [{ deep: null }] } }]);
  });
});

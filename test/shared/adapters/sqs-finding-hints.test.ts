import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { sqsFindingHints } from '../../../shared/adapters/sqs-finding-hints.ts';
import { parseHint } from '../../../shared/domain/selectors/hints.ts';

const sqs = mockClient(SQSClient);
const hints = sqsFindingHints(new SQSClient({ region: 'eu-west-1' }), 'https://queue');

beforeEach(() => {
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({});
});

const sent = () =>
  sqs
    .commandCalls(SendMessageCommand)
    .map(({ args }) => parseHint(JSON.parse(args[0].input.MessageBody ?? '')));

describe('Messages about findings', () => {
  it('are understood by the consumer of the queue', async () => {
    await hints.sendPage();
    await hints.sendPage('token');
    await hints.sendInventories([
      { pipeline: 'web', channel: 'stable' },
      { pipeline: 'base', channel: 'next' },
    ]);

    expect(sent()).toEqual([
      { kind: 'findings', after: undefined },
      { kind: 'findings', after: 'token' },
      { kind: 'inventories', channels: [{ pipeline: 'web', channel: 'stable' }] },
      { kind: 'inventories', channels: [{ pipeline: 'base', channel: 'next' }] },
    ]);
  });

  it('that throttling keeps from being sent are tried again later', async () => {
    sqs
      .on(SendMessageCommand)
      .rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));

    await expect(hints.sendPage()).rejects.toMatchObject({ code: 'try-later' });
  });
});

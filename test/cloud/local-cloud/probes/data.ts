import {
  type AttributeValue,
  BatchWriteItemCommand,
  PutItemCommand,
  ScanCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { eventually } from '../account.ts';

import { duration, makeTable, type Probes } from './context.ts';

export const dataProbes: Probes = {
  async streams_are_read_apart({ cloud, lambda }) {
    const { dynamodb, stream } = await makeTable(cloud, 'streamed');
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: 'stream',
        EventSourceArn: stream,
        StartingPosition: 'LATEST',
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      }),
    );
    const seen = (await cloud.control.calls()).length;
    await dynamodb.send(new PutItemCommand({ TableName: 'streamed', Item: { id: { S: 'poison' } } }));
    // The function reports the record as failed once, and tells of it when it is given it again.
    const again = eventually(async () => {
      const calls = await cloud.control.calls(seen);
      return calls.find(({ operation }) => operation.includes('/stream-probe/poison'));
    }, 5);
    return again.then(
      () => true,
      () => false,
    );
  },

  async streams_are_polled({ cloud, lambda }) {
    const { dynamodb, stream } = await makeTable(cloud, 'polled');
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: 'stream',
        EventSourceArn: stream,
        StartingPosition: 'LATEST',
      }),
    );
    const begun: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      const seen = (await cloud.control.calls()).at(-1)?.seq ?? 0;
      await dynamodb.send(new PutItemCommand({ TableName: 'polled', Item: { id: { S: `turn-${turn}` } } }));
      const call = await eventually(async () =>
        (await cloud.control.calls(seen)).find(({ operation }) =>
          operation.endsWith(`/stream-probe/turn-${turn}`),
        ),
      );
      begun.push(Date.parse(call.at));
    }
    // Each row is written right after the one before was seen, so it waits for the next look.
    const gaps = begun.slice(1).map((at, index) => at - (begun[index] ?? 0));
    return (gaps.sort((a, b) => a - b)[3] ?? 0) > 200;
  },

  async transactions_are_quick({ cloud }) {
    const { dynamodb } = await makeTable(cloud, 'large');
    const ids = Array.from({ length: 25 }, (_, index) => ({ S: `row-${index}` }));
    const attribute: AttributeValue = { M: { of: { S: 'value' } } };
    const attributes = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`attribute${index}`, attribute]),
    );
    const rows = ids.map((id) => ({ PutRequest: { Item: { ...attributes, id } } }));
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { large: rows } }));
    const transactions: number[] = [];
    const counts: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const update = (id: AttributeValue) => ({
        TableName: 'large',
        Key: { id },
        UpdateExpression: 'SET turn = :turn',
        ExpressionAttributeValues: { ':turn': { N: `${turn}` } },
      });
      const TransactItems = ids.map((id) => ({ Update: update(id) }));
      transactions.push(
        await duration(() => dynamodb.send(new TransactWriteItemsCommand({ TransactItems }))),
      );
      counts.push(
        await duration(() => dynamodb.send(new ScanCommand({ TableName: 'large', Select: 'COUNT' }))),
      );
    }
    // In passes over the same rows, so that a slow moment of the machine affects both.
    return Math.min(...transactions) / Math.min(...counts);
  },
};

import { setTimeout as pause } from 'node:timers/promises';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { splitIntoBatches } from '../domain/base/batches.ts';
import { TryLater, UnknownCursor } from '../domain/base/errors.ts';
import { formatKey, type Key } from '../domain/base/naming.ts';
import {
  findWriteKey,
  type Item,
  MAX_WRITES,
  matchesSortKey,
  type Page,
  type Query,
  type Table,
  type Write,
  WriteConflict,
} from '../ports/table.ts';
import { callAws } from './aws-client.ts';
import { buildConditionExpression, buildUpdateExpression, Placeholders } from './dynamo-expressions.ts';

/** Keys in one BatchGetItem (amazondynamodb BatchGetItemInput.RequestItems). */
const BATCH_KEYS = 100;
const TRIES = 6;
const FIRST_PAUSE_MS = 20;

const INDEX_KEYS = {
  main: { pk: 'pk', sk: 'sk' },
  list: { pk: 'listPk', sk: 'listSk' },
  due: { pk: 'duePk', sk: 'dueSk' },
} as const;

/** The one table. `client` is a document client that leaves out undefined values. */
export function dynamoTable(client: DynamoDBDocumentClient, tableName: string): Table {
  return {
    get: (key) =>
      callAws(async () => {
        const answer = await client.send(
          new GetCommand({ TableName: tableName, Key: { ...key }, ConsistentRead: true }),
        );
        return answer.Item === undefined ? undefined : parseItem(answer.Item);
      }),

    async getMany(keys) {
      const distinct = [...new Map(keys.map((key) => [formatKey(key), key])).values()];
      const chunks = splitIntoBatches(distinct, BATCH_KEYS);
      const found = await Promise.all(chunks.map((chunk) => readBatch(client, tableName, chunk)));
      const byKey = new Map(found.flat().map((item) => [formatKey(item), item]));
      return keys.map((key) => byKey.get(formatKey(key)));
    },

    query: (query) => callAws(() => queryPage(client, tableName, query)),

    async write(writes) {
      if (writes.length === 0) return;
      if (writes.length > MAX_WRITES)
        throw new RangeError(`A transaction takes ${MAX_WRITES} writes, not ${writes.length}.`);
      const [only] = writes;
      if (writes.length === 1 && only !== undefined && isRepeatable(only))
        await callAws(() => writeOne(client, tableName, only));
      else await writeAll(client, tableName, writes);
    },
  };
}

async function readBatch(
  client: DynamoDBDocumentClient,
  tableName: string,
  keys: readonly Key[],
): Promise<Item[]> {
  const items: Item[] = [];
  let open: Record<string, unknown>[] = keys.map(({ pk, sk }) => ({ pk, sk }));
  for (let round = 0; open.length > 0; round += 1) {
    if (round === TRIES) throw new TryLater('DynamoDB keeps leaving keys of a batch unread.');
    if (round > 0) await pause(Math.random() * FIRST_PAUSE_MS * 2 ** round);
    const answer = await callAws(() =>
      client.send(
        new BatchGetCommand({ RequestItems: { [tableName]: { Keys: open, ConsistentRead: true } } }),
      ),
    );
    items.push(...(answer.Responses?.[tableName] ?? []).map(parseItem));
    open = answer.UnprocessedKeys?.[tableName]?.Keys ?? [];
  }
  return items;
}

async function queryPage(client: DynamoDBDocumentClient, tableName: string, query: Query): Promise<Page> {
  const index = query.index ?? 'main';
  const names = INDEX_KEYS[index];
  const values: Record<string, unknown> = { ':pk': query.pk };
  const parts = ['#pk = :pk'];
  if (query.prefix !== undefined && query.upTo !== undefined) {
    Object.assign(values, { ':from': query.prefix, ':to': query.upTo });
    parts.push('#sk BETWEEN :from AND :to');
  } else if (query.prefix !== undefined) {
    values[':from'] = query.prefix;
    parts.push('begins_with(#sk, :from)');
  } else if (query.upTo !== undefined) {
    values[':to'] = query.upTo;
    parts.push('#sk <= :to');
  }
  const answer = await client.send(
    new QueryCommand({
      TableName: tableName,
      ...(index === 'main' ? { ConsistentRead: true } : { IndexName: index }),
      KeyConditionExpression: parts.join(' AND '),
      ExpressionAttributeNames: { '#pk': names.pk, ...(parts.length > 1 ? { '#sk': names.sk } : {}) },
      ExpressionAttributeValues: values,
      ScanIndexForward: query.descending !== true,
      ...(query.limit === undefined ? {} : { Limit: query.limit }),
      ...(query.after === undefined ? {} : { ExclusiveStartKey: parseCursor(query.after, query) }),
    }),
  );
  return {
    items: (answer.Items ?? []).map(parseItem),
    ...(answer.LastEvaluatedKey === undefined ? {} : { cursor: formatCursor(answer.LastEvaluatedKey) }),
  };
}

/**
 * Whether DynamoDB may see the write twice. The SDK repeats a request whose answer was lost; a transaction carries a token that makes the
 * second one do nothing (TransactWriteItems ClientRequestToken), a single write with a condition would meet its own first run.
 */
function isRepeatable(write: Write): boolean {
  if ('check' in write || write.when !== undefined) return false;
  return !('update' in write) || (write.add === undefined && write.append === undefined);
}

async function writeOne(client: DynamoDBDocumentClient, tableName: string, write: Write): Promise<void> {
  if ('put' in write) await client.send(new PutCommand({ TableName: tableName, Item: { ...write.put } }));
  else if ('delete' in write)
    await client.send(new DeleteCommand({ TableName: tableName, Key: { ...write.delete } }));
  else if ('update' in write) {
    const place = new Placeholders();
    const expression = buildUpdateExpression(write, place);
    await client.send(
      new UpdateCommand({
        TableName: tableName,
        Key: { ...write.update },
        ...(expression === undefined ? {} : { UpdateExpression: expression }),
        ...place.attributes(),
      }),
    );
  }
}

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

async function writeAll(
  client: DynamoDBDocumentClient,
  tableName: string,
  writes: readonly Write[],
): Promise<void> {
  const TransactItems = writes.map((write) => toTransactItem(tableName, write));
  for (let round = 1; ; round += 1) {
    try {
      await callAws(() => client.send(new TransactWriteCommand({ TransactItems })));
      return;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const conflict = toWriteConflict(error, writes);
      if (conflict !== undefined) throw conflict;
      // Two transactions met on an item, or a partition was throttled: neither says anything about our conditions.
      if (round === TRIES)
        throw new TryLater(`DynamoDB cancelled a transaction: ${error.message}`, {}, { cause: error });
      await pause(Math.random() * FIRST_PAUSE_MS * 2 ** round);
    }
  }
}

function toTransactItem(tableName: string, write: Write): TransactItem {
  const place = new Placeholders();
  const condition = buildConditionExpression(write.when, place);
  const common = {
    TableName: tableName,
    ...(condition === undefined ? {} : { ConditionExpression: condition }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
  if ('put' in write) return { Put: { ...common, Item: { ...write.put }, ...place.attributes() } };
  if ('delete' in write) return { Delete: { ...common, Key: { ...write.delete }, ...place.attributes() } };
  if ('check' in write) {
    if (condition === undefined) throw new Error('A check needs a condition.');
    return {
      ConditionCheck: {
        ...common,
        ConditionExpression: condition,
        Key: { ...write.check },
        ...place.attributes(),
      },
    };
  }
  const expression = buildUpdateExpression(write, place);
  if (expression === undefined) throw new Error(`The update of ${write.update.pk} changes nothing.`);
  return {
    Update: { ...common, Key: { ...write.update }, UpdateExpression: expression, ...place.attributes() },
  };
}

function toWriteConflict(
  error: TransactionCanceledException,
  writes: readonly Write[],
): WriteConflict | undefined {
  const reasons = error.CancellationReasons ?? [];
  const index = reasons.findIndex((reason) => reason.Code === 'ConditionalCheckFailed');
  const write = writes[index];
  if (write === undefined) return undefined;
  // The document client leaves the items in reasons as they came.
  const found = reasons[index]?.Item;
  const stands = found !== undefined && Object.keys(found).length > 0;
  return new WriteConflict(index, findWriteKey(write), stands ? parseItem(unmarshall(found)) : undefined);
}

/** Only checks that it is an item, without copying it: readers parse it with their own schema. */
const ItemSchema = z.lazy(() =>
  z.custom<Item>(
    (value) => isRecord(value) && typeof value.pk === 'string' && typeof value.sk === 'string',
    'is no item of the table: it has no pk or no sk',
  ),
);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function parseItem(value: Record<string, unknown>): Item {
  return ItemSchema.parse(value);
}

function formatCursor(key: Record<string, unknown>): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

const CursorSchema = z.lazy(() => z.record(z.string(), z.string()));

/** A key that lies outside what the query reads would be refused by DynamoDB as a mistake of ours (Query, ExclusiveStartKey). */
function parseCursor(cursor: string, query: Query): Record<string, string> {
  const index = INDEX_KEYS[query.index ?? 'main'];
  const names = new Set<string>([INDEX_KEYS.main.pk, INDEX_KEYS.main.sk, index.pk, index.sk]);
  try {
    const key = CursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    const fits = Object.keys(key).length === names.size && Object.keys(key).every((name) => names.has(name));
    if (fits && key[index.pk] === query.pk && matchesSortKey(query, key[index.sk] ?? '')) return key;
  } catch {
    // Whatever it is, it is refused below.
  }
  throw new UnknownCursor();
}

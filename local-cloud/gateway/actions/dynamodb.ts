import type { RecordedAction } from '../recorder.ts';
import type { Operation, Scope } from './operation.ts';
import { isRecord } from './operations.ts';

/** Each item of a transaction needs the permission of the corresponding single operation. [D:transaction-apis-iam] */
const transactItems: Record<string, string> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
};

export function dynamodbActions({ name, input }: Operation, scope: Scope): RecordedAction[] {
  switch (name) {
    case 'TransactWriteItems':
    case 'TransactGetItems':
      return items(input.TransactItems).flatMap((item) => transactActions(item, scope));
    case 'BatchGetItem':
    case 'BatchWriteItem':
      return tableNames(input.RequestItems).map((table) => action(name, tableArn(table, scope)));
    case 'ListTables':
    case 'ListStreams':
      return [action(name, '*')];
    default: {
      if (typeof input.StreamArn === 'string') return [action(name, input.StreamArn)];
      if (typeof input.ResourceArn === 'string') return [action(name, input.ResourceArn)];
      if (typeof input.TableName !== 'string') return [action(name, '*')];
      const table = tableArn(input.TableName, scope);
      return [
        action(name, typeof input.IndexName === 'string' ? `${table}/index/${input.IndexName}` : table),
      ];
    }
  }
}

function transactActions(item: unknown, scope: Scope): RecordedAction[] {
  if (!isRecord(item)) return [];
  return Object.entries(item).flatMap(([kind, request]) => {
    const operation = transactItems[kind];
    const table = isRecord(request) ? request.TableName : undefined;
    return operation && typeof table === 'string' ? [action(operation, tableArn(table, scope))] : [];
  });
}

function items(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function tableNames(value: unknown): string[] {
  return isRecord(value) ? Object.keys(value) : [];
}

function action(operation: string, resource: string): RecordedAction {
  return { action: `dynamodb:${operation}`, resource };
}

function tableArn(table: string, { region, account }: Scope): string {
  return table.startsWith('arn:') ? table : `arn:aws:dynamodb:${region}:${account}:table/${table}`;
}

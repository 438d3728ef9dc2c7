import type { PortEnvironment, Statement } from './permissions.ts';

export const environment = { any: { TABLE_NAME: '${Table}' } } satisfies PortEnvironment<never>;

const onTable = (Action: string): readonly Statement[] => [{ Action: [Action], Resource: '${Table.Arn}' }];

/** By kinds of access, not by the port's methods: one call of `write` may hold puts, updates, deletes and checks. */
export const permissions = {
  get: onTable('dynamodb:GetItem'),
  getMany: onTable('dynamodb:BatchGetItem'),
  query: onTable('dynamodb:Query'),
  queryDue: [{ Action: ['dynamodb:Query'], Resource: '${Table.Arn}/index/due' }],
  queryList: [{ Action: ['dynamodb:Query'], Resource: '${Table.Arn}/index/list' }],
  put: onTable('dynamodb:PutItem'),
  update: onTable('dynamodb:UpdateItem'),
  delete: onTable('dynamodb:DeleteItem'),
  check: onTable('dynamodb:ConditionCheckItem'),
} satisfies Readonly<Record<string, readonly Statement[]>>;

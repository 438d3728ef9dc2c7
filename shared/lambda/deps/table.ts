import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { dynamoTable } from '../../adapters/dynamo-table.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const table = lazy(() => {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientDefaults), {
    marshallOptions: { removeUndefinedValues: true },
  });
  return dynamoTable(client, env('TABLE_NAME').TABLE_NAME);
});

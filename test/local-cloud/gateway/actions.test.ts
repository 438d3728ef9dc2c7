import { describe, expect, it } from '@jest/globals';
import { findActions } from '../../../local-cloud/gateway/actions/actions.ts';
import type { ServiceRequest } from '../../../local-cloud/gateway/actions/operation.ts';
import { readOperation } from '../../../local-cloud/gateway/actions/operations.ts';

const scope = { account: '111122223333', region: 'eu-west-1' };

function request(service: string, parts: Partial<ServiceRequest> = {}): ServiceRequest {
  return {
    service,
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.alloc(0),
    ...parts,
  };
}

function json(service: string, target: string, input: object): ServiceRequest {
  return request(service, { headers: { 'x-amz-target': target }, body: Buffer.from(JSON.stringify(input)) });
}

function actions(sent: ServiceRequest): string[] {
  const operation = readOperation(sent);
  return findActions(sent.service, operation, scope).map(({ action, resource }) => `${action} ${resource}`);
}

describe('the IAM actions of a recorded call', () => {
  it('names each item of a DynamoDB transaction as the single call that it stands for', () => {
    const sent = json('dynamodb', 'DynamoDB_20120810.TransactWriteItems', {
      TransactItems: [
        { Put: { TableName: 'main', Item: {} } },
        { Update: { TableName: 'main', Key: {} } },
        { ConditionCheck: { TableName: 'other', Key: {} } },
        { Put: { TableName: 'main', Item: {} } },
      ],
    });

    expect(actions(sent)).toEqual([
      'dynamodb:PutItem arn:aws:dynamodb:eu-west-1:111122223333:table/main',
      'dynamodb:UpdateItem arn:aws:dynamodb:eu-west-1:111122223333:table/main',
      'dynamodb:ConditionCheckItem arn:aws:dynamodb:eu-west-1:111122223333:table/other',
    ]);
  });

  it('checks a query of an index on the index', () => {
    const sent = json('dynamodb', 'DynamoDB_20120810.Query', { TableName: 'main', IndexName: 'by-state' });

    expect(actions(sent)).toEqual([
      'dynamodb:Query arn:aws:dynamodb:eu-west-1:111122223333:table/main/index/by-state',
    ]);
  });

  it('checks batches of messages as single messages, on the queue of the URL', () => {
    const sent = json('sqs', 'AmazonSQS.SendMessageBatch', {
      QueueUrl: 'http://127.0.0.1:4566/444455556666/hints',
      Entries: [],
    });

    expect(actions(sent)).toEqual(['sqs:SendMessage arn:aws:sqs:eu-west-1:444455556666:hints']);
  });

  it('checks every bus that a PutEvents names, and the default bus where none is named', () => {
    const sent = json('events', 'AWSEvents.PutEvents', {
      Entries: [{ EventBusName: 'ovenbird' }, {}, { EventBusName: 'ovenbird' }],
    });

    expect(actions(sent)).toEqual([
      'events:PutEvents arn:aws:events:eu-west-1:111122223333:event-bus/ovenbird',
      'events:PutEvents arn:aws:events:eu-west-1:111122223333:event-bus/default',
    ]);
  });

  it('gives public parameters an ARN without account and own ones the account’s', () => {
    const sent = json('ssm', 'AmazonSSM.GetParameters', {
      Names: ['/aws/service/ami/x', '/golden/id:3', 'plain'],
    });

    expect(actions(sent)).toEqual([
      'ssm:GetParameters arn:aws:ssm:eu-west-1::parameter/aws/service/ami/x',
      'ssm:GetParameters arn:aws:ssm:eu-west-1:111122223333:parameter/golden/id',
      'ssm:GetParameters arn:aws:ssm:eu-west-1:111122223333:parameter/plain',
    ]);
  });

  it('reads S3 operations from method, path and query', () => {
    const get = request('s3', { method: 'GET', path: '/evidence/a%20b/c.json' });
    const list = request('s3', {
      method: 'GET',
      path: '/evidence',
      query: new URLSearchParams('list-type=2'),
    });
    const copy = request('s3', {
      method: 'PUT',
      path: '/evidence/new',
      headers: { 'x-amz-copy-source': '/source/old%20one' },
    });
    const version = request('s3', {
      method: 'GET',
      path: '/evidence/x',
      query: new URLSearchParams('versionId=1'),
    });

    expect(actions(get)).toEqual(['s3:GetObject arn:aws:s3:::evidence/a b/c.json']);
    expect(actions(list)).toEqual(['s3:ListBucket arn:aws:s3:::evidence']);
    expect(actions(copy)).toEqual([
      's3:GetObject arn:aws:s3:::source/old one',
      's3:PutObject arn:aws:s3:::evidence/new',
    ]);
    expect(actions(version)).toEqual(['s3:GetObjectVersion arn:aws:s3:::evidence/x']);
  });

  it('counts the role that a schedule is given as passed', () => {
    const sent = request('scheduler', {
      path: '/schedules/remind',
      body: Buffer.from(
        JSON.stringify({ GroupName: 'ovenbird', Target: { RoleArn: 'arn:aws:iam::111122223333:role/s' } }),
      ),
    });

    expect(actions(sent)).toEqual([
      'scheduler:CreateSchedule arn:aws:scheduler:eu-west-1:111122223333:schedule/ovenbird/remind',
      'iam:PassRole arn:aws:iam::111122223333:role/s',
    ]);
  });

  it('reads query requests from the form', () => {
    const sent = request('sts', {
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: Buffer.from(
        'Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2Fx&Version=2011-06-15',
      ),
    });

    expect(actions(sent)).toEqual(['sts:AssumeRole arn:aws:iam::444455556666:role/x']);
  });

  it('names the route of an API that is called', () => {
    const sent = request('execute-api', { path: '/_aws/execute-api/a1b2/$default/pipelines/web/bakes' });

    expect(actions(sent)).toEqual([
      'execute-api:Invoke arn:aws:execute-api:eu-west-1:111122223333:a1b2/$default/POST/pipelines/web/bakes',
    ]);
  });

  it('counts tags and source identity of a session as rights of their own', () => {
    const form =
      'Action=AssumeRole&RoleArn=arn:aws:iam::444455556666:role/x&Tags.member.1.Key=a&SourceIdentity=ada';
    const sent = request('sts', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form),
    });

    expect(actions(sent)).toEqual([
      'sts:AssumeRole arn:aws:iam::444455556666:role/x',
      'sts:TagSession arn:aws:iam::444455556666:role/x',
      'sts:SetSourceIdentity arn:aws:iam::444455556666:role/x',
    ]);
  });

  it('asks no permission for GetCallerIdentity', () => {
    const sent = request('sts', { query: new URLSearchParams('Action=GetCallerIdentity') });

    expect(actions(sent)).toEqual([]);
  });
});

import { beforeAll, expect, it } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { httpLambda } from '../../../shared/lambda/http-lambda.ts';

beforeAll(() => {
  process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
});

it.each(['TRACE', 'CONNECT', 'TRACK', 'trace'])(
  'a method that no request may have is answered: %s',
  async (method) => {
    const handler = httpLambda(() => ({ fetch: () => new Response('never') }));
    const event = {
      version: '2.0',
      routeKey: '$default',
      rawPath: '/approvals',
      requestContext: { requestId: 'r', http: { method } },
    };

    const answer = await handler(event, { getRemainingTimeInMillis: () => 1000 } as Context);

    expect(answer).toMatchObject({
      statusCode: 405,
      headers: { 'content-type': 'application/problem+json', allow: '' },
    });
    expect(JSON.parse(String(answer.body))).toMatchObject({
      status: 405,
      code: 'method-not-allowed',
      detail: `/approvals takes no ${method}.`,
    });
  },
);

import { beforeAll, describe, expect, it } from '@jest/globals';
import { httpLambda } from '../../../shared/lambda/http-lambda.ts';

beforeAll(() => {
  process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
});

const context = { awsRequestId: 'request' } as never;

/** The path that the application sees, of a request to a domain whose mapping has this base path. */
async function readPath(
  basePath: string,
  routeKey: string,
  pathParameters: Record<string, string>,
  path: string,
) {
  const seen: string[] = [];
  const handler = httpLambda(() => ({
    fetch(request) {
      seen.push(new URL(request.url).pathname);
      return new Response(null, { status: 204 });
    },
  }));
  await handler(
    {
      version: '2.0',
      routeKey,
      pathParameters,
      rawPath: `${basePath}${path}`,
      requestContext: { http: { method: 'GET' } },
    },
    context,
  );
  return seen[0];
}

describe('a request to the API', () => {
  it.each(['', '/images', '/a/b'])(
    'is told apart by its route, below the base path "%s" of a domain',
    async (basePath) => {
      const path = '/teams/web/pipelines/web-base';

      expect(
        await readPath(
          basePath,
          'GET /teams/{team}/pipelines/{name}',
          { team: 'web', name: 'web-base' },
          path,
        ),
      ).toBe(path);
    },
  );

  it.each(['', '/images'])(
    'is told apart by the rest of its path below "%s" on a route that takes any',
    async (basePath) => {
      const proxy = 'teams/web/pipelines/a b/c';

      expect(await readPath(basePath, 'ANY /{proxy+}', { proxy }, '/teams/web/pipelines/a%20b%2Fc')).toBe(
        '/teams/web/pipelines/a%20b%2Fc',
      );
    },
  );

  it('keeps what a parameter holds within its part of the path', async () => {
    expect(await readPath('', 'GET /bakes/{id}', { id: 'a/b' }, '/bakes/a%2Fb')).toBe('/bakes/a%2Fb');
  });

  it('has its raw path where there is no route', async () => {
    expect(await readPath('', '$default', {}, '/any')).toBe('/any');
  });
});

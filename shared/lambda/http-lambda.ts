/** Functions behind the HTTP API: payload format 2.0 in (apigateway/latest/developerguide/http-api-develop-integrations-lambda), a web Request to the application, its Response out. */
import * as z from 'zod';
import { withTelemetry } from './lambda.ts';
import { toMethodProblem } from './problems.ts';
import { log } from './telemetry.ts';

const EventSchema = z.object({
  version: z.literal('2.0'),
  /** `POST /teams/{team}/pipelines/{name}/bakes` */
  routeKey: z.string(),
  pathParameters: z.record(z.string(), z.string()).nullish(),
  rawPath: z.string(),
  rawQueryString: z.string().default(''),
  cookies: z.array(z.string()).optional(),
  headers: z.record(z.string(), z.string().optional()).default({}),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({
    requestId: z.string().default(''),
    http: z.object({ method: z.string() }),
    /** Only routes with IAM authorisation have it; API Gateway checked the signature. */
    authorizer: z.object({ iam: z.object({ userArn: z.string() }).optional() }).optional(),
  }),
});

/** What an application is told beside the request. */
export interface HttpContext {
  /** ARN of the caller; undefined on routes without authorisation. */
  readonly caller: string | undefined;
  readonly requestId: string;
}

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body: string;
}

export interface HttpApplication {
  fetch(request: Request, context: HttpContext): Response | Promise<Response>;
}

export function httpLambda(application: () => HttpApplication) {
  return withTelemetry(async (raw: unknown): Promise<HttpAnswer> => {
    const event = EventSchema.parse(raw);
    const { requestContext: context } = event;
    const answer = isForbidden(context.http.method)
      ? toMethodProblem(context.http.method, event.rawPath)
      : await application().fetch(toRequest(event), {
          caller: context.authorizer?.iam?.userArn,
          requestId: context.requestId,
        });
    // The path alone: the query of an approval link is a secret.
    log.info('request-served', { method: context.http.method, path: toPath(event), status: answer.status });
    return toHttpAnswer(answer);
  });
}

/** No Request may have these methods (fetch.spec.whatwg.org, forbidden method). */
function isForbidden(method: string): boolean {
  return ['CONNECT', 'TRACE', 'TRACK'].includes(method.toUpperCase());
}

function toRequest(event: z.output<typeof EventSchema>): Request {
  const { method } = event.requestContext.http;
  const headers = new Headers();
  for (const [name, value] of Object.entries(event.headers))
    if (value !== undefined) headers.set(name, value);
  if (event.cookies !== undefined) headers.set('cookie', event.cookies.join('; '));
  const query = event.rawQueryString === '' ? '' : `?${event.rawQueryString}`;
  // A Request needs a host; ours are told apart by path alone, and links are made from API_URL.
  const url = `https://api.invalid${toPath(event)}${query}`;
  const hasBody = typeof event.body === 'string' && method !== 'GET' && method !== 'HEAD';
  const body = hasBody ? Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8') : null;
  return new Request(url, { method, headers, body });
}

/**
 * The raw path without the base path of a domain's mapping, with which it begins (apigateway/latest/developerguide/http-api-mappings): the end of it
 * that is the route with its parameters.
 */
function toPath({ routeKey, pathParameters, rawPath }: z.output<typeof EventSchema>): string {
  const [, route] = /^[A-Z]+ (\/.*)$/.exec(routeKey) ?? [];
  if (route === undefined) return rawPath;
  const wanted = route.replaceAll(/\{([^}+]+)\+?\}/g, (_, name: string) => pathParameters?.[name] ?? '');
  const starts = [...rawPath.matchAll(/\//g)].map(({ index }) => rawPath.slice(index));
  return starts.find((end) => end === wanted || decodePath(end) === wanted) ?? rawPath;
}

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

async function toHttpAnswer(response: Response): Promise<HttpAnswer> {
  const cookies = response.headers.getSetCookie();
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== 'set-cookie'));
  return {
    statusCode: response.status,
    headers,
    ...(cookies.length === 0 ? {} : { cookies }),
    body: await response.text(),
  };
}

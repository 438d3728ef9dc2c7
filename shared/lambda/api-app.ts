/**
 * The API's operations over HTTP: requests and answers are parsed with the operation's schemas, errors become application/problem+json with a stable
 * code.
 */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type * as z from 'zod';
import { OPERATIONS, type Operation, type OperationName } from '../domain/api/operations.ts';
import { InvalidRequest } from '../domain/base/errors.ts';
import type { HttpContext } from './http-lambda.ts';
import { toMethodProblem, toProblem, toProblemResponse } from './problems.ts';

/** Input of an operation; `by` is the caller's ARN. */
export interface OperationRequest<Name extends OperationName> {
  readonly parameters: Parsed<(typeof OPERATIONS)[Name], 'parameters'>;
  readonly query: Parsed<(typeof OPERATIONS)[Name], 'query'>;
  readonly body: Parsed<(typeof OPERATIONS)[Name], 'body'>;
  readonly by: string;
}
type Parsed<Of, Part extends string> =
  Of extends Readonly<Record<Part, infer Schema>> ? z.output<Extract<Schema, z.ZodType>> : undefined;
export type OperationHandlers<Names extends OperationName = OperationName> = {
  readonly [Name in Names]: (asked: OperationRequest<Name>) => Promise<unknown>;
};

export interface ApiAppDeps {
  /** Called with each unexpected error, before it is answered as an internal error. */
  readonly onError: (error: unknown) => void;
}

/** Definitions hold their suites' scripts: 20 of at most 60 000 characters each; API Gateway takes 10 MB. */
const BODY_BYTES = 2_000_000;

/** An application that serves the given operations. */
export function createApiApp(
  serve: Partial<OperationHandlers>,
  deps: ApiAppDeps,
): Hono<{ Bindings: HttpContext }> {
  const app = new Hono<{ Bindings: HttpContext }>();
  app.use(
    bodyLimit({
      maxSize: BODY_BYTES,
      onError: (c) =>
        toErrorResponse(deps, c, new InvalidRequest(`The body is larger than ${BODY_BYTES} bytes.`)),
    }),
  );
  for (const name of Object.keys(serve) as OperationName[]) {
    const operation: Operation = OPERATIONS[name];
    const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1');
    app.on(operation.method.toUpperCase(), path, async (c) => {
      const asked = await parseRequest(name, operation, c);
      const run = serve[name] as (asked: unknown) => Promise<unknown>;
      return c.json(operation.answer.parse(await run(asked)), operation.status ?? 200, {
        'cache-control': 'no-store',
      });
    });
  }
  app.notFound((c) => {
    const allowed = listMethods(c.req.path);
    if (allowed.length > 0 && !allowed.includes(c.req.method))
      return toMethodProblem(c.req.method, c.req.path, allowed);
    return toProblemResponse({
      status: 404,
      code: 'no-such-operation',
      detail: `There is no ${c.req.method} ${c.req.path}. docs/openapi.json lists what there is.`,
    });
  });
  app.onError((error, c) => toErrorResponse(deps, c, error));
  return app;
}

/** Methods of the operations on a path, those that another function serves included. */
function listMethods(path: string): string[] {
  const operations: readonly Operation[] = Object.values(OPERATIONS);
  return operations
    .filter((operation) => new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path))
    .map(({ method }) => method.toUpperCase());
}

async function parseRequest(
  name: OperationName,
  operation: Operation,
  c: Context<{ Bindings: HttpContext }>,
): Promise<OperationRequest<OperationName>> {
  const { caller } = c.env;
  if (caller === undefined)
    throw new Error(`${name} was reached without IAM authorisation; check the route's authoriser.`);
  const asked = {
    parameters: operation.parameters && parseRequestPart('path', operation.parameters, c.req.param()),
    query: operation.query && parseRequestPart('query', operation.query, c.req.query()),
    body: operation.body && (await parseBody(name, operation.body, c)),
    by: caller,
  };
  return asked as OperationRequest<OperationName>;
}

async function parseBody(name: OperationName, schema: z.ZodType, c: Context): Promise<unknown> {
  const text = await c.req.text();
  const raw = parseJson(text === '' ? '{}' : text);
  // The use case parses the definition: it finds more problems than the schema, and reports all of them at once.
  return name === 'applyDefinition' ? raw : parseRequestPart('body', schema, raw);
}

function parseRequestPart(part: string, schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => ({
    field: [part, ...issue.path].join('.'),
    message: issue.message,
  }));
  const first = problems[0];
  throw new InvalidRequest(`${first?.field ?? part}: ${first?.message ?? 'is not valid'}`, { problems });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidRequest('The body is not JSON.');
  }
}

function toErrorResponse(deps: ApiAppDeps, c: Context<{ Bindings: HttpContext }>, error: unknown): Response {
  const problem = toProblem(error);
  if (problem.status >= 500) deps.onError(error);
  return toProblemResponse({ ...problem, requestId: c.env.requestId });
}

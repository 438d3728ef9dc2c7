/**
 * The API: every operation of shared/domain/api.ts has one function here. What comes in is parsed with the operation's schemas, what goes
 * out too; whatever is thrown becomes application/problem+json with a stable code.
 */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type * as z from 'zod';
import {
  type Applied,
  type BakeAnswer,
  type EndedSchema,
  OPERATIONS,
  type Operation,
  type OperationName,
} from '../../shared/domain/api.ts';
import { InvalidRequest } from '../../shared/domain/errors.ts';
import type { ApprovalRecord } from '../../shared/domain/records.ts';
import type { Clock, Digest, Table } from '../../shared/ports.ts';
import { decideApproval } from '../../shared/use-cases/decide-approval.ts';
import { listApprovals, listBakes, listChanges, listReleases } from '../../shared/use-cases/list-pages.ts';
import { showBake } from '../../shared/use-cases/show-bake.ts';
import { listPipelines, showPipeline } from '../../shared/use-cases/show-pipeline.ts';
import { problemOf, problemResponse } from './problems.ts';

/** What changes something beyond a decision; the handler wires the use cases. `by` is the caller's ARN. */
export interface ApiVerbs {
  apply(request: { definition: unknown; by: string }): Promise<Applied>;
  requestBake(request: { pipeline: string; force: boolean; by: string }): Promise<BakeAnswer>;
  cancelBake(request: { bake: string; by: string }): Promise<z.input<typeof EndedSchema>>;
  retryBake(request: { bake: string; by: string }): Promise<z.input<typeof EndedSchema>>;
}

export interface ApiDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly digest: Digest;
  readonly verbs: ApiVerbs;
  /** Told of what nobody expected, before it is answered as an internal error. */
  readonly onError: (error: unknown) => void;
  readonly onDecided?: (record: ApprovalRecord) => void;
}

/** Set by the function's event; tests hand it in. */
export interface ApiBindings {
  readonly caller: string | undefined;
  readonly requestId: string;
}

interface Asked<Name extends OperationName> {
  readonly parameters: Parsed<(typeof OPERATIONS)[Name], 'parameters'>;
  readonly query: Parsed<(typeof OPERATIONS)[Name], 'query'>;
  readonly body: Parsed<(typeof OPERATIONS)[Name], 'body'>;
  readonly by: string;
}
type Parsed<Of, Part extends string> =
  Of extends Readonly<Record<Part, infer Schema>> ? z.output<Extract<Schema, z.ZodType>> : undefined;
type Serve = { readonly [Name in OperationName]: (asked: Asked<Name>) => Promise<unknown> };

/** Definitions hold their suites' scripts: 20 of at most 60 000 characters each; API Gateway takes 10 MB. */
const BODY_BYTES = 2_000_000;

export function createApi(deps: ApiDeps): Hono<{ Bindings: ApiBindings }> {
  const app = new Hono<{ Bindings: ApiBindings }>();
  const serve = operationsOf(deps);

  app.use(
    bodyLimit({
      maxSize: BODY_BYTES,
      onError: (c) => failed(deps, c, new InvalidRequest(`The body is larger than ${BODY_BYTES} bytes.`)),
    }),
  );
  for (const name of Object.keys(OPERATIONS) as OperationName[]) {
    const operation: Operation = OPERATIONS[name];
    const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1');
    app.on(operation.method.toUpperCase(), path, async (c) => {
      const asked = await askedOf(name, operation, c);
      const run = serve[name] as (asked: unknown) => Promise<unknown>;
      return c.json(operation.answer.parse(await run(asked)), operation.status, {
        'cache-control': 'no-store',
      });
    });
  }
  app.notFound((c) =>
    problemResponse({
      status: 404,
      code: 'no-such-operation',
      detail: `There is no ${c.req.method} ${c.req.path}. docs/openapi.json lists what there is.`,
    }),
  );
  app.onError((error, c) => failed(deps, c, error));
  return app;
}

function operationsOf({ verbs, ...deps }: ApiDeps): Serve {
  const decisions = { approve: 'approved', reject: 'rejected' } as const;
  return {
    // The use case reads the definition itself: it knows more that can be wrong than the schema, and says all of it at once.
    applyDefinition: ({ body, by }) => verbs.apply({ definition: body, by }),
    listPipelines: ({ query }) => listPipelines(deps, query),
    showPipeline: ({ parameters }) => showPipeline(deps, parameters.name),
    requestBake: ({ parameters, body, by }) =>
      verbs.requestBake({ pipeline: parameters.name, force: body.force, by }),
    listBakes: ({ query }) => listBakes(deps, query),
    showBake: ({ parameters }) => showBake(deps, parameters.id),
    cancelBake: ({ parameters, by }) => verbs.cancelBake({ bake: parameters.id, by }),
    retryBake: ({ parameters, by }) => verbs.retryBake({ bake: parameters.id, by }),
    listReleases: ({ query }) => listReleases(deps, query),
    listChanges: ({ query }) => listChanges(deps, query),
    listApprovals: ({ query }) => listApprovals(deps, query),
    decideApproval: async ({ parameters, body, by }) => {
      const decision = decisions[body.decision];
      const { comment } = body;
      const record = await decideApproval(deps, {
        approval: parameters.id,
        decision,
        comment,
        by,
        via: 'api',
      });
      deps.onDecided?.(record);
      return record;
    },
  };
}

async function askedOf(
  name: OperationName,
  operation: Operation,
  c: Context<{ Bindings: ApiBindings }>,
): Promise<Asked<OperationName>> {
  const { caller } = c.env;
  if (caller === undefined)
    throw new Error(`${name} was reached without IAM authorisation; check the route's authoriser.`);
  const asked = {
    parameters: operation.parameters && parse('path', operation.parameters, c.req.param()),
    query: operation.query && parse('query', operation.query, c.req.query()),
    body: operation.body && (await bodyOf(name, operation.body, c)),
    by: caller,
  };
  return asked as Asked<OperationName>;
}

async function bodyOf(name: OperationName, schema: z.ZodType, c: Context): Promise<unknown> {
  const text = await c.req.text();
  const raw = parseJson(text === '' ? '{}' : text);
  return name === 'applyDefinition' ? raw : parse('body', schema, raw);
}

function parse(part: string, schema: z.ZodType, value: unknown): unknown {
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

function failed(deps: ApiDeps, c: Context<{ Bindings: ApiBindings }>, error: unknown): Response {
  const problem = problemOf(error);
  if (problem.status >= 500) deps.onError(error);
  return problemResponse({ ...problem, requestId: c.env.requestId });
}

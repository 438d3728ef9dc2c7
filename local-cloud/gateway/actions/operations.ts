import type { Operation, ServiceRequest } from './operation.ts';
import { s3Operation } from './s3.ts';

/** Services whose operation is in the path, so that bodies can be streamed. */
const streamed = new Set(['s3', 'lambda', 'execute-api']);

export function needsBody(service: string): boolean {
  return !streamed.has(service);
}

/** Name and input of the operation that a request is for. */
export function readOperation(request: ServiceRequest): Operation {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    return { name: target.slice(target.lastIndexOf('.') + 1), input: parseJson(request.body) };
  }
  switch (request.service) {
    case 's3':
      return s3Operation(request);
    case 'execute-api':
      return { name: 'Invoke', input: invokedRoute(request) };
    case 'lambda':
      return fromRoutes(lambdaRoutes, request);
    case 'scheduler':
      return fromRoutes(schedulerRoutes, request);
  }
  const form = new URLSearchParams(isForm(request) ? request.body.toString() : '');
  const action = form.get('Action') ?? request.query.get('Action');
  if (action)
    return { name: action, input: { ...Object.fromEntries(request.query), ...Object.fromEntries(form) } };
  // Smithy RPC (CBOR), which CloudWatch's newer clients speak.
  const rpc = /\/service\/[^/]+\/operation\/([^/]+)/.exec(request.path);
  if (rpc?.[1]) return { name: rpc[1], input: {} };
  return { name: `${request.method} ${request.path}`, input: parseJson(request.body) };
}

type Route = [method: string, path: RegExp, operation: string];

const lambdaRoutes: Route[] = [
  ['POST', /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/invocations$/, 'Invoke'],
  ['GET', /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)$/, 'GetFunction'],
  ['DELETE', /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)$/, 'DeleteFunction'],
  ['GET', /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/configuration$/, 'GetFunctionConfiguration'],
  ['PUT', /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/configuration$/, 'UpdateFunctionConfiguration'],
  ['PUT', /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/code$/, 'UpdateFunctionCode'],
  ['PUT', /^\/2017-10-31\/functions\/(?<FunctionName>[^/]+)\/concurrency$/, 'PutFunctionConcurrency'],
  ['DELETE', /^\/2017-10-31\/functions\/(?<FunctionName>[^/]+)\/concurrency$/, 'DeleteFunctionConcurrency'],
  ['POST', /^\/2015-03-31\/functions$/, 'CreateFunction'],
  ['GET', /^\/2015-03-31\/functions\/?$/, 'ListFunctions'],
  ['GET', /^\/2015-03-31\/event-source-mappings\/?$/, 'ListEventSourceMappings'],
];

const schedulerRoutes: Route[] = [
  ['POST', /^\/schedules\/(?<Name>[^/]+)$/, 'CreateSchedule'],
  ['PUT', /^\/schedules\/(?<Name>[^/]+)$/, 'UpdateSchedule'],
  ['GET', /^\/schedules\/(?<Name>[^/]+)$/, 'GetSchedule'],
  ['DELETE', /^\/schedules\/(?<Name>[^/]+)$/, 'DeleteSchedule'],
  ['GET', /^\/schedules$/, 'ListSchedules'],
  ['POST', /^\/schedule-groups\/(?<Name>[^/]+)$/, 'CreateScheduleGroup'],
  ['GET', /^\/schedule-groups\/(?<Name>[^/]+)$/, 'GetScheduleGroup'],
  ['DELETE', /^\/schedule-groups\/(?<Name>[^/]+)$/, 'DeleteScheduleGroup'],
  ['GET', /^\/schedule-groups$/, 'ListScheduleGroups'],
];

function fromRoutes(routes: Route[], request: ServiceRequest): Operation {
  for (const [method, path, name] of routes) {
    const found = method === request.method ? path.exec(request.path) : null;
    if (!found) continue;
    const fromPath = Object.entries(found.groups ?? {}).map(([key, value]) => [
      key,
      decodeURIComponent(value),
    ]);
    return {
      name,
      input: {
        ...parseJson(request.body),
        ...Object.fromEntries(request.query),
        ...Object.fromEntries(fromPath),
      },
    };
  }
  return { name: `${request.method} ${request.path}`, input: {} };
}

/** The route of an HTTP API that a request invokes, in the path form and in the host form of its URL. */
function invokedRoute({ method, path, headers }: ServiceRequest): Record<string, unknown> {
  const inPath = /^\/_aws\/execute-api\/(?<api>[^/]+)\/(?<stage>[^/]+)\/?(?<route>.*)$/.exec(path)?.groups;
  if (inPath) return { ...inPath, method };
  const api = /^([^.]+)\.execute-api\./.exec(headers.host ?? '')?.[1];
  const [, stage, ...route] = path.split('/');
  return api ? { api, stage, route: route.join('/'), method } : {};
}

function isForm(request: ServiceRequest): boolean {
  return (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
}

function parseJson(body: Buffer): Record<string, unknown> {
  if (body.length === 0 || body[0] !== 0x7b) return {};
  try {
    const parsed: unknown = JSON.parse(body.toString());
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

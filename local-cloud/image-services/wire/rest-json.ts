import { AwsError, assertNever, type Shape } from '../service.ts';
import { BadInput, type Complaint, parseBody, readMembers, writeStructure } from './json.ts';
import type { Member, OperationSchema, Schemas } from './schemas.ts';
import { numberFromText } from './values.ts';
import type { Wire, WireRequest } from './wire.ts';

interface Route {
  operation: OperationSchema;
  method: string;
  path: RegExp;
  labels: string[];
}

/** The restJson1 protocol with bindings to the path and the query, which is all that Image Builder uses. */
export function restJsonWire(schemas: Schemas): Wire {
  const routes = schemas.operationNames().flatMap((name) => {
    const operation = schemas.operation(name);
    return operation?.traits.http === undefined ? [] : [createRoute(operation, operation.traits.http)];
  });
  const routeFor = ({ method, path }: WireRequest): Route | undefined =>
    routes.find((route) => route.method === method && route.path.test(path));

  return {
    protocol: 'restJson1',
    readOperation: (request) => routeFor(request)?.operation.name,
    decode(operation, request) {
      const route = routeFor(request);
      if (route === undefined) throw new Error(`No route for ${operation}.`);
      try {
        return readRequest(route, request);
      } catch (error) {
        if (error instanceof BadInput)
          throw new AwsError('InvalidParameterException', complain(error.complaint));
        throw error;
      }
    },
    encode(operation, output, requestId) {
      const schema = schemas.operation(operation);
      if (schema === undefined) throw new Error(`There is no operation ${operation}.`);
      return {
        status: schema.traits.http?.[2] ?? 200,
        headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId },
        body: JSON.stringify(writeStructure(schema.output, output, operation)),
      };
    },
    encodeError: (error, requestId) => ({
      status: error.status,
      headers: {
        'content-type': 'application/json',
        'x-amzn-requestid': requestId,
        'x-amzn-errortype': error.code,
      },
      body: JSON.stringify({ message: error.message }),
    }),
  };
}

function createRoute(operation: OperationSchema, [method, template]: [string, string, number]): Route {
  const labels: string[] = [];
  const parts = template.split('/').map((part) => {
    const label = /^\{(\w+)\}$/.exec(part)?.[1];
    if (label === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    labels.push(label);
    return '([^/]+)';
  });
  return { operation, method, path: new RegExp(`^${parts.join('/')}/?$`), labels };
}

function readRequest(route: Route, request: WireRequest): Shape {
  const { input } = route.operation;
  const inBody = input.members.filter(({ traits }) => !traits.httpLabel && traits.httpQuery === undefined);
  const body = inBody.length === 0 ? {} : readMembers(inBody, input.required, parseBody(request.body), '');
  const found = route.path.exec(request.path);
  const labels = new Map(route.labels.map((label, index) => [label, found?.[index + 1] ?? '']));
  const left = new Set(request.query.keys());
  for (const member of input.members) {
    const { httpLabel, httpQuery } = member.traits;
    let texts: string[] = [];
    if (httpLabel) texts = [decodeURIComponent(labels.get(member.name) ?? '')];
    else if (httpQuery !== undefined) {
      texts = request.query.getAll(httpQuery);
      left.delete(httpQuery);
    } else continue;
    if (texts.length > 0) body[member.name] = readTexts(member, texts);
    else if (input.required.has(member.name)) throw new BadInput({ kind: 'missing', path: member.name });
  }
  for (const unknown of left) throw new BadInput({ kind: 'unknown', path: unknown });
  return body;
}

function readTexts(member: Member, texts: string[]): unknown {
  const wrong = (expected: string): BadInput => new BadInput({ kind: 'type', path: member.name, expected });
  const first = texts[0] ?? '';
  switch (member.type.kind) {
    case 'list':
      return texts;
    case 'string':
      return first;
    case 'number': {
      const value = numberFromText(first);
      if (value === undefined) throw wrong('number');
      return value;
    }
    case 'boolean':
      if (first !== 'true' && first !== 'false') throw wrong('boolean');
      return first === 'true';
    default:
      throw wrong('text');
  }
}

function complain(complaint: Complaint): string {
  switch (complaint.kind) {
    case 'missing':
      return `The value supplied for parameter '${complaint.path}' is not valid. It is required and may not be null.`;
    case 'unknown':
      return `The parameter '${complaint.path}' is not known.`;
    case 'type':
      return `The value supplied for parameter '${complaint.path}' is not valid. It must be of type ${complaint.expected}.`;
    default:
      return assertNever(complaint);
  }
}

/** The OpenAPI document, made from the table of operations that the handler serves and the command line calls. */

import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import { OPERATIONS, type Operation } from '../shared/domain/api/operations.ts';
import { ProblemSchema } from '../shared/domain/api/shapes.ts';
import { forbidRefused } from './schema-override.ts';

/** apigateway/latest/developerguide/http-api-troubleshooting: the gateway's own words, which the service never sees. */
const GatewayAnswer = z.object({ message: z.string().nullable() });

/** Every operation may answer these. */
const COMMON_PROBLEMS = ['invalid-request', 'internal-error', 'try-later'];

export function openApiDocument(): unknown {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: toOperationObject(name, operation),
    };
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: {
      title: 'Ovenbird',
      version: '1',
      description:
        'Keeps machine images fresh. Calls are signed with AWS Signature Version 4 for the service execute-api and need execute-api:Invoke.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '{apiUrl}', variables: { apiUrl: { default: 'https://api.example.com' } } }],
    security: [{ iam: [] }],
    paths: paths as ZodOpenApiPathsObject,
    components: {
      securitySchemes: {
        iam: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4',
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
      },
    },
  };
  return createDocument(document, {
    override: ({ jsonSchema, io }) => {
      // Answers hold what was stored, whatever is taken today.
      if (io === 'input') forbidRefused({ jsonSchema });
    },
  });
}

/** Where an empty body says all that there is to say, none is needed. */
function toRequestBody(schema: z.ZodType) {
  return {
    ...(schema.safeParse({}).success ? {} : { required: true }),
    content: { 'application/json': { schema } },
  };
}

function toOperationObject(operationId: string, operation: Operation): ZodOpenApiOperationObject {
  const codes = [...(operation.problems ?? []), ...COMMON_PROBLEMS];
  return {
    operationId,
    summary: operation.summary,
    requestParams: {
      ...(operation.parameters === undefined ? {} : { path: operation.parameters }),
      ...(operation.query === undefined ? {} : { query: operation.query }),
    },
    ...(operation.body === undefined ? {} : { requestBody: toRequestBody(operation.body) }),
    responses: {
      [operation.status ?? 200]: {
        description: 'Done.',
        content: { 'application/json': { schema: operation.answer } },
      },
      403: {
        description:
          'API Gateway lets the call not in: it is not signed, or its identity lacks execute-api:Invoke. Or a problem with a code, as below.',
        content: {
          'application/json': { schema: GatewayAnswer },
          'application/problem+json': { schema: ProblemSchema },
        },
      },
      default: {
        description: `A problem; its \`code\` is one of ${codes.join(', ')}.`,
        content: { 'application/problem+json': { schema: ProblemSchema } },
      },
    },
  };
}

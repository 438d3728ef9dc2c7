import { createServer, type Server } from 'node:http';
import * as ec2 from '@aws-sdk/client-ec2';
import * as imagebuilder from '@aws-sdk/client-imagebuilder';
import * as inspector2 from '@aws-sdk/client-inspector2';
import * as ssm from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AwsError, type Shape, type SigningName } from '../../../../local-cloud/image-services/service.ts';
import { awsJsonWire } from '../../../../local-cloud/image-services/wire/aws-json.ts';
import { ec2Wire } from '../../../../local-cloud/image-services/wire/ec2-query.ts';
import { restJsonWire } from '../../../../local-cloud/image-services/wire/rest-json.ts';
import { loadSchemas } from '../../../../local-cloud/image-services/wire/schemas.ts';
import type { Wire, WireRequest } from '../../../../local-cloud/image-services/wire/wire.ts';
import { listen } from '../ec2/fake-cloud.ts';
import { isSendable, shapes } from './arbitrary-shapes.ts';

const WIRES: Record<SigningName, Wire> = {
  ec2: ec2Wire(loadSchemas('ec2')),
  imagebuilder: restJsonWire(loadSchemas('imagebuilder')),
  inspector2: restJsonWire(loadSchemas('inspector2')),
  ssm: awsJsonWire(loadSchemas('ssm')),
};

/** Reads requests with our codec and answers what the test wants. */
let server: Server;
let endpoint: string;
let service: SigningName;
let answer: Shape | AwsError;
let received: { operation: string | undefined; input: Shape } | { error: unknown };

function serve(request: WireRequest): { status: number; headers: Record<string, string>; body: string } {
  const wire = WIRES[service];
  const operation = wire.readOperation(request);
  try {
    received = { operation, input: wire.decode(operation ?? '', request) };
    return answer instanceof AwsError
      ? wire.encodeError(answer, 'request-1')
      : wire.encode(operation ?? '', answer, 'request-1');
  } catch (error) {
    received = { error };
    return wire.encodeError(
      error instanceof AwsError ? error : new AwsError('Broken', String(error)),
      'request-1',
    );
  }
}

beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const [path = '/', query = ''] = (incoming.url ?? '/').split('?');
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(incoming.headers))
        if (typeof value === 'string') headers[name] = value;
      const method = incoming.method ?? 'GET';
      const {
        status,
        headers: sent,
        body,
      } = serve({
        method,
        path,
        query: new URLSearchParams(query),
        headers,
        body: Buffer.concat(chunks),
      });
      outgoing.writeHead(status, sent).end(body);
    });
  });
  endpoint = await listen(server);
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const settings = () => ({
  endpoint,
  region: 'eu-west-1',
  maxAttempts: 1,
  credentials: { accessKeyId: '111122223333', secretAccessKey: 'local' },
});

interface Client {
  send(command: never): Promise<object>;
  destroy(): void;
}

// Commands are looked up by name, and their inputs come from the schema.
const createCommand = (sdk: object, operation: string, input: Shape): never => {
  const command: unknown = Reflect.get(sdk, `${operation}Command`);
  if (typeof command !== 'function') throw new Error(`There is no ${operation}Command.`);
  return Reflect.construct(command, [input]) as never;
};

const CASES: [SigningName, object, () => Client, string[]][] = [
  [
    'ec2',
    ec2,
    () => new ec2.EC2Client(settings()),
    [
      'CopyImage',
      'CreateLaunchTemplateVersion',
      'CreateTags',
      'DeregisterImage',
      'DescribeImages',
      'DescribeInstances',
      'DescribeSnapshots',
      'EnableImageDeprecation',
      'ModifyImageAttribute',
      'ModifySnapshotAttribute',
      'RegisterImage',
      'RunInstances',
    ],
  ],
  [
    'imagebuilder',
    imagebuilder,
    () => new imagebuilder.ImagebuilderClient(settings()),
    [
      'CreateComponent',
      'CreateImage',
      'CreateImageRecipe',
      'GetImage',
      'ListImages',
      'TagResource',
      'UntagResource',
    ],
  ],
  ['inspector2', inspector2, () => new inspector2.Inspector2Client(settings()), ['ListFindings']],
  [
    'ssm',
    ssm,
    () => new ssm.SSMClient(settings()),
    ['DescribeInstanceInformation', 'GetCommandInvocation', 'ListCommands', 'SendCommand'],
  ],
];

describe.each(CASES)('the wire format of %s', (name, sdk, makeClient, operations) => {
  it.each(operations)('carries what a client sends and what it is answered: %s', async (operation) => {
    service = name;
    const schema = loadSchemas(name).operation(operation);
    if (schema === undefined) throw new Error(`There is no operation ${operation}.`);
    const client = makeClient();
    try {
      await fc.assert(
        fc.asyncProperty(
          shapes(schema.input).filter(isSendableOrEmpty),
          shapes(schema.output).filter(isSendableOrEmpty),
          async (input, output) => {
            answer = output;
            const { $metadata: _, ...read } = Object.assign(
              { $metadata: {} },
              await client.send(createCommand(sdk, operation, input)),
            );
            if (!('input' in received)) throw received.error;
            expect(received.operation).toBe(operation);
            expect(withoutTokens(received.input, input)).toEqual(plain(input));
            expect(plain(read)).toEqual(plain(output));
          },
        ),
        { numRuns: 40 },
      );
    } finally {
      client.destroy();
    }
  });

  it('carries errors by their code', async () => {
    service = name;
    const client = makeClient();
    const [operation = ''] = operations;
    const schema = loadSchemas(name).operation(operation);
    if (schema === undefined) throw new Error(`There is no operation ${operation}.`);
    answer = new AwsError('ThrottlingException', 'Too <many> "requests" & more', 400);
    const [input = {}] = fc.sample(shapes(schema.input).filter(isSendableOrEmpty), { numRuns: 1, seed: 1 });
    try {
      await expect(client.send(createCommand(sdk, operation, input))).rejects.toMatchObject({
        name: 'ThrottlingException',
        message: 'Too <many> "requests" & more',
        $metadata: { httpStatusCode: 400, requestId: 'request-1' },
      });
    } finally {
      client.destroy();
    }
  });
});

/** The top-level structure may be empty. */
function isSendableOrEmpty(value: Shape): boolean {
  return Object.values(value).every(isSendable);
}

/** Prototypes and undefined members do not count. */
function plain(value: unknown): Shape {
  return clean(value) as Shape;
}

function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return [...value];
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, clean(item)]),
  );
}

/** The SDK fills in a client token where none is given. */
function withoutTokens(got: Shape, sent: Shape): Shape {
  return plain(
    Object.fromEntries(
      Object.entries(got).filter(([key]) => sent[key] !== undefined || !/^clientToken$/i.test(key)),
    ),
  );
}

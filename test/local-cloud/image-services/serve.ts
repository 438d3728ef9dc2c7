import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { Inspector2Client } from '@aws-sdk/client-inspector2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createImageServices, type ImageServices } from '../../../local-cloud/image-services/index.ts';
import type {
  ConditionKeys,
  ServiceEvent,
  SigningName,
} from '../../../local-cloud/image-services/service.ts';
import type { Timings } from '../../../local-cloud/image-services/timings.ts';

export const account = '111122223333';
export const region = 'eu-west-1';
export const baseParameter = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

export interface ImageServiceServer {
  readonly services: ImageServices;
  readonly imagebuilder: ImagebuilderClient;
  readonly inspector: Inspector2Client;
  readonly ssm: SSMClient;
  readonly events: ServiceEvent[];
  /** Actions that `authorize` refuses, and all requests that it got. */
  readonly denied: Set<string>;
  /** Actions that no role of an instance may do. */
  readonly deniedToRoles: Set<string>;
  readonly asked: { action: string; resource: string; context: ConditionKeys }[];
  readonly parameters: Map<string, string>;
  readonly objects: Map<string, string>;
  control(name: string, body: unknown): Promise<unknown>;
  /** Publishes a base image and gives its AMI id. */
  publishBase(packages?: { name: string; version: string }[]): Promise<string>;
  close(): Promise<void>;
}

/** The image services behind an HTTP server, with clients of the real SDK and fakes of the other services. */
export async function serve(
  options: { speed?: number; timings?: Partial<Timings>; trail?: boolean } = {},
): Promise<ImageServiceServer> {
  const events: ServiceEvent[] = [];
  const denied = new Set<string>();
  const deniedToRoles = new Set<string>();
  const asked: ImageServiceServer['asked'] = [];
  const parameters = new Map<string, string>();
  const objects = new Map<string, string>();
  const services = createImageServices({
    speed: options.speed ?? 3000,
    ...(options.timings === undefined ? {} : { timings: options.timings }),
    emit: (event) => events.push(event),
    kmsAccess: async ({ key, operations }) => ({
      exists: key !== 'alias/missing',
      enabled: true,
      arn: `arn:aws:kms:${region}:${account}:key/${key.replace('alias/', '')}`,
      managedBy: key === 'alias/aws/ebs' ? 'AWS' : 'CUSTOMER',
      allowed: Object.fromEntries(operations.map((operation) => [operation, key !== 'alias/closed'])),
    }),
    authorize: async (call, action, resource, context) => {
      asked.push({ action, resource, context });
      const message = `User: ${call.principalArn} is not authorized to perform: ${action} on resource: ${resource}`;
      return { allowed: !denied.has(action), message };
    },
    authorizeRole: async ({ action }) => ({ allowed: !deniedToRoles.has(action), message: action }),
    seedParameter: async ({ region: at, name, value }) => void parameters.set(`${at} ${name}`, value),
    readParameter: async ({ region: at, name }) => parameters.get(`${at} ${name}`),
    instanceProfileRole: async ({ account: owner, name }) =>
      name === 'missing' ? undefined : `arn:aws:iam::${owner}:role/${name}`,
    readObject: async ({ bucket, key }) => objects.get(`${bucket}/${key}`),
    hasTrail: () => options.trail ?? true,
  });

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const credential = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(
        request.headers.authorization ?? '',
      );
      const [, accessKeyId = '', at = '', name = ''] = credential ?? [];
      void services
        .dispatch({
          method: request.method ?? 'GET',
          path: url.pathname,
          query: url.searchParams,
          headers: Object.fromEntries(
            Object.entries(request.headers).map(([key, value]) => [key, String(value)]),
          ),
          body: Buffer.concat(chunks),
          signingName: signingName(name),
          call: {
            account: accessKeyId,
            region: at,
            principalArn: `arn:aws:iam::${accessKeyId}:root`,
            accessKeyId,
            requestId: services.world.ids.uuid(),
            sourceIp: '127.0.0.1',
          },
        })
        .then((answer) => response.writeHead(answer.status, answer.headers).end(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const config = {
    endpoint: `http://127.0.0.1:${port}`,
    region,
    credentials: { accessKeyId: account, secretAccessKey: 'local' },
    maxAttempts: 1,
  };
  const clients = {
    imagebuilder: new ImagebuilderClient(config),
    inspector: new Inspector2Client(config),
    ssm: new SSMClient(config),
  };

  const control = async (name: string, body: unknown): Promise<unknown> => {
    const found = services.controlActions[name];
    if (found === undefined) throw new Error(`There is no control action ${name}.`);
    return found.run(body);
  };

  return {
    services,
    ...clients,
    events,
    denied,
    deniedToRoles,
    asked,
    parameters,
    objects,
    control,
    async publishBase(packages = [{ name: 'openssl', version: '3.0.8' }]) {
      await control('publish-base', {
        parameter: baseParameter,
        name: `al2023-ami-${parameters.size}`,
        architecture: 'x86_64',
        regions: [region, 'eu-central-1'],
        inventory: packages.map((entry) => ({ ...entry, type: 'rpm' })),
      });
      return parameters.get(`${region} ${baseParameter}`) ?? '';
    },
    async close() {
      services.close();
      for (const client of Object.values(clients)) client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Polls until there is an answer; fails with a description of the wait after a time limit. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  seconds = 10,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`Waited ${seconds} seconds for ${what}.`);
}

function signingName(name: string): SigningName {
  if (name === 'ec2' || name === 'imagebuilder' || name === 'inspector2' || name === 'ssm') return name;
  throw new Error(`No such service: ${name}`);
}

import { createServer, type Server } from 'node:http';
import { EC2Client } from '@aws-sdk/client-ec2';
import { createImageServices, type ImageServices } from '../../../../local-cloud/image-services/index.ts';
import type {
  ConditionKeys,
  KmsAccess,
  KmsAccessRequest,
  ServiceEvent,
} from '../../../../local-cloud/image-services/service.ts';
import type { Timings } from '../../../../local-cloud/image-services/timings.ts';

export const HUB = '111122223333';
export const TARGET = '444455556666';
export const STRANGER = '999900001111';
export const HOME = 'eu-west-1';
export const ABROAD = 'us-east-1';

export interface AuthorizeCall {
  account: string;
  action: string;
  resource: string;
  context: ConditionKeys;
}

/** The image services behind an HTTP server, with clients of the real SDK and fakes of the other services. */
export interface FakeCloud {
  services: ImageServices;
  events: ServiceEvent[];
  /** Every permission that was asked for. */
  asked: AuthorizeCall[];
  /** Actions that are refused. */
  denied: Set<string>;
  keys: Map<string, KmsAccess>;
  /** Every key that was asked for, and in whose name. */
  askedKeys: KmsAccessRequest[];
  parameters: Map<string, string>;
  profiles: Map<string, string>;
  ec2(account?: string, region?: string): EC2Client;
  control(name: string, body: object): Promise<unknown>;
  /** Polls until the read returns a value; states change with the clock. */
  until<T>(read: () => Promise<T | undefined | false> | T | undefined | false): Promise<T>;
  stop(): Promise<void>;
}

export async function startFakeCloud(
  options: { speed?: number; timings?: Partial<Timings> } = {},
): Promise<FakeCloud> {
  const events: ServiceEvent[] = [];
  const asked: AuthorizeCall[] = [];
  const denied = new Set<string>();
  const keys = new Map<string, KmsAccess>();
  const askedKeys: KmsAccessRequest[] = [];
  const parameters = new Map<string, string>();
  const profiles = new Map<string, string>();
  const services = createImageServices({
    speed: options.speed ?? 2000,
    ...(options.timings === undefined ? {} : { timings: options.timings }),
    emit: (event) => events.push(event),
    kmsAccess: async (request) => {
      askedKeys.push(request);
      const absent = { exists: false, enabled: false, arn: '', managedBy: 'CUSTOMER', allowed: {} } as const;
      return keys.get(request.key) ?? absent;
    },
    authorize: async (call, action, resource, context) => {
      asked.push({ account: call.account, action, resource, context });
      return { allowed: !denied.has(action), message: `${action} on ${resource} is denied` };
    },
    seedParameter: async ({ region, name, value }) => void parameters.set(`${region}${name}`, value),
    readParameter: async ({ region, name }) => parameters.get(`${region}${name}`),
    instanceProfileRole: async ({ name }) => profiles.get(name),
  });
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const [, account = '', region = ''] =
        /Credential=(\d+)\/\d+\/([a-z0-9-]+)\//.exec(incoming.headers.authorization ?? '') ?? [];
      const [path = '/', query = ''] = (incoming.url ?? '/').split('?');
      services
        .dispatch({
          signingName: 'ec2',
          method: incoming.method ?? 'GET',
          path,
          query: new URLSearchParams(query),
          headers: {},
          body: Buffer.concat(chunks),
          call: {
            account,
            region,
            principalArn: `arn:aws:iam::${account}:root`,
            accessKeyId: account,
            requestId: 'request-1',
            sourceIp: '127.0.0.1',
          },
        })
        .then((answer) => outgoing.writeHead(answer.status, answer.headers).end(answer.body))
        .catch((error: unknown) => outgoing.writeHead(500).end(String(error)));
    });
  });
  const endpoint = await listen(server);
  const clients = new Map<string, EC2Client>();
  return {
    services,
    events,
    asked,
    denied,
    keys,
    askedKeys,
    parameters,
    profiles,
    ec2(account = HUB, region = HOME) {
      const name = `${account}/${region}`;
      const client =
        clients.get(name) ??
        new EC2Client({
          endpoint,
          region,
          maxAttempts: 1,
          credentials: { accessKeyId: account, secretAccessKey: 'local' },
        });
      clients.set(name, client);
      return client;
    },
    async control(name, body) {
      const action = services.controlActions[name];
      if (action === undefined) throw new Error(`There is no control action ${name}.`);
      return action.run(body);
    },
    async until(read) {
      const deadline = Date.now() + 10_000;
      for (;;) {
        const value = await read();
        if (value !== undefined && value !== false) return value;
        if (Date.now() > deadline) throw new Error('It did not come to pass within 10 seconds.');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async stop() {
      for (const client of clients.values()) client.destroy();
      services.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens nowhere.');
  return `http://127.0.0.1:${address.port}`;
}

/** A key that allows everything, or all but some operations. */
export function customerKey(arn: string, refused: string[] = []): KmsAccess {
  const operations = [
    'DescribeKey',
    'CreateGrant',
    'Decrypt',
    'GenerateDataKey',
    'GenerateDataKeyWithoutPlaintext',
    'ReEncryptFrom',
    'ReEncryptTo',
  ];
  return {
    exists: true,
    enabled: true,
    arn,
    managedBy: 'CUSTOMER',
    allowed: Object.fromEntries(operations.map((operation) => [operation, !refused.includes(operation)])),
  };
}

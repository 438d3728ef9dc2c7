import { Agent, request } from 'node:http';
import * as z from 'zod';
import type { RoleCall } from '../image-services/service.ts';

/** The principal of an access key. */
export const identitySchema = z.object({
  principalArn: z.string(),
  account: z.string(),
  type: z.string(),
  secretAccessKey: z.string().optional(),
  sessionToken: z.string().optional(),
  expiration: z.number().optional(),
  roleArn: z.string().optional(),
});
export type Identity = z.infer<typeof identitySchema>;

const decisionSchema = z.object({ allowed: z.boolean(), message: z.string() });
const kmsAccessSchema = z.object({
  exists: z.boolean(),
  enabled: z.boolean(),
  arn: z.string(),
  managedBy: z.enum(['AWS', 'CUSTOMER']),
  allowed: z.record(z.string(), z.boolean()),
});

export interface EventEntry {
  Source: string;
  DetailType: string;
  Detail: string;
  Resources: string[];
}

export interface AuthorizeRequest {
  accessKeyId: string;
  action: string;
  resource: string;
  account: string;
  region: string;
  context: Record<string, string | string[]>;
}

export interface KmsQuestion {
  key: string;
  account: string;
  region: string;
  principalArn: string;
  operations: readonly string[];
}

const mailSchema = z.object({
  /** In the order in which they were delivered. */
  number: z.number(),
  to: z.string(),
  at: z.string(),
  subject: z.string(),
  text: z.string(),
  topic: z.string(),
});
/** What SNS delivered to a subscription by e-mail. */
export type DeliveredMail = z.infer<typeof mailSchema>;

/** A fault of events: applied before any rule sees them. */
export const eventFaultSchema = z.strictObject({
  source: z.string().optional(),
  detailType: z.string().optional(),
  effect: z.union([z.enum(['lose', 'repeat']), z.strictObject({ delayMs: z.number().nonnegative() })]),
  times: z.number().int().positive().nullable().default(1),
  skip: z.number().int().nonnegative().default(0),
  percent: z.number().min(0).max(100).default(100),
});
export type EventFault = z.input<typeof eventFaultSchema>;

/** The launcher refused or failed; the message says what was asked. */
export class LauncherError extends Error {
  override name = 'LauncherError';
}

/** Typed calls to the launcher's endpoints inside MiniStack. */
export interface Launcher {
  ready(): Promise<void>;
  identity(accessKeyId: string): Promise<Identity | undefined>;
  authorize(question: AuthorizeRequest): Promise<{ allowed: boolean; message: string }>;
  /** As `authorize`, for a session of a role that a service or an instance runs with. */
  authorizeRole(question: RoleCall): Promise<{ allowed: boolean; message: string }>;
  putEvents(account: string, region: string, entries: EventEntry[]): Promise<void>;
  seedParameter(parameter: { region: string; name: string; value: string }): Promise<void>;
  readParameter(request: {
    account: string;
    region: string;
    name: string;
  }): Promise<{ value: string; version: number; type: string; dataType: string } | undefined>;
  parameterEvent(event: {
    account: string;
    region: string;
    operation: string;
    name: string;
    detail: Record<string, unknown>;
  }): Promise<void>;
  kmsAccess(question: KmsQuestion): Promise<z.infer<typeof kmsAccessSchema>>;
  /** ARNs of the trails that log what happens in the account and region. */
  trails(account: string, region: string): Promise<string[]>;
  /** ARN of the role in an instance profile; undefined when there is no such profile or it holds no role. */
  instanceProfileRole(profile: { account: string; name: string }): Promise<string | undefined>;
  /** Text of an S3 object. */
  readObject(object: {
    account: string;
    region: string;
    bucket: string;
    key: string;
  }): Promise<string | undefined>;
  /** Mails delivered after the one of this number. */
  mails(after: number): Promise<DeliveredMail[]>;
  /** Starts an environment of each function that has none. */
  warmFunctions(account: string, region: string): Promise<void>;
  /** Kills the function that holds the client side of a connection to the gateway; undefined when none does. */
  crashFunction(port: number): Promise<string | undefined>;
  addEventFault(fault: z.output<typeof eventFaultSchema>): Promise<string>;
  /** Ends one event fault, or all of them. */
  removeEventFaults(id: string | undefined): Promise<void>;
  close(): void;
}

export function createLauncher(port: number, secret: string): Launcher {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });

  /** The parsed answer, or undefined for 404. */
  async function ask<T>(endpoint: string, question: object, schema: z.ZodType<T>): Promise<T | undefined> {
    const { status, text } = await post(agent, port, secret, endpoint, JSON.stringify(question));
    if (status === 404) return undefined;
    if (status !== 200) throw new LauncherError(`${endpoint} answered ${status}: ${text}`);
    return schema.parse(JSON.parse(text));
  }

  async function must<T>(endpoint: string, question: object, schema: z.ZodType<T>): Promise<T> {
    const answer = await ask(endpoint, question, schema);
    if (answer === undefined)
      throw new LauncherError(`${endpoint} found nothing for ${JSON.stringify(question)}`);
    return answer;
  }

  const anything = z.looseObject({});
  return {
    ready: async () => void (await must('ready', {}, anything)),
    identity: (accessKeyId) => ask('identity', { accessKeyId }, identitySchema),
    async authorize(question) {
      const unknownKey = {
        allowed: false,
        message: 'The security token included in the request is invalid.',
      };
      return (await ask('authorize', question, decisionSchema)) ?? unknownKey;
    },
    authorizeRole: (question) => must('authorize/role', question, decisionSchema),
    putEvents: async (account, region, entries) =>
      void (await must('events', { account, region, entries }, anything)),
    seedParameter: async (parameter) => void (await must('parameters', parameter, anything)),
    readParameter: (wanted) =>
      ask(
        'parameters/read',
        wanted,
        z.object({ value: z.string(), version: z.number(), type: z.string(), dataType: z.string() }),
      ),
    parameterEvent: async (event) => void (await must('parameters/event', event, anything)),
    kmsAccess: (question) => must('kms/access', question, kmsAccessSchema),
    trails: async (account, region) =>
      (await must('trails', { account, region }, z.object({ trails: z.array(z.string()) }))).trails,
    instanceProfileRole: async (profile) =>
      (await ask('instance-profiles', profile, z.object({ roleArn: z.string().optional() })))?.roleArn,
    readObject: async (object) => (await ask('objects', object, z.object({ text: z.string() })))?.text,
    mails: async (after) => (await must('mails', { after }, z.object({ mails: z.array(mailSchema) }))).mails,
    warmFunctions: async (account, region) =>
      void (await must('functions/warm', { account, region }, anything)),
    crashFunction: async (port) =>
      (await ask('functions/crash', { port }, z.object({ function: z.string() })))?.function,
    addEventFault: async (fault) => (await must('event-faults/add', fault, z.object({ id: z.string() }))).id,
    removeEventFaults: async (id) => void (await must('event-faults/remove', { id }, anything)),
    close: () => agent.destroy(),
  };
}

function post(
  agent: Agent,
  port: number,
  secret: string,
  endpoint: string,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: `/_launcher/${endpoint}`,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-launcher-secret': secret,
        },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

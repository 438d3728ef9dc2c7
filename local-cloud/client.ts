import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { announcedIn, programs, repository } from './folders.ts';
import type { FaultRequest } from './gateway/faults.ts';
import type { DeliveredMail, EventFault } from './gateway/launcher-client.ts';
import type { RecordedAction, RecordedCall } from './gateway/recorder.ts';

export type { DeliveredMail, EventFault, FaultRequest, RecordedAction, RecordedCall };

const stateSchema = z.object({
  endpoint: z.string(),
  ministackEndpoint: z.string(),
  pid: z.number(),
  controlAccount: z.string(),
  region: z.string(),
  startedAt: z.string(),
});
export type LocalCloudState = z.infer<typeof stateSchema>;

export interface StartOptions {
  /** 0, the default, takes a free port. */
  port?: number;
  stateFile?: string;
  controlAccount?: string;
  region?: string;
  /** AWS seconds of the image services that pass in one second. */
  speed?: number;
  /** For faults with a percentage. */
  seed?: number;
  /** Corrections of MiniStack to leave out. */
  leaveOut?: readonly string[];
}

/** Settings of AWS SDK v3 clients that are root of an account in the local cloud. */
export interface ClientConfig {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

export interface LocalCloud extends LocalCloudState {
  /** Root of the account, by default the control account in its home region. */
  clientConfig(account?: string, region?: string): ClientConfig;
  control: ControlClient;
  /** Stops the processes; a cloud that was found rather than started is stopped too. */
  stop(): Promise<void>;
}

/** The control API: faults, records, clock, and the control actions of the image services. */
export interface ControlClient {
  health(): Promise<Record<string, unknown>>;
  /** Calls recorded after the given number, oldest first. */
  calls(after?: number): Promise<RecordedCall[]>;
  /** Mails of SNS delivered after the one of this number, oldest first. */
  mails(after?: number): Promise<DeliveredMail[]>;
  addFault(fault: FaultRequest): Promise<{ id: string }>;
  /** Ends one fault, or all of them. */
  removeFaults(id?: string): Promise<void>;
  addEventFault(fault: EventFault): Promise<{ id: string }>;
  removeEventFaults(id?: string): Promise<void>;
  setSpeed(speed: number): Promise<void>;
  /** Starts an environment of each Lambda function of the account and region that has none yet. */
  warm(account: string, region: string): Promise<void>;
  /** A control action of the image services, e.g. `publish-base`; each checks its input itself. */
  imageServices(action: string, input: unknown): Promise<unknown>;
}

/** The local cloud did not start, or refused a control request; the message says why. */
export class LocalCloudError extends Error {
  override name = 'LocalCloudError';
}

/** Starts a local cloud that ends with this process at the latest. */
export async function startLocalCloud(options: StartOptions = {}): Promise<LocalCloud> {
  const stateFile = options.stateFile ?? announcedIn;
  const child = spawn(join(programs, 'node'), toServerArguments(stateFile, options), {
    cwd: repository,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: [programs, process.env.PATH].join(delimiter),
      NODE_NO_WARNINGS: '1',
    },
  });
  const complaints: Buffer[] = [];
  child.stderr.on('data', (part: Buffer) => {
    complaints.push(part);
    process.stderr.write(part);
  });
  const ended = once(child, 'exit');
  const state = await readAnnouncedState(child);
  if (!state) {
    await ended;
    throw new LocalCloudError(`The local cloud did not start:\n${Buffer.concat(complaints).toString()}`);
  }
  return createLocalCloud(state, async () => {
    child.stdin.end();
    const gaveUp = sleep(10_000, 'gave up', { ref: false });
    if ((await Promise.race([ended, gaveUp])) === 'gave up') child.kill('SIGKILL');
  });
}

/** The local cloud that runs already, if any: by default the one that `npm start` began. */
export async function findLocalCloud(stateFile: string = announcedIn): Promise<LocalCloud | undefined> {
  let state: LocalCloudState;
  try {
    state = stateSchema.parse(JSON.parse(await readFile(stateFile, 'utf8')));
  } catch {
    return undefined;
  }
  const cloud = createLocalCloud(state, async () => {
    process.kill(state.pid, 'SIGTERM');
    while (isAlive(state.pid)) await sleep(50);
  });
  const healthy = await cloud.control.health().then(
    () => true,
    () => false,
  );
  return healthy ? cloud : undefined;
}

function createLocalCloud(state: LocalCloudState, stop: () => Promise<void>): LocalCloud {
  return {
    ...state,
    control: createControlClient(state.endpoint),
    clientConfig: (account = state.controlAccount, region = state.region) => ({
      endpoint: state.endpoint,
      region,
      credentials: { accessKeyId: account, secretAccessKey: 'local' },
    }),
    stop,
  };
}

export function createControlClient(endpoint: string): ControlClient {
  async function ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${endpoint}/_local/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const document: unknown = await answer.json();
    if (!answer.ok) {
      const { message } = z.looseObject({ message: z.string().default('no reason') }).parse(document);
      throw new LocalCloudError(`${method} ${path} answered ${answer.status}: ${message}`);
    }
    return z.looseObject({}).parse(document);
  }
  const idSchema = z.object({ id: z.string() });
  const withId = (path: string, id: string | undefined) => (id === undefined ? path : `${path}/${id}`);
  return {
    health: () => ask('GET', 'health'),
    calls: async (after = 0) => callsSchema.parse(await ask('GET', `calls?after=${after}`)).calls,
    mails: async (after = 0) => mailsSchema.parse(await ask('GET', `mails?after=${after}`)).mails,
    addFault: async (fault) => idSchema.parse(await ask('POST', 'faults', fault)),
    removeFaults: async (id) => void (await ask('DELETE', withId('faults', id))),
    addEventFault: async (fault) => idSchema.parse(await ask('POST', 'event-faults', fault)),
    removeEventFaults: async (id) => void (await ask('DELETE', withId('event-faults', id))),
    setSpeed: async (speed) => void (await ask('POST', 'clock', { speed })),
    warm: async (account, region) => void (await ask('POST', 'warm', { account, region })),
    imageServices: (action, input) => ask('POST', `image-services/${action}`, input),
  };
}

const mailsSchema = z.object({ mails: z.array(z.custom<DeliveredMail>()) });
const callsSchema = z.object({ calls: z.array(z.custom<RecordedCall>()) });

function toServerArguments(stateFile: string, options: StartOptions): string[] {
  const named: Record<string, string | undefined> = {
    port: String(options.port ?? 0),
    state: stateFile,
    'control-account': options.controlAccount,
    region: options.region,
    speed: options.speed?.toString(),
    seed: options.seed?.toString(),
    'leave-out': options.leaveOut?.join(','),
  };
  const given = Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return [join(import.meta.dirname, 'server.ts'), '--with-parent', ...given];
}

async function readAnnouncedState(child: ChildProcess): Promise<LocalCloudState | undefined> {
  if (!child.stdout) return undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const state = stateSchema.safeParse(parseJson(line));
    if (state.success) {
      child.stdout.resume();
      return state.data;
    }
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

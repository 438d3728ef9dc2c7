import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { cache, programs } from '../folders.ts';
import { ministackPython } from './install.ts';

const keptFunctionsMs = 7 * 24 * 3_600_000;

export interface MiniStackOptions {
  /** Port of the gateway, which MiniStack puts into URLs and Lambda functions call. */
  gatewayPort: number;
  /** Secret of the launcher's endpoints. */
  secret: string;
  controlAccount: string;
  region: string;
  logFile: string;
  /** Names of corrections to leave out, for the test whether they are still needed. */
  leaveOut?: readonly string[];
}

export interface MiniStack {
  endpoint: string;
  port: number;
  /** Settles when the process has ended, for any reason. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** MiniStack did not start; the message holds the end of its log. */
export class MiniStackStartError extends Error {
  override name = 'MiniStackStartError';
}

const announcement = z.object({ port: z.number() });

/** Starts MiniStack in a process group of its own, which ends with this process even when that is killed. */
export async function startMiniStack(options: MiniStackOptions): Promise<MiniStack> {
  const python = await ministackPython();
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'w');
  const scratch = mkdtempSync(join(tmpdir(), 'ovenbird-ministack-'));
  const child = spawn(python, [join(import.meta.dirname, 'launcher.py')], {
    cwd: scratch,
    env: environment(options, scratch, keptFunctions()),
    stdio: ['pipe', 'pipe', log],
    detached: true,
  });
  closeSync(log);
  const ended = once(child, 'exit').then(() => rmSync(scratch, { recursive: true, force: true }));

  const port = await announcedPort(child);
  if (port === undefined) {
    throw new MiniStackStartError(`MiniStack did not start:\n${logTail(options.logFile)}`);
  }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    ended,
    async stop() {
      // Closing the pipe lets the launcher end its whole group, Lambda workers included.
      child.stdin?.end();
      await Promise.race([ended, sleep(2000, undefined, { ref: false })]);
      killGroup(child);
      await ended;
    },
  };
}

/** Folder of unpacked functions, by the hash of their code; those that were not used for a week are removed. */
function keptFunctions(): string {
  const folder = join(cache, 'functions');
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).mtimeMs < Date.now() - keptFunctionsMs) rmSync(path, { recursive: true, force: true });
  }
  return folder;
}

/**
 * Lambda workers inherit this environment, so it holds nothing of the developer's: no credentials, no AWS settings.
 */
function environment(options: MiniStackOptions, scratch: string, functions: string): NodeJS.ProcessEnv {
  const gateway = `http://127.0.0.1:${options.gatewayPort}`;
  return {
    // Functions run on the Node.js that the repository brings.
    PATH: [programs, process.env.PATH ?? ''].join(delimiter),
    HOME: scratch,
    TMPDIR: scratch,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    AUTH: 'true',
    GATEWAY_PORT: String(options.gatewayPort),
    MINISTACK_HOST: '127.0.0.1',
    MINISTACK_ACCOUNT_ID: options.controlAccount,
    MINISTACK_REGION: options.region,
    AWS_ENDPOINT_URL: gateway,
    LAUNCHER_SCRATCH: scratch,
    LAUNCHER_SECRET: options.secret,
    LAUNCHER_LEAVE_OUT: (options.leaveOut ?? []).join(','),
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    LAMBDA_WARM_TTL_SECONDS: '120',
    // Node.js shares its compiled code of a function between environments and runs.
    LAUNCHER_FUNCTIONS_FOLDER: functions,
    NODE_COMPILE_CACHE: join(functions, 'compiled'),
    // MiniStack's worker script uses what newer Node.js warns about; AWS's runtime does not print that either.
    NODE_NO_WARNINGS: '1',
  };
}

/** The port that the launcher prints, or undefined when it ends before. */
async function announcedPort(child: ChildProcess): Promise<number | undefined> {
  if (!child.stdout) return undefined;
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const found = announcement.safeParse(parseJson(line));
    if (found.success) {
      child.stdout.resume();
      return found.data.port;
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

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended already.
  }
}

function logTail(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-30).join('\n');
}

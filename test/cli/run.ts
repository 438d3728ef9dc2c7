import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { join, resolve } from 'node:path';
import { listen } from '../support/listen.ts';

const repository = resolve(import.meta.dirname ?? __dirname, '../..');
const node = join(repository, 'node_modules/.bin/node');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as people do, far from any local cloud. */
export async function ovenbird(
  args: readonly string[],
  options: { url?: string; cwd?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  const child = spawn(node, [join(repository, 'cli/ovenbird.mjs'), ...args], {
    cwd: options.cwd ?? repository,
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
      AWS_REGION: 'eu-west-1',
      OVENBIRD_API_URL: options.url ?? 'http://127.0.0.1:65500',
      ...options.env,
    },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    output.stdout += String(text);
  });
  child.stderr.on('data', (text) => {
    output.stderr += String(text);
  });
  const [code] = await once(child, 'close');
  return { code: Number(code), ...output };
}

export interface ReceivedRequest {
  readonly call: string;
  readonly body: unknown;
  readonly authorization: string;
}

/** A service that answers each `METHOD /path` with the next of its answers, the last one for ever. */
export async function fakeService(answers: Record<string, (object | { status: number; problem: object })[]>) {
  const asked: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const call = `${request.method} ${request.url}`;
      asked.push({ call, body, authorization: request.headers.authorization ?? '' });
      const queue = answers[call] ?? answers[call.split('?')[0] ?? ''] ?? [];
      const answer = queue.length > 1 ? queue.shift() : queue[0];
      const { status, value } = forWire(answer);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    });
  });
  return { ...(await listen(server)), asked };
}

function forWire(answer: object | undefined): { status: number; value: object } {
  if (answer === undefined) return { status: 404, value: problem(404, 'no-such-operation', 'Not there.') };
  if (
    'problem' in answer &&
    'status' in answer &&
    typeof answer.problem === 'object' &&
    answer.problem !== null
  )
    return { status: Number(answer.status), value: answer.problem };
  return { status: 200, value: answer };
}

export function problem(status: number, code: string, detail: string, more: object = {}) {
  return { type: 'urn:x', title: code, status, code, detail, ...more };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}

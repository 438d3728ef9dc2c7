import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type Answer, readBody, send } from './http.ts';

export interface Proxied {
  status: number;
  errorCode?: string;
  /** Forwards the answer to the caller; the call is recorded before. */
  deliver(response: ServerResponse): void;
  /** Reads the answer to its end and discards it. */
  discard(): Promise<void>;
}

export interface MiniStackProxy {
  /** Forwards the request unchanged. A body that was read before is passed in, other bodies are streamed. */
  forward(incoming: IncomingMessage, body: Buffer | undefined): Promise<Proxied>;
  close(): void;
}

/** Headers of a connection, not of the request [RFC 9110 7.6.1]; and `expect` is answered by us. */
const ownHeaders = new Set(['connection', 'keep-alive', 'proxy-connection', 'expect']);

/** A proxy to MiniStack that keeps the Host header and everything else that signatures cover. */
export function createProxy(port: number): MiniStackProxy {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  return {
    async forward(incoming, body) {
      const answer = await exchange(agent, port, incoming, body);
      const status = answer.statusCode ?? 502;
      const headers = withoutOwn(answer.rawHeaders);
      if (status < 400) {
        return {
          status,
          deliver(response) {
            response.writeHead(status, answer.statusMessage, headers);
            answer.pipe(response);
          },
          discard: async () => void (await readBody(answer)),
        };
      }
      const text = await readBody(answer);
      const code = readErrorCode(answer, text);
      return {
        status,
        ...(code === undefined ? {} : { errorCode: code }),
        deliver(response) {
          response.writeHead(status, answer.statusMessage, headers);
          response.end(text);
        },
        discard: async () => undefined,
      };
    },
    close: () => agent.destroy(),
  };
}

/** An answer of our own in the place of MiniStack's. */
export function fixedAnswer(answer: Answer, errorCode?: string): Proxied {
  return {
    status: answer.status,
    ...(errorCode === undefined ? {} : { errorCode }),
    deliver: (response) => send(response, answer),
    discard: async () => undefined,
  };
}

function exchange(
  agent: Agent,
  port: number,
  incoming: IncomingMessage,
  body: Buffer | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = withoutOwn(incoming.rawHeaders);
    const outgoing = request(
      { agent, host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers },
      resolve,
    );
    outgoing.on('error', reject);
    if (body === undefined) incoming.pipe(outgoing);
    else outgoing.end(body);
  });
}

/** Headers as name, value, name, value, in the order and the case in which they came. */
function withoutOwn(rawHeaders: string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (!ownHeaders.has(name.toLowerCase())) kept.push(name, rawHeaders[at + 1] ?? '');
  }
  return kept;
}

/** The error's code, from where the service's protocol puts it. */
function readErrorCode(answer: IncomingMessage, body: Buffer): string | undefined {
  const header = answer.headers['x-amzn-errortype'];
  if (typeof header === 'string') return bareCode(header);
  const text = body.subarray(0, 4096).toString();
  const found = /<Code>([^<]+)<\/Code>/.exec(text) ?? /"(?:__type|code|Code)"\s*:\s*"([^"]+)"/.exec(text);
  return found?.[1] === undefined ? undefined : bareCode(found[1]);
}

/** `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException:http://...` without namespace and link. */
function bareCode(code: string): string {
  return (code.split(':')[0] ?? code).split('#').pop() ?? code;
}

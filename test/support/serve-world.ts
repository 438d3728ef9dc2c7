/** The API over a reconcile world, on a port of its own: what the command line says can be read as people read it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createApiActions } from '../../functions/serve-api/actions.ts';
import { createApi } from '../../functions/serve-api/app.ts';
import { listen } from './listen.ts';
import type { ReconcileWorld } from './reconcile-world.ts';

export const CALLER = 'arn:aws:iam::111122223333:user/anna';

export function createApiForWorld(world: ReconcileWorld) {
  const { ports } = world;
  const notifier = { ...ports.notifier, readSubscriptions: async () => ({ confirmed: [], foreign: [] }) };
  return createApi({
    ...ports,
    actions: createApiActions({ ...ports, notifier }),
    onError: (error) => {
      throw error;
    },
  });
}

/** Methods that a client may send and a `Request` does not take. */
const REFUSED_BY_FETCH = new Set(['TRACE', 'CONNECT', 'TRACK']);

interface Application {
  fetch(request: Request, bindings: object): Response | Promise<Response>;
}

/** With `signed`, a call without a signature gets API Gateway's own answer. */
export async function serveWorld(
  world: ReconcileWorld,
  given: readonly Application[] = [createApiForWorld(world)],
  { signed = false }: { readonly signed?: boolean } = {},
) {
  const calls: string[] = [];
  // Longer addresses than Node takes by itself, so that the API says what is wrong with them.
  const server = createServer({ maxHeaderSize: 1024 * 1024 }, (request, response) => {
    if (signed && request.headers.authorization === undefined) {
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end('{"message":"Missing Authentication Token"}');
      return;
    }
    answer(given, calls, request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(String(error));
    });
  });
  return { ...(await listen(server)), calls };
}

/** The first application that knows the path answers, as API Gateway's routes would have it. */
async function answer(
  applications: readonly Application[],
  calls: string[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  let text = '';
  for await (const chunk of incoming) text += String(chunk);
  calls.push(`${incoming.method} ${incoming.url}`);
  let last: Response | undefined;
  for (const application of applications) {
    const method = incoming.method ?? 'GET';
    const hasBody = text !== '' && method !== 'GET' && method !== 'HEAD';
    const request = new Request(`http://127.0.0.1${incoming.url}`, {
      method: REFUSED_BY_FETCH.has(method) ? 'OPTIONS' : method,
      ...(hasBody ? { body: text } : {}),
    });
    if (REFUSED_BY_FETCH.has(method)) Object.defineProperty(request, 'method', { value: method });
    last = await application.fetch(request, { caller: CALLER, requestId: 'request-1' });
    if (last.status !== 404 || !(await last.clone().text()).includes('no-such-operation')) break;
  }
  outgoing.writeHead(last?.status ?? 404, Object.fromEntries(last?.headers ?? []));
  outgoing.end(await last?.text());
}

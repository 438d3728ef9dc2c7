/** The API over a reconcile world, on a port of its own: what the command line says can be read as people read it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createApiActions } from '../../functions/serve-api/actions.ts';
import { createApi } from '../../functions/serve-api/app.ts';
import { listen } from './listen.ts';
import type { ReconcileWorld } from './reconcile-world.ts';

export const CALLER = 'arn:aws:iam::111122223333:user/anna';

export function createApiForWorld(world: ReconcileWorld) {
  const { ports } = world;
  const notifier = { ...ports.notifier, confirmedApprovers: async () => [] };
  return createApi({
    ...ports,
    actions: createApiActions({ ...ports, notifier }),
    onError: (error) => {
      throw error;
    },
  });
}

interface Application {
  fetch(request: Request, bindings: object): Response | Promise<Response>;
}

export async function serveWorld(
  world: ReconcileWorld,
  given: readonly Application[] = [createApiForWorld(world)],
) {
  const calls: string[] = [];
  const server = createServer((request, response) => void answer(given, calls, request, response));
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
    const request = new Request(`http://127.0.0.1${incoming.url}`, {
      method: incoming.method ?? 'GET',
      ...(text === '' ? {} : { body: text }),
    });
    last = await application.fetch(request, { caller: CALLER, requestId: 'request-1' });
    if (last.status !== 404 || !(await last.clone().text()).includes('no-such-operation')) break;
  }
  outgoing.writeHead(last?.status ?? 404, Object.fromEntries(last?.headers ?? []));
  outgoing.end(await last?.text());
}

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { announcedIn } from './folders.ts';
import { createControl } from './gateway/control.ts';
import { createFaults } from './gateway/faults.ts';
import { createGateway } from './gateway/gateway.ts';
import { sendJson } from './gateway/http.ts';
import { createIdentities } from './gateway/identities.ts';
import { createLauncher } from './gateway/launcher-client.ts';
import { createOtherServices } from './gateway/other-services.ts';
import { createProxy } from './gateway/proxy.ts';
import { createRecorder } from './gateway/recorder.ts';
import { createImageServices } from './image-services/index.ts';
import { startMiniStack } from './ministack/process.ts';

const settings = z.object({
  port: z.coerce.number().int().min(0).max(65_535).default(4566),
  state: z.string().default(announcedIn),
  'control-account': z
    .string()
    .regex(/^\d{12}$/, 'an account has twelve digits')
    .default('111122223333'),
  region: z.string().default('eu-west-1'),
  speed: z.coerce.number().positive().default(1),
  seed: z.coerce.number().int().default(1),
  'leave-out': z.string().default(''),
  'with-parent': z.boolean().default(false),
});

function readSettings() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      state: { type: 'string' },
      'control-account': { type: 'string' },
      region: { type: 'string' },
      speed: { type: 'string' },
      seed: { type: 'string' },
      'leave-out': { type: 'string' },
      'with-parent': { type: 'boolean' },
    },
  });
  const parsed = settings.safeParse(values);
  if (parsed.success) return parsed.data;
  console.error(`The local cloud cannot start:\n${z.prettifyError(parsed.error)}`);
  process.exit(2);
}

async function main(): Promise<void> {
  const options = readSettings();
  let handle: RequestListener = (_, response) =>
    sendJson(response, 503, { message: 'The local cloud is starting.' });
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => handle(request, response));
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The gateway has no port.');

  const secret = randomBytes(16).toString('hex');
  const ministack = await startMiniStack({
    gatewayPort: address.port,
    secret,
    controlAccount: options['control-account'],
    region: options.region,
    logFile: options.state.replace(/(\.json)?$/, '.log'),
    leaveOut: options['leave-out'].split(',').filter((name) => name !== ''),
  });

  let stopping = false;
  const stop = async (exitCode: number) => {
    if (stopping) return;
    stopping = true;
    rmSync(options.state, { force: true });
    images.close();
    server.close();
    server.closeAllConnections();
    launcher.close();
    proxy.close();
    await ministack.stop();
    process.exit(exitCode);
  };
  process.once('SIGINT', () => void stop(0));
  process.once('SIGTERM', () => void stop(0));
  if (options['with-parent']) process.stdin.resume().once('end', () => void stop(0));

  const launcher = createLauncher(ministack.port, secret);
  const proxy = createProxy(ministack.port);
  const images = createImageServices({ ...createOtherServices(launcher), speed: options.speed });
  const recorder = createRecorder();
  const faults = createFaults(options.seed);
  void ministack.ended.then(() => {
    if (stopping) return;
    console.error(`MiniStack ended by itself; see ${options.state.replace(/(\.json)?$/, '.log')}.`);
    return stop(1);
  });
  await launcher.ready();

  const state = {
    endpoint: `http://127.0.0.1:${address.port}`,
    ministackEndpoint: ministack.endpoint,
    pid: process.pid,
    controlAccount: options['control-account'],
    region: options.region,
    startedAt: new Date().toISOString(),
  };
  const identities = createIdentities(launcher);
  const gateway = createGateway({ proxy, launcher, identities, recorder, faults, images });
  const control = createControl({
    recorder,
    faults,
    launcher,
    images,
    describe: () => ({ status: 'ok', ...state }),
  });
  handle = (request, response) => {
    const carryOut = request.url?.startsWith('/_local/') ? control : gateway;
    carryOut(request, response).catch((error: unknown) => {
      if (stopping) return;
      console.error(`gateway: ${request.method} ${request.url} failed:`, error);
      if (response.headersSent) response.destroy();
      else sendJson(response, 502, { message: `The local cloud failed: ${String(error)}` });
    });
  };

  mkdirSync(dirname(options.state), { recursive: true });
  writeFileSync(options.state, `${JSON.stringify(state, null, 2)}\n`);
  console.log(JSON.stringify(state));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});

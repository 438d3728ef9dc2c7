/** A client that knows nothing but docs/openapi.json finds no answer that the document does not allow. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTargetsApi } from '../../functions/check-targets/app.ts';
import { createPreviewApi } from '../../functions/preview-plan/app.ts';
import { pythonCommand } from '../../local-cloud/ministack/install.ts';
import { imageWorld } from '../support/fakes/image-world.ts';
import { fakeLocations } from '../support/fakes/locations.ts';
import { BASE_PARAMETER, reconcileWorld } from '../support/reconcile-world.ts';
import { createApiForWorld, serveWorld } from '../support/serve-world.ts';

const root = resolve(import.meta.dirname, '../..');
/** All that looks at answers. What the document cannot say is left out: which valid definitions are refused. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
  'allow_header_conformance',
];
const SEED = '20261129';
const MAX_EXAMPLES = '100';
const MINUTES = 10;

let command: string;
let folder: string;
let service: Awaited<ReturnType<typeof serveWorld>>;

beforeAll(async () => {
  const list = join(import.meta.dirname, 'schemathesis-requirements.txt');
  command = await pythonCommand('schemathesis-venv', list, 'schemathesis');
  folder = await mkdtemp(join(tmpdir(), 'ovenbird-api-'));
  const world = reconcileWorld();
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await world.apply({ name: 'web', base: 'base' });
  await world.runUntilIdle();
  for (const { id } of world.running()) await world.release(id);
  const onError = () => undefined;
  const preview = createPreviewApi({ ...world.ports, onError });
  const locations = fakeLocations(imageWorld());
  const targets = createTargetsApi({ table: world.table, locations, onError });
  service = await serveWorld(world, [preview, targets, createApiForWorld(world)], { signed: true });
}, 300_000);

afterAll(async () => {
  await service?.close();
  await rm(folder, { recursive: true, force: true });
});

it(
  'answers as its document says',
  async () => {
    const { code, output } = await run([
      'run',
      join(root, 'docs/openapi.json'),
      ...['--url', service.url, '--checks', CHECKS.join(','), '--phases', 'coverage,fuzzing'],
      ...['--max-examples', MAX_EXAMPLES, '--seed', SEED, '--continue-on-failure', '--no-color'],
    ]);

    expect(`${code}\n${code === 0 ? '' : output}`).toBe('0\n');
  },
  MINUTES * 60_000,
);

function run(args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    const child = execFile(
      command,
      args,
      { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => done({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` }),
    );
    child.stdin?.end();
  });
}

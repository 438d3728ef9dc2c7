import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** The bare Lambda: takes any event and starts the machine. Bundled like ours, so that nothing but the work differs. */
const SOURCE = `
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
const client = new SFNClient({});
export const handler = async (event) => {
  await client.send(new StartExecutionCommand({ stateMachineArn: process.env.MACHINE_ARN, name: event.id, input: '{}' }));
};
`;

/** A zip with the bundle as index.mjs, made by Python's own zipfile: the local cloud brings Python anyway. */
export async function bareFunctionZip(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'ovenbird-bench-'));
  try {
    await build({
      stdin: { contents: SOURCE, resolveDir: import.meta.dirname, loader: 'js' },
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
      },
      outfile: join(folder, 'index.mjs'),
    });
    execFileSync('python3', ['-m', 'zipfile', '-c', 'function.zip', 'index.mjs'], { cwd: folder });
    return readFileSync(join(folder, 'function.zip'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Plays the engine's world with a planted fault, in a process of its own: the sources are changed as they are loaded. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';

const root = resolve(__dirname, '../..');
const LineSchema = z.object({ runs: z.number(), violations: z.array(z.string()) });

/** Read as text: the file itself needs a Node that no sandbox offers. */
export const MUTATION_NAMES: readonly string[] = [
  ...readFileSync(join(root, 'test/properties/engine/mutations.ts'), 'utf8').matchAll(
    /^ {2}'([a-z-]+)': \{$/gm,
  ),
].map(([, name = '']) => name);

export async function mutated(
  name: string,
  runs: number,
): Promise<{ code: number; runs: number; violations: readonly string[] }> {
  const main = join(root, 'test/properties/main.ts');
  const args = [main, '--seed', '2026', '--runs', String(runs), '--mutate', name, '--shrink', '0'];
  const { code, stdout } = await new Promise<{ code: number; stdout: string }>((done) => {
    execFile(process.execPath, args, { cwd: root, maxBuffer: 2 ** 26 }, (error, out) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout: out });
    });
  });
  return { code, ...LineSchema.parse(JSON.parse(stdout)) };
}

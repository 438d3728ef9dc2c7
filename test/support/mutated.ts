/** Plays the engine's world with a planted fault, in a process of its own: the sources are changed as they are loaded. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { MUTATIONS, type MutationName } from '../properties/engine/mutations.ts';

const root = resolve(__dirname, '../..');
const LineSchema = z.object({ runs: z.number(), violations: z.array(z.string()) });

export const MUTATION_NAMES = Object.keys(MUTATIONS) as MutationName[];

export async function runMutated(
  name: MutationName,
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

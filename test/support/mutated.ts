/** Plays a world with a planted fault, in a process of its own: the sources are changed as they are loaded. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { MUTATIONS } from '../properties/mutations.ts';

const root = resolve(__dirname, '../..');
const LineSchema = z.object({ runs: z.number(), violations: z.array(z.string()) });

type MutatedWorld = keyof typeof MUTATIONS;

/** All faults, as pairs of world and name. */
export const PLANTED = (Object.keys(MUTATIONS) as MutatedWorld[]).flatMap((world) =>
  Object.keys(MUTATIONS[world]).map((name) => [world, name] as const),
);

export async function runMutated(
  world: MutatedWorld,
  name: string,
  runs: number,
): Promise<{ code: number; runs: number; violations: readonly string[] }> {
  const main = join(root, 'test/properties/main.ts');
  const args = [
    '--world',
    world,
    '--seed',
    '2026',
    '--runs',
    String(runs),
    '--mutate',
    name,
    '--shrink',
    '0',
  ];
  const { code, stdout } = await new Promise<{ code: number; stdout: string }>((done) => {
    execFile(process.execPath, [main, ...args], { cwd: root, maxBuffer: 2 ** 26 }, (error, out) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout: out });
    });
  });
  return { code, ...LineSchema.parse(JSON.parse(stdout)) };
}

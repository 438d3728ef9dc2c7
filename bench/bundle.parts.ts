/** Bundles a function as the deployment does, and beside it a bundle that imports the same parts of the AWS SDK and nothing else. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import type { BuildOptions, Metafile } from 'esbuild';
import { build } from 'esbuild';
import { parse } from 'yaml';
import * as z from 'zod';

const root = resolve(import.meta.dirname, '..');

/** The options of serverless.yml that esbuild itself understands. */
const ServiceSchema = z.object({
  custom: z.object({
    esbuild: z.object({
      minify: z.boolean(),
      target: z.string(),
      format: z.literal('esm'),
      mainFields: z.array(z.string()),
      plugins: z.string(),
      banner: z.object({ js: z.string() }),
    }),
  }),
});

/** As the deployment bundles, for esbuild itself. */
export function bundleOptions(): BuildOptions {
  const service = ServiceSchema.parse(parse(readFileSync(join(root, 'serverless.yml'), 'utf8')));
  const { plugins, ...esbuild } = service.custom.esbuild;
  return {
    ...esbuild,
    plugins: createRequire(import.meta.url)(join(root, plugins)),
    bundle: true,
    platform: 'node',
    metafile: true,
    logLevel: 'error',
  };
}

export interface Bundle {
  readonly file: string;
  /** Packages of the AWS SDK in it, such as `@aws-sdk/client-sqs`. */
  readonly clients: readonly string[];
}

async function bundle(entry: string, outfile: string): Promise<{ bundle: Bundle; metafile: Metafile }> {
  const { metafile } = await build({
    ...bundleOptions(),
    entryPoints: [entry],
    outfile,
    absWorkingDir: root,
  });
  if (metafile === undefined) throw new Error('esbuild gave no report.');
  const clients = Object.values(metafile.outputs)
    .flatMap((output) => Object.entries(output.inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => /node_modules\/(@aws-sdk\/(?:client|lib)-[a-z0-9-]+)\//.exec(path)?.[1] ?? []);
  return { bundle: { file: outfile, clients: [...new Set(clients)].sort() }, metafile };
}

const SDK_IMPORT = /(?:^|\n)import\s+(?!type\b)\{([^}]+)\}\s+from\s+'(@aws-sdk\/[^']+)'/g;

/** What our own files in a bundle take from the SDK at run time, by package. */
function sdkImports(metafile: Metafile): Map<string, Set<string>> {
  const taken = new Map<string, Set<string>>();
  for (const input of Object.keys(metafile.inputs).filter((path) => !path.includes('node_modules'))) {
    for (const [, names = '', from = ''] of readFileSync(join(root, input), 'utf8').matchAll(SDK_IMPORT)) {
      const set = taken.get(from) ?? new Set<string>();
      for (const name of names.split(',').map((text) => text.trim())) {
        if (name !== '' && !name.startsWith('type ')) set.add(name.split(' as ')[0]?.trim() ?? name);
      }
      taken.set(from, set);
    }
  }
  return taken;
}

export async function bundlePair(name: string, folder: string): Promise<{ ours: Bundle; theirs: Bundle }> {
  mkdirSync(folder, { recursive: true });
  const { bundle: ours, metafile } = await bundle(
    `functions/${name}/handler.ts`,
    join(folder, `${name}.mjs`),
  );
  const lines = [...sdkImports(metafile)].map(
    ([from, names]) => `export { ${[...names].join(', ')} } from '${from}';`,
  );
  const entry = join(folder, `${name}.sdk.ts`);
  writeFileSync(entry, `${lines.join('\n')}\n`);
  const { bundle: theirs } = await bundle(relative(root, entry), join(folder, `${name}.sdk.mjs`));
  return { ours, theirs };
}

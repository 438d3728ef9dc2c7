/** The partitions and regions of AWS as the domain holds them, from the data that the AWS SDK resolves endpoints by. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';

/** No package exports the data; this is where the SDK keeps it. */
const DATA = '../node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js';

const DataSchema = z.object({
  partitionsInfo: z.object({
    partitions: z.array(
      z.object({
        id: z.string(),
        outputs: z.object({ dnsSuffix: z.string() }),
        regionRegex: z.string(),
        regions: z.record(z.string(), z.unknown()),
      }),
    ),
  }),
});

export const PARTITIONS_FILE = 'shared/domain/base/partitions.ts';

export async function composePartitions(): Promise<string> {
  const { partitionsInfo } = DataSchema.parse(
    await import(pathToFileURL(join(import.meta.dirname, DATA)).href),
  );
  const entries = partitionsInfo.partitions.map(({ id, outputs, regionRegex, regions }) => {
    // `aws-global` and its like stand for services without a region.
    const names = Object.keys(regions).filter((name) => !name.endsWith('-global'));
    return [
      '  {',
      `    name: '${id}',`,
      `    dnsSuffix: '${outputs.dnsSuffix}',`,
      `    pattern: ${toRegex(regionRegex)},`,
      `    regions: ${toList(names.sort())},`,
      '  },',
    ].join('\n');
  });
  return `/** The partitions and regions of AWS. Written by \`npm run generate\` from the data of the AWS SDK. */\nexport const PARTITIONS = [\n${entries.join('\n')}\n] as const;\n`;
}

/** `\-` says no more than `-`. */
function toRegex(source: string): string {
  return `/${source.replaceAll('\\-', '-')}/`;
}

/** In one line where that is no longer than lines here are. */
function toList(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`);
  const line = `[${quoted.join(', ')}]`;
  return line.length <= 94 ? line : `[\n${quoted.map((name) => `      ${name},\n`).join('')}    ]`;
}

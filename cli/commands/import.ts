/** `import image-builder`: definitions for the pipelines that an account has at EC2 Image Builder. Nothing is changed there. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { count, wrap } from '../../shared/domain/base/text.ts';
import { toShownPath } from '../definition-file.ts';
import { CommandFailed, EXIT, type ExitCode } from '../exit.ts';
import { type Imported, importDefinitions } from '../import/definitions.ts';
import { openAccount } from '../import/open-account.ts';
import { formatFile } from '../import/text.ts';
import type { CommandContext } from './context.ts';

export interface ImportOptions {
  readonly out: string;
  readonly region?: string;
  readonly profile?: string;
  readonly force?: boolean;
}

const SCHEMA = resolve(import.meta.dirname, '../../docs/pipeline.schema.json');

export async function importImageBuilder(
  context: Pick<CommandContext, 'out'>,
  options: ImportOptions,
): Promise<ExitCode> {
  const { out } = context;
  const account = await openAccount(options, process.env);
  const imported = importDefinitions(await account.read());
  const written = write(imported, options);
  out.emit({
    region: account.region,
    pipelines: imported.map(({ arn, name, definition, skipped, notes }, index) => ({
      arn,
      name,
      ...(definition === undefined ? {} : { definition: definition.name, file: written[index] }),
      ...(skipped === undefined ? {} : { skipped }),
      notes,
    })),
  });
  if (imported.length === 0) {
    out.print([`There are no pipelines of EC2 Image Builder in ${account.region}.`]);
    return EXIT.ok;
  }
  out.print(imported.flatMap((entry, index) => describeImported(entry, written[index])));
  const files = written.filter((file) => file !== undefined);
  const left = imported.length - files.length;
  out.remark(
    `${count(files.length, 'definition')} written${left === 0 ? '' : `, ${count(left, 'pipeline')} left out`}.`,
  );
  return EXIT.ok;
}

/** Paths as they are shown; undefined for skipped pipelines. Nothing is written if any file exists. */
function write(imported: readonly Imported[], { out, force = false }: ImportOptions): (string | undefined)[] {
  const files = imported.map(({ definition }) =>
    definition === undefined ? undefined : join(out, `${definition.name}.yml`),
  );
  const there = files.flatMap((file) => (file !== undefined && existsSync(file) ? [toShownPath(file)] : []));
  if (there.length > 0 && !force)
    throw new CommandFailed(
      EXIT.conflict,
      `Nothing was written: ${there.join(', ')} ${there.length === 1 ? 'exists' : 'exist'} already. Give --force to overwrite, or --out for another folder.`,
    );
  mkdirSync(out, { recursive: true });
  const schema = relative(resolve(out), SCHEMA);
  imported.forEach((entry, index) => {
    const file = files[index];
    if (file !== undefined) writeFileSync(file, formatFile(entry, schema));
  });
  return files.map((file) => (file === undefined ? undefined : toShownPath(file)));
}

function describeImported({ name, skipped, notes }: Imported, file: string | undefined): string[] {
  const head = file === undefined ? `${name}: left out` : `${name} -> ${file}`;
  const reasons = [
    ...(skipped === undefined ? [] : [skipped]),
    ...notes.map(({ field, reason }) => `${field}: ${reason}`),
  ];
  return [head, ...reasons.flatMap((reason) => wrap(reason, 80, '    ').map(dashed))];
}

function dashed(line: string, index: number): string {
  return index === 0 ? line.replace('    ', '  - ') : line;
}

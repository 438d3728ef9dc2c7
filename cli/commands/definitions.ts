/** `init`, `validate`, `apply`: writes, checks and sends definitions. */
import { existsSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { InvalidDefinition, type Problem } from '../../shared/domain/base/errors.ts';
import { count } from '../../shared/domain/base/text.ts';
import { type DefinitionFile, loadDefinitions, toShownPath } from '../definition-file.ts';
import { CommandFailed, describeProblem, EXIT, type ExitCode } from '../exit.ts';
import { formatTable } from '../output.ts';
import type { CommandContext } from './context.ts';
import { starterDefinition } from './starter.ts';

const SCHEMA = resolve(import.meta.dirname, '../../docs/pipeline.schema.json');

export function init({ out }: CommandContext, name: string): ExitCode {
  const file = `${name}.yml`;
  if (existsSync(file))
    throw new CommandFailed(EXIT.conflict, `${file} exists already; nothing was written.`);
  writeFileSync(file, starterDefinition(name, relative(process.cwd(), SCHEMA)));
  out.emit({ file });
  out.print([
    `${file} is written. Edit it, then:`,
    `  ovenbird validate ${file}`,
    `  ovenbird apply ${file}`,
  ]);
  return EXIT.ok;
}

export function validate({ out }: CommandContext, files: readonly string[]): ExitCode {
  const { problems, loaded } = check(files);
  const notes = loaded.flatMap((entry) =>
    entry.notes.map((note) => ({ file: toShownPath(entry.file), note })),
  );
  out.emit({ valid: problems.length === 0, problems, notes });
  if (problems.length === 0) {
    out.print([`${count(files.length, 'file')} valid.`]);
    for (const { file, note } of notes) out.remark(`${file}  ${note}`);
    return EXIT.ok;
  }
  out.print(problems.map(describeProblem));
  out.remark(`${count(problems.length, 'problem')} found.`);
  return EXIT.invalid;
}

export async function apply(context: CommandContext, files: readonly string[]): Promise<ExitCode> {
  const { out } = context;
  const loaded = load(files);
  const api = await context.api();
  const applied = [];
  for (const entry of loaded) {
    try {
      applied.push(
        await api.call('applyDefinition', {
          parameters: { team: entry.definition.team, name: entry.definition.name },
          body: entry.definition,
        }),
      );
    } catch (error) {
      if (applied.length > 0)
        out.remark(`Applied before: ${applied.map(({ pipeline }) => pipeline).join(', ')}`);
      throw locateProblems(error, entry);
    }
  }
  out.emit(applied);
  out.print(
    formatTable(
      [{ title: 'PIPELINE' }, { title: 'REVISION' }, { title: 'OUTCOME' }],
      applied.map(({ pipeline, revision, outcome }) => [pipeline, String(revision), outcome]),
      out.columns,
    ),
  );
  for (const note of applied.flatMap(({ notes }) => notes)) out.remark(note);
  return EXIT.ok;
}

function load(files: readonly string[]): DefinitionFile[] {
  try {
    return loadDefinitions(files);
  } catch (error) {
    if (!(error instanceof InvalidDefinition)) throw error;
    throw new CommandFailed(EXIT.invalid, 'Nothing was applied.', withShownPaths(error.problems));
  }
}

function check(files: readonly string[]): {
  readonly problems: readonly Problem[];
  readonly loaded: readonly DefinitionFile[];
} {
  try {
    return { problems: [], loaded: loadDefinitions(files) };
  } catch (error) {
    if (error instanceof InvalidDefinition) return { problems: withShownPaths(error.problems), loaded: [] };
    throw error;
  }
}

/** Adds file and line to problems of the service, which knows fields only. */
function locateProblems(error: unknown, entry: DefinitionFile): unknown {
  if (!(error instanceof CommandFailed)) return error;
  const problems = error.problems.map((problem) => {
    const line = entry.findLine(problem.field);
    return { ...problem, file: toShownPath(entry.file), ...(line === undefined ? {} : { line }) };
  });
  const message = `${entry.definition.name} was not applied: ${error.message}`;
  return new CommandFailed(error.exitCode, message, problems, { cause: error });
}

function withShownPaths(problems: readonly Problem[]): Problem[] {
  return problems.map((problem) =>
    problem.file === undefined ? problem : { ...problem, file: toShownPath(problem.file) },
  );
}

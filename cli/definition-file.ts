/** Reads and checks definition files and sorts parents first. Problems have file, line, field and fix. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { cronerCalendar } from '../shared/adapters/croner-calendar.ts';
import { systemClock } from '../shared/adapters/system-clock.ts';
import { InvalidDefinition, type Problem } from '../shared/domain/base/errors.ts';
import { type Definition, DefinitionSchema } from '../shared/domain/definitions/definition.ts';
import { describeUnlistedRegions } from '../shared/domain/definitions/regions.ts';
import { findFormKind } from '../shared/domain/selectors/selectors.ts';
import { checkDefinition } from '../shared/use-cases/definitions/check-definition.ts';
import { describeIssues, type FieldPath, formatFieldPath } from './definition-problems.ts';
import { parseYaml } from './yaml-file.ts';

export interface DefinitionFile {
  /** Path as given. */
  readonly file: string;
  readonly definition: Definition;
  /** What is taken and may be wrong all the same. */
  readonly notes: readonly string[];
  /** Line of a field such as `base.pipeline`, or of the nearest thing around it that the file has. */
  readonly findLine: (field: string) => number | undefined;
}

/** Parents first. Throws InvalidDefinition with everything that is wrong in all files. */
export function loadDefinitions(files: readonly string[]): DefinitionFile[] {
  const problems: Problem[] = [];
  const loaded: DefinitionFile[] = [];
  for (const file of files) {
    const read = readDefinition(file);
    if ('problems' in read) problems.push(...read.problems);
    else loaded.push(read);
  }
  problems.push(...findDuplicates(loaded));
  if (problems.length > 0) throw new InvalidDefinition(problems);
  return sortParentsFirst(loaded);
}

function readDefinition(file: string): DefinitionFile | { problems: Problem[] } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { problems: [{ file, field: '', message: 'cannot be read', fix: 'check the path' }] };
  }
  const yaml = parseYaml(text);
  if ('fault' in yaml) return { problems: [{ file, field: '', ...yaml.fault }] };
  const { raw, findLine, findSource } = yaml;
  const scripts = inlineScripts(raw, dirname(file));
  const parsed = DefinitionSchema.safeParse(raw);
  const problems = [
    ...scripts,
    ...(parsed.success ? checkFile(parsed.data) : describeIssues(parsed.error.issues, raw, findSource)),
  ].map(({ path, ...problem }) => ({ ...problem, file, ...withLine(findLine(path)) }));
  if (problems.length > 0 || !parsed.success) return { problems: problems.sort(byLine) };
  return {
    file,
    definition: parsed.data,
    notes: describeUnlistedRegions(parsed.data),
    findLine: (field) => findLine(parseFieldPath(field)),
  };
}

/** What the service would find without looking at anything but the definition. */
function checkFile(definition: Definition): (Problem & { path: FieldPath })[] {
  const { problems } = checkDefinition(
    { calendar: cronerCalendar, clock: systemClock },
    definition,
    undefined,
  );
  return problems.map((problem) => ({ ...problem, path: parseFieldPath(problem.field) }));
}

/** A path to a file beside the definition; shell lines do not begin with `./` and end after it. */
const SCRIPT_PATH = /^\.{1,2}\/\S+$/;

/** Replaces the path of each suite's script file by its text. */
function inlineScripts(raw: unknown, folder: string): (Problem & { path: FieldPath })[] {
  const problems: (Problem & { path: FieldPath })[] = [];
  const suites = readField(readField(raw, 'tests'), 'suites');
  if (!Array.isArray(suites)) return problems;
  suites.forEach((suite: unknown, index) => {
    const script = readField(suite, 'script');
    if (typeof script !== 'string' || !SCRIPT_PATH.test(script)) return;
    const path = ['tests', 'suites', index, 'script'];
    const file = resolve(folder, script);
    if (!existsSync(file)) {
      problems.push({
        path,
        field: formatFieldPath(path),
        message: `names ${script}, which does not exist`,
        fix: 'the path is relative to the definition; write the shell lines here, or create the file',
      });
    } else if (typeof suite === 'object' && suite !== null) {
      Object.assign(suite, { script: readFileSync(file, 'utf8') });
    }
  });
  return problems;
}

function findDuplicates(loaded: readonly DefinitionFile[]): Problem[] {
  const first = new Map<string, DefinitionFile>();
  return loaded.flatMap((entry) => {
    const { name } = entry.definition;
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, entry);
    if (earlier === undefined || resolve(earlier.file) === resolve(entry.file)) return [];
    return [
      {
        file: entry.file,
        ...withLine(entry.findLine('name')),
        field: 'name',
        message: `"${name}" is defined by ${earlier.file} too`,
        fix: 'give one of them another name',
      },
    ];
  });
}

/** Parents before children, otherwise as given. Throws InvalidDefinition with the path of a circle. */
function sortParentsFirst(loaded: readonly DefinitionFile[]): DefinitionFile[] {
  const byName = new Map(loaded.map((entry) => [entry.definition.name, entry]));
  const ordered = new Set<DefinitionFile>();
  const visit = (entry: DefinitionFile, path: readonly string[]): void => {
    if (ordered.has(entry)) return;
    const { name } = entry.definition;
    const way = [...path, name];
    for (const { field, pipeline } of listParents(entry.definition)) {
      const parent = byName.get(pipeline);
      if (way.includes(pipeline))
        throw toCircleError(entry, field, [...way.slice(way.indexOf(pipeline)), pipeline]);
      if (parent !== undefined) visit(parent, way);
    }
    ordered.add(entry);
  };
  for (const entry of byName.values()) visit(entry, []);
  return [...ordered];
}

/** Pipelines that it is built on, and the fields that name them. */
function listParents({ base, inputs }: Definition): { field: string; pipeline: string }[] {
  const named = [
    { field: 'base.pipeline', reference: base },
    ...inputs.map((reference, index) => ({ field: `inputs[${index}].pipeline`, reference })),
  ];
  return named.flatMap(({ field, reference }) => {
    const parent = findFormKind(reference).parent?.(reference);
    return parent === undefined ? [] : [{ field, pipeline: parent.pipeline }];
  });
}

function toCircleError(entry: DefinitionFile, field: string, path: readonly string[]): InvalidDefinition {
  return new InvalidDefinition([
    {
      file: entry.file,
      ...withLine(entry.findLine(field)),
      field,
      message: `these pipelines would depend on each other: ${path.join(' -> ')}`,
      fix: 'let one of them depend on something else',
    },
  ]);
}

/** `tests.suites[0].name` -> `['tests', 'suites', 0, 'name']`. */
function parseFieldPath(name: string): FieldPath {
  return name
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .map((part) => (/^[0-9]+$/.test(part) ? Number(part) : part));
}

function readField(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

function withLine(line: number | undefined): { line?: number } {
  return line === undefined ? {} : { line };
}

function byLine(one: Problem, other: Problem): number {
  return (one.line ?? 0) - (other.line ?? 0);
}

/** The path relative to the working directory if it is below it, else absolute. */
export function toShownPath(file: string, from = process.cwd()): string {
  const path = relative(from, resolve(file));
  return path.startsWith('..') ? resolve(file) : path;
}

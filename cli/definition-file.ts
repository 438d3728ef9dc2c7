/** Reads and checks definition files and sorts parents first. Problems have file, line, field and fix. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { type Document, isCollection, isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml';
import { InvalidDefinition, type Problem } from '../shared/domain/base/errors.ts';
import { type Definition, DefinitionSchema } from '../shared/domain/definitions/definition.ts';
import { findSizeProblem } from '../shared/domain/definitions/definition-size.ts';
import { findFormKind } from '../shared/domain/selectors/selectors.ts';
import { describeIssues, type FieldPath, formatFieldPath } from './definition-problems.ts';

export interface DefinitionFile {
  /** Path as given. */
  readonly file: string;
  readonly definition: Definition;
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
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0)
    return {
      problems: document.errors.slice(0, 1).map((error) => ({
        file,
        line: lines.linePos(error.pos[0]).line,
        field: '',
        message: `is not YAML: ${error.message}`,
        fix: 'fix the indentation or the quotes at this line',
      })),
    };

  const line = (path: FieldPath) => findLine(document, lines, path);
  const raw: unknown = document.toJS();
  const scripts = inlineScripts(raw, dirname(file));
  const parsed = DefinitionSchema.safeParse(raw);
  const problems = [
    ...scripts.map(({ path, ...problem }) => ({ ...problem, file, ...withLine(line(path)) })),
    ...(parsed.success ? [] : describeIssues(parsed.error.issues, raw)).map(({ path, ...problem }) => ({
      ...problem,
      file,
      ...withLine(line(path)),
    })),
  ];
  if (problems.length > 0 || !parsed.success) return { problems: problems.sort(byLine) };
  const size = findSizeProblem(parsed.data);
  if (size !== undefined)
    return { problems: [{ ...size, file, ...withLine(line(parseFieldPath(size.field))) }] };
  return { file, definition: parsed.data, findLine: (field) => line(parseFieldPath(field)) };
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

/** Line of the node at the path, or of the nearest node around it, where a missing field belongs. */
function findLine(document: Document, lines: LineCounter, path: FieldPath): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const offset = length === 0 ? 0 : findOffset(document, path.slice(0, length));
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return undefined;
}

function findOffset(document: Document, path: FieldPath): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && String(item.key) === String(last));
    return pair !== undefined && isNode(pair.key) ? pair.key.range?.[0] : undefined;
  }
  const node = isCollection(parent) ? parent.get(last, true) : undefined;
  return isNode(node) ? node.range?.[0] : undefined;
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

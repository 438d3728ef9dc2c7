/** Reads one YAML document: its value, the line of each field and the text as it stands in the file. */
import {
  type Document,
  type ErrorCode,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseAllDocuments,
} from 'yaml';
import type { Problem } from '../shared/domain/base/errors.ts';
import type { FieldPath } from './definition-problems.ts';

export interface YamlFile {
  readonly raw: unknown;
  /** Line of the node at the path, or of the nearest node around it, where a missing field belongs. */
  readonly findLine: (path: FieldPath) => number | undefined;
  /** A plain value as it was written: `012345678901`, of which YAML makes another number. */
  readonly findSource: (path: FieldPath) => string | undefined;
}

type Fault = Pick<Problem, 'message' | 'fix' | 'line'>;

export function parseYaml(text: string): YamlFile | { readonly fault: Fault } {
  const lines = new LineCounter();
  const found = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const all: readonly Document[] = Array.isArray(found) ? found : [];
  for (const { errors, warnings } of all) {
    const [error] = [...errors, ...warnings];
    if (error !== undefined)
      return { fault: { ...describeError(error), line: lines.linePos(error.pos[0]).line } };
  }
  // A line of three dashes at the end begins a document in which nothing stands.
  const [document, second] = all.filter(({ contents }) => contents !== null && !isEmptyScalar(contents));
  if (second !== undefined)
    return {
      fault: {
        line: lines.linePos(second.contents?.range?.[0] ?? 0).line,
        message: 'holds a second definition from here on; a file holds one',
        fix: 'put each into a file of its own',
      },
    };
  if (document === undefined)
    return { fault: { line: 1, message: 'is empty', fix: 'write one with: ovenbird init NAME' } };
  const line = (path: FieldPath) => findLine(document, lines, path);
  try {
    return {
      raw: document.toJS(),
      findLine: line,
      findSource: (path) => {
        const node = document.getIn(path, true);
        return isScalar(node) && typeof node.value !== 'string' ? node.source : undefined;
      },
    };
  } catch (error) {
    // An alias of what is not there, or of so much that nothing could hold it.
    const name = /alias[^:]*: (\S+)/.exec(error instanceof Error ? error.message : '')?.[1];
    return {
      fault: {
        message: `has an alias that leads nowhere${name === undefined ? '' : `: *${name}`}`,
        fix: 'write the value itself',
      },
    };
  }
}

function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && node.value === null && (node.source ?? '') === '';
}

/** What the parser's codes mean to somebody who writes a definition; every other one is about indentation or quotes. */
const FAULTS: Partial<Record<ErrorCode, Omit<Fault, 'line'>>> = {
  DUPLICATE_KEY: { message: 'has this field twice', fix: 'remove one of the two' },
  TAB_AS_INDENT: { message: 'is indented with a tab', fix: 'indent with spaces' },
  BAD_ALIAS: { message: 'has an alias that leads nowhere', fix: 'write the value itself' },
  TAG_RESOLVE_FAILED: { message: 'has a tag ("!…"), which a definition has none of', fix: 'remove the tag' },
  MULTIPLE_TAGS: { message: 'has a tag ("!…"), which a definition has none of', fix: 'remove the tags' },
  BAD_DQ_ESCAPE: {
    message: 'has a backslash in double quotes that escapes nothing',
    fix: "write the text in single quotes: '…'",
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'has two fields in one line, or a text with ": "',
    fix: 'begin a new line for each field, or put the text in quotes',
  },
  MISSING_CHAR: {
    message: 'ends too early: a quote or bracket is open, or a ":" is missing',
    fix: 'close what is open here',
  },
};

function describeError({ code }: { readonly code: ErrorCode }): Omit<Fault, 'line'> {
  return (
    FAULTS[code] ?? { message: 'is not YAML here', fix: 'fix the indentation or the quotes at this line' }
  );
}

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

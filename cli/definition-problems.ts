/** Turns issues of the schema into problems with field, message and fix. */
import type * as z from 'zod';
import type { Problem } from '../shared/domain/base/errors.ts';
import { listFormNames } from '../shared/domain/selectors/selectors.ts';
import { findExampleAt, listFieldsAt } from './definition-fields.ts';

export type FieldPath = readonly (string | number)[];
type Issue = z.core.$ZodIssue;
type LocatedProblem = Problem & { readonly path: FieldPath };

export function describeIssues(issues: readonly Issue[], raw: unknown): LocatedProblem[] {
  const all = issues.flatMap((issue) => describeIssue(issue, raw));
  // One problem per field: the others follow from a wrong type.
  return all.filter((entry, index) => all.findIndex((other) => other.field === entry.field) === index);
}

function describeIssue(issue: Issue, raw: unknown): LocatedProblem[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const value = readValueAt(raw, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        toLocatedProblem([...path, key], 'is no field of a definition', fixForUnknown(key, path, raw)),
      );
    case 'invalid_union':
      return describeUnionIssue(issue, path, value, raw);
    case 'invalid_type':
      if (value === undefined) return [toLocatedProblem(path, 'is missing', fixForMissing(path))];
      return [
        toLocatedProblem(
          path,
          `must be ${article(issue.expected)}, not ${describeKind(value)}`,
          fixForType(issue, value),
        ),
      ];
    case 'invalid_value':
      if (value === undefined) return [toLocatedProblem(path, 'is missing', fixForMissing(path))];
      // Fields that are not implemented yet have a message of their own.
      if (!issue.message.startsWith('Invalid ')) return [toLocatedProblem(path, lowerFirst(issue.message))];
      return [describeValueIssue(path, value, issue.values.map(String))];
    case 'invalid_format':
      return [toLocatedProblem(path, lowerFirst(issue.message), fixForForm(path, raw))];
    default:
      return [toLocatedProblem(path, lowerFirst(issue.message))];
  }
}

function describeValueIssue(path: FieldPath, value: unknown, allowed: readonly string[]): LocatedProblem {
  const message = `must be ${allowed.map((entry) => `"${entry}"`).join(' or ')}`;
  return toLocatedProblem(path, message, fixForValue(value, allowed));
}

/** A message that reads on after the name of its field. */
function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/** Problems of the form that is nearest to the value; if none is near, all forms are named. */
function describeUnionIssue(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: FieldPath,
  value: unknown,
  raw: unknown,
): LocatedProblem[] {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const forms = listFormNames(path[0] === 'inputs' ? 'input' : 'base');
  const meant = forms.filter((form) => keys.includes(form));
  const [only, ...more] = meant;
  const isSelector = path.join('.') === 'base' || (path[0] === 'inputs' && path.length === 2);
  if (!isSelector) {
    const [nearestForm = []] = [...issue.errors].sort((one, other) => countFaults(one) - countFaults(other));
    return nearestForm.flatMap((inner) => describeIssue({ ...inner, path: [...path, ...inner.path] }, raw));
  }
  if (only === undefined || more.length > 0) {
    const found = more.length > 0 ? `has ${meant.join(' and ')}` : 'has none of them';
    return [toLocatedProblem(path, `must have exactly one of ${forms.join(', ')}; it ${found}`)];
  }
  const errors = issue.errors[forms.indexOf(only)] ?? [];
  return errors.flatMap((inner) => describeIssue({ ...inner, path: [...path, ...inner.path] }, raw));
}

/** Distance of a value from a form: the number of missing, unknown and wrong fields. */
function countFaults(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
}

function toLocatedProblem(path: FieldPath, message: string, fix?: string): LocatedProblem {
  return { path, field: formatFieldPath(path), message, ...(fix === undefined ? {} : { fix }) };
}

function fixForUnknown(key: string, path: FieldPath, raw: unknown): string {
  const known = listFieldsAt(path, raw);
  const near = findNearest(key, known);
  if (near !== undefined) return `did you mean ${near}?`;
  return known.length === 0 ? 'remove it' : `remove it; here are allowed ${known.join(', ')}`;
}

function fixForValue(value: unknown, allowed: readonly string[]): string {
  const near = typeof value === 'string' ? findNearest(value, allowed) : undefined;
  return near === undefined ? `write ${allowed.join(' or ')}` : `did you mean ${near}?`;
}

/** The problem of a text that does not match its field's pattern. */
function fixForForm(path: FieldPath, raw: unknown): string | undefined {
  const example = findExampleAt(path, raw);
  if (example === undefined) return undefined;
  // YAML reads digits alone as a number.
  return `write it like ${/^[0-9]+$/.test(example) ? `'${example}'` : example}`;
}

/** The candidate that was probably meant: one that begins with the word, or is at most two edits away. */
function findNearest(word: string, known: readonly string[]): string | undefined {
  const written = word.toLowerCase();
  return (
    known.find((candidate) => written.length > 2 && candidate.toLowerCase().startsWith(written)) ??
    known.find((candidate) => computeDistance(candidate.toLowerCase(), written) <= 2)
  );
}

const EXAMPLES: Readonly<Record<string, string>> = {
  apiVersion: 'apiVersion: ovenbird.dev/v1',
  name: 'name: my-image',
  'base.lookup.owner':
    "owner: '123456789012', or self, amazon, aws-marketplace: anybody may give an image that name",
  base: 'base: { ssm: /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64 }',
  tests: 'tests: { suites: [{ name: boots, script: "systemctl is-system-running --wait" }] }',
};

function fixForMissing(path: FieldPath): string {
  const example = EXAMPLES[path.join('.')];
  return example === undefined ? `add ${path.at(-1) ?? 'it'}` : `add for example: ${example}`;
}

function fixForType(issue: Extract<Issue, { code: 'invalid_type' }>, value: unknown): string | undefined {
  if (issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return `put it in quotes: '${String(value)}'`;
  if (issue.expected === 'array') return 'write it as a list: [a, b]';
  return undefined;
}

function article(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    array: 'a list',
    object: 'a group of fields',
    record: 'a group of fields',
    boolean: 'true or false',
    int: 'a whole number',
    number: 'a number',
  };
  return words[expected] ?? expected;
}

function describeKind(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of fields';
  return `${JSON.stringify(value)}`;
}

function readValueAt(raw: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return Object.entries(value).find(([key]) => key === String(part))?.[1];
  }, raw);
}

export function formatFieldPath(path: FieldPath): string {
  return path.reduce<string>(
    (name, part) => (typeof part === 'number' ? `${name}[${part}]` : name === '' ? part : `${name}.${part}`),
    '',
  );
}

/** Levenshtein distance. */
function computeDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replace = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

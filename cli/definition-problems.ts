/** Turns issues of the schema into problems with field, message and fix. */
import type * as z from 'zod';
import type { Problem } from '../shared/domain/base/errors.ts';
import { findNearest } from '../shared/domain/base/nearest.ts';
import { listFormNames } from '../shared/domain/selectors/selectors.ts';
import { findExampleAt, listFieldsAt } from './definition-fields.ts';

export type FieldPath = readonly (string | number)[];
type Issue = z.core.$ZodIssue;
type LocatedProblem = Problem & { readonly path: FieldPath };

/** `findSource`: how a plain value stands in the file. */
export function describeIssues(
  issues: readonly Issue[],
  raw: unknown,
  findSource: (path: FieldPath) => string | undefined = () => undefined,
): LocatedProblem[] {
  const all = issues.flatMap((issue) => describeIssue(issue, { raw, findSource }));
  // One problem per field: the others follow from a wrong type.
  return all.filter((entry, index) => all.findIndex((other) => other.field === entry.field) === index);
}

interface Input {
  readonly raw: unknown;
  readonly findSource: (path: FieldPath) => string | undefined;
}

function describeIssue(issue: Issue, input: Input): LocatedProblem[] {
  const { raw, findSource } = input;
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const value = readValueAt(raw, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        toLocatedProblem([...path, key], 'is no field of a definition', fixForUnknown(key, path, raw)),
      );
    case 'invalid_union':
      return describeUnionIssue(issue, path, value, input);
    case 'invalid_type':
      if (value === undefined) return [toLocatedProblem(path, 'is missing', fixForMissing(path))];
      return [
        toLocatedProblem(
          path,
          `must be ${article(issue.expected)}, not ${findSource(path) ?? describeKind(value)}`,
          fixForType(issue, value, findSource(path)),
        ),
      ];
    case 'invalid_value':
      if (value === undefined) return [toLocatedProblem(path, 'is missing', fixForMissing(path))];
      // Fields that are not implemented yet have a message of their own.
      if (!issue.message.startsWith('Invalid ')) return [toLocatedProblem(path, lowerFirst(issue.message))];
      return [describeValueIssue(path, value, issue.values.map(String))];
    case 'invalid_key':
      return issue.issues.map(({ message }) => toLocatedProblem(path, lowerFirst(message)));
    case 'custom':
      return [toLocatedProblem(path, lowerFirst(issue.message), readFix(issue))];
    case 'invalid_format':
      return [toLocatedProblem(path, lowerFirst(issue.message), fixForForm(path, raw))];
    default:
      return [toLocatedProblem(path, lowerFirst(issue.message))];
  }
}

/** Checks of the schema may say what to do, too. */
function readFix({ params }: Extract<Issue, { code: 'custom' }>): string | undefined {
  return typeof params?.fix === 'string' ? params.fix : undefined;
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
  input: Input,
): LocatedProblem[] {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const forms = listFormNames(path[0] === 'inputs' ? 'input' : 'base');
  const meant = forms.filter((form) => keys.includes(form));
  const [only, ...more] = meant;
  const isSelector = path.join('.') === 'base' || (path[0] === 'inputs' && path.length === 2);
  if (!isSelector) {
    const [nearestForm = []] = [...issue.errors].sort((one, other) => countFaults(one) - countFaults(other));
    return nearestForm.flatMap((inner) => describeIssue({ ...inner, path: [...path, ...inner.path] }, input));
  }
  if (only === undefined || more.length > 0) {
    const found = more.length > 0 ? `has ${meant.join(' and ')}` : 'has none of them';
    return [toLocatedProblem(path, `must have exactly one of ${forms.join(', ')}; it ${found}`)];
  }
  const errors = issue.errors[forms.indexOf(only)] ?? [];
  return errors.flatMap((inner) => describeIssue({ ...inner, path: [...path, ...inner.path] }, input));
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

function fixForType(
  issue: Extract<Issue, { code: 'invalid_type' }>,
  value: unknown,
  source = String(value),
): string | undefined {
  if (issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return `put it in quotes: '${source}'`;
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

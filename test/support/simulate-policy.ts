/**
 * Says what IAM would say to one call under one role's identity policies: explicit deny, allow, or implicit deny, with the statements that
 * decided (IAM/latest/UserGuide/reference_policies_evaluation-logic). For roles that the local cloud does not enforce, and for questions
 * such as "is every statement used?". It knows what our policies use and throws at anything else, so that it never guesses.
 */
import * as z from 'zod';

const Texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const ConditionValues = z
  .union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()]))])
  .transform((value) => [value].flat().map(String));

const StatementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: Texts,
  Resource: Texts,
  Condition: z.record(z.string(), z.record(z.string(), ConditionValues)).optional(),
});
export const PolicySchema = z.object({
  Statement: z.union([StatementSchema, z.array(StatementSchema)]).transform((value) => [value].flat()),
});
export type Policy = z.output<typeof PolicySchema>;
export type Statement = z.output<typeof StatementSchema>;

/** One action on one resource, as the gateway records it, with the condition keys that the service would send. */
export interface SimulatedCall {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

export interface Verdict {
  readonly allowed: boolean;
  /** The statements that allowed it, or the ones that denied it; none when nothing spoke for it. */
  readonly by: readonly Statement[];
  readonly reason: 'allowed' | 'explicitly denied' | 'nothing allows it';
}

export function simulate(policies: readonly Policy[], call: SimulatedCall): Verdict {
  const applying = policies
    .flatMap((policy) => policy.Statement)
    .filter((statement) => applies(statement, call));
  const denying = applying.filter((statement) => statement.Effect === 'Deny');
  if (denying.length > 0) return { allowed: false, by: denying, reason: 'explicitly denied' };
  const allowing = applying.filter((statement) => statement.Effect === 'Allow');
  if (allowing.length > 0) return { allowed: true, by: allowing, reason: 'allowed' };
  return { allowed: false, by: [], reason: 'nothing allows it' };
}

/** The same policies without the statement of that Sid. */
export function withoutStatement(policies: readonly Policy[], sid: string): Policy[] {
  return policies.map((policy) => ({
    ...policy,
    Statement: policy.Statement.filter((statement) => statement.Sid !== sid),
  }));
}

function applies(statement: Statement, call: SimulatedCall): boolean {
  return (
    // Action names do not mind their case, resources do.
    statement.Action.some((pattern) => matches(pattern.toLowerCase(), call.action.toLowerCase())) &&
    statement.Resource.some((pattern) => arnMatches(pattern, call.resource)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => conditionHolds(operator, key, wanted, call)),
    )
  );
}

/** `*` stands for any text, `?` for one character. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern
    .split(/([*?])/)
    .map((part) =>
      part === '*' ? '[^]*' : part === '?' ? '[^]' : part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&'),
    );
  return new RegExp(`^${source.join('')}$`).test(text);
}

/** A Resource is compared part by part too; one with fewer than six parts ends in wildcards (IAM: "JSON policy elements: Resource"). */
function arnMatches(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const absent = Math.max(0, 6 - pattern.split(':').length);
  return arnPartsMatch(pattern + ':*'.repeat(absent), arn);
}

/** ArnEquals and ArnLike compare the six parts of an ARN one by one; a wildcard stays within its part. */
function arnPartsMatch(pattern: string, arn: string): boolean {
  const wanted = sixParts(pattern);
  const actual = sixParts(arn);
  return (
    wanted !== undefined &&
    actual !== undefined &&
    wanted.every((part, index) => matches(part, actual[index] ?? ''))
  );
}

function sixParts(arn: string): string[] | undefined {
  const parts = arn.split(':');
  return parts.length < 6 ? undefined : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

type Comparison = (wanted: string, actual: string) => boolean;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  StringEquals: (wanted, actual) => wanted === actual,
  StringEqualsIgnoreCase: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
  StringLike: (wanted, actual) => matches(wanted, actual),
  ArnEquals: arnPartsMatch,
  ArnLike: arnPartsMatch,
  Bool: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
};
/** Negated operators hold when no value matches, and when the key is absent. */
const NEGATED: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
};

function conditionHolds(
  operator: string,
  key: string,
  wanted: readonly string[],
  call: SimulatedCall,
): boolean {
  const { quantifier, name, ifExists } = readOperator(operator);
  const values = contextValues(call, key);

  if (name === 'Null') return wanted.some((value) => (value === 'true') === (values === undefined));
  const negated = NEGATED[name];
  const compare = COMPARISONS[negated ?? name];
  if (compare === undefined)
    throw new Error(`The simulation does not know the condition operator ${operator}.`);
  const holds = (actual: string) =>
    wanted.some((value) => compare(value, actual)) === (negated === undefined);

  if (values === undefined || values.length === 0) {
    return ifExists || quantifier === 'ForAllValues' || (negated !== undefined && quantifier === undefined);
  }
  if (quantifier === 'ForAllValues') return values.every(holds);
  if (quantifier === 'ForAnyValue') return values.some(holds);
  return values.length === 1 && values.every(holds);
}

function readOperator(operator: string): {
  quantifier: 'ForAllValues' | 'ForAnyValue' | undefined;
  name: string;
  ifExists: boolean;
} {
  const [first = '', second] = operator.split(':');
  const quantifier = first === 'ForAllValues' || first === 'ForAnyValue' ? first : undefined;
  const rest = quantifier === undefined ? operator : (second ?? '');
  const ifExists = rest.endsWith('IfExists');
  return { quantifier, name: ifExists ? rest.slice(0, -'IfExists'.length) : rest, ifExists };
}

/** Names of condition keys do not mind their case; the key of a tag does, which only matters where two differ in nothing else. */
function contextValues(call: SimulatedCall, key: string): readonly string[] | undefined {
  const entry = Object.entries(call.context ?? {}).find(([name]) => name.toLowerCase() === key.toLowerCase());
  return entry === undefined ? undefined : [entry[1]].flat();
}

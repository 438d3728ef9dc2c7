/**
 * What the policy of a key says about a use that EC2 will make of it, as far as it can be known before (kms/developerguide/key-policies). IAM
 * policies are not read: a statement for an account leaves the rest to the policies of that account.
 */
import * as z from 'zod';

const oneOrMany = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const ConditionSchema = z.record(
  z.string(),
  z.record(z.string(), z.union([z.string(), z.boolean(), z.number(), z.array(z.string())])),
);

export const KeyPolicySchema = z.lazy(() =>
  z.object({
    Statement: z
      .union([StatementSchema, z.array(StatementSchema)])
      .transform((statements) => [statements].flat()),
  }),
);
const StatementSchema = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.string(), z.record(z.string(), oneOrMany)]).optional(),
  NotPrincipal: z.unknown().optional(),
  Action: oneOrMany.optional(),
  NotAction: oneOrMany.optional(),
  Condition: ConditionSchema.optional(),
});
export type KeyPolicy = z.output<typeof KeyPolicySchema>;
type Statement = KeyPolicy['Statement'][number];

/** A principal that uses the key through EC2. */
export interface KeyUser {
  readonly account: string;
  /** ARN of the role, or of the account's root for anybody there. */
  readonly principal: string;
}

/**
 * `allowed`: by a statement that names the principal. `account`: left to IAM policies of its account. `unknown`: depends on what is not known here.
 */
export type PolicyAnswer = 'allowed' | 'account' | 'unknown' | 'refused';

export function judgeUse(policy: KeyPolicy, user: KeyUser, action: string): PolicyAnswer {
  const answers = policy.Statement.map((statement) => judgeStatement(statement, user, action));
  const denied = policy.Statement.some(
    ({ Effect }, index) => Effect === 'Deny' && ['allowed', 'account'].includes(answers[index] ?? ''),
  );
  if (denied) return 'refused';
  const allowing = answers.filter((_, index) => policy.Statement[index]?.Effect === 'Allow');
  return (
    (['allowed', 'account', 'unknown'] as const).find((answer) => allowing.includes(answer)) ?? 'refused'
  );
}

/** Whether a statement applies, whatever its effect. */
function judgeStatement(statement: Statement, user: KeyUser, action: string): PolicyAnswer {
  if (statement.NotPrincipal !== undefined || statement.NotAction !== undefined) return 'unknown';
  if (!(statement.Action ?? []).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())))
    return 'refused';
  const named = judgePrincipal(statement.Principal, user);
  if (named === 'refused') return 'refused';
  const conditions = Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, expected]) =>
      holds(operator, key, [expected].flat().map(String), user, action),
    ),
  );
  if (conditions.includes(false)) return 'refused';
  if (conditions.includes(undefined)) return 'unknown';
  // The account is let in through EC2 alone: what it would be told itself says nothing.
  return named === 'account' && isBoundToService(statement) ? 'unknown' : named;
}

function isBoundToService({ Condition = {} }: Statement): boolean {
  return Object.values(Condition).some((keys) =>
    Object.keys(keys).some((key) => key.toLowerCase() === 'kms:viaservice'),
  );
}

function judgePrincipal(
  principal: Statement['Principal'],
  { account, principal: arn }: KeyUser,
): PolicyAnswer {
  const names = typeof principal === 'string' ? [principal] : (principal?.AWS ?? []);
  if (names.includes('*') || names.includes(arn)) return 'allowed';
  const isAccount = (name: string) => name === account || name.endsWith(`:iam::${account}:root`);
  return names.some(isAccount) ? 'account' : 'refused';
}

/** Undefined where the request will tell, and nothing is known of it yet. */
function holds(
  operator: string,
  key: string,
  expected: readonly string[],
  user: KeyUser,
  action: string,
): boolean | undefined {
  const actual = readContext(key.toLowerCase(), expected, user, action);
  if (actual === undefined) return undefined;
  const [, negated, comparison] = /^(?:String|Arn)(Not)?(Equals|Like)(?:IfExists)?$/.exec(operator) ?? [];
  if (comparison !== undefined) {
    const found = expected.some((pattern) =>
      comparison === 'Like' || operator.startsWith('Arn') ? matches(pattern, actual) : pattern === actual,
    );
    return negated === undefined ? found : !found;
  }
  return /^Bool(?:IfExists)?$/.test(operator) ? expected.includes(actual) : undefined;
}

function readContext(
  key: string,
  expected: readonly string[],
  { account, principal }: KeyUser,
  action: string,
): string | undefined {
  switch (key) {
    case 'kms:calleraccount':
    case 'aws:principalaccount':
      return account;
    case 'aws:principalarn':
      // Of anybody in the account nothing more is known.
      return principal.endsWith(':root') ? undefined : principal;
    case 'kms:viaservice':
      // Which of two regions KMS hears of in a copy is not documented; that it is EC2 is.
      return expected.find((service) => /^(?:ec2|\*)[.*]/.test(service)) ?? 'ec2';
    case 'kms:grantisforawsresource':
      return action === 'kms:CreateGrant' ? 'true' : undefined;
    default:
      return undefined;
  }
}

/** `*` stands for any text, `?` for one character (IAM/latest/UserGuide/reference_policies_elements_resource). */
function matches(pattern: string, text: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(text);
}

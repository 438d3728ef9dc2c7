import * as z from 'zod';

const arn = () => z.string().startsWith('arn:');
const url = () => z.url();
const text = () => z.string().min(1);
const list = () => text().transform((value) => value.split(',').map((entry) => entry.trim()));
/** Empty where nothing is chosen. */
const anyList = () =>
  z.string().transform((value) => (value === '' ? [] : value.split(',').map((entry) => entry.trim())));
const count = () => z.coerce.number().int().positive();

/** Every variable that a function may have. A function has those of the ports that its function.yml lists, and its own. */
const variables = {
  TABLE_NAME: () => z.string().min(3),
  EVIDENCE_BUCKET: () => z.string().min(3),
  BUS_NAME: text,
  HINT_QUEUE_URL: url,
  SLOW_HINT_QUEUE_URL: url,
  RECONCILE_QUEUE_URL: url,
  WAKE_QUEUE_URL: url,
  BAKE_MACHINE_ARN: arn,
  NOTIFICATION_TOPIC_ARN: arn,
  APPROVAL_TOPIC_ARN: arn,
  LINK_KEY_ID: text,
  /** Public base URL of the approval pages. */
  API_URL: url,
  TARGET_ROLE_NAME: text,
  TARGET_EXTERNAL_ID: () => z.string().min(2),
  /** In order of preference. */
  BUILD_SUBNET_IDS: list,
  BUILD_VPC_ID: text,
  OTHER_VPC_ARNS: anyList,
  INSTANCE_ROLE_ARNS: anyList,
  BUILD_SECURITY_GROUP_ID: text,
  BUILD_INSTANCE_PROFILE: text,
  BUILD_LOG_GROUP: text,
  /** Empty without a key. */
  BUILD_KEY_ARN: () => z.string().transform((value) => (value === '' ? undefined : value)),
  TEST_INSTANCE_PROFILE: text,
  TEST_SECURITY_GROUP_ID: text,
  MOST_BAKES_AT_ONCE: count,
  MOST_BAKES_OF_TEAM_AT_ONCE: count,
  LARGEST_WAVE: count,
  /** Empty where an organization says which accounts are targets. */
  TARGET_ACCOUNTS: () => z.string(),
  /** Name of the stack. */
  INSTALLATION: text,
  OPEN_TARGETS_FUNCTION: text,
  ACCOUNT_ID: () => z.string().regex(/^[0-9]{12}$/),
  AWS_REGION: text,
} as const;

export type EnvName = keyof typeof variables;
export type Env<Name extends EnvName> = { readonly [N in Name]: z.output<ReturnType<(typeof variables)[N]>> };

/** A variable is missing or malformed: function.yml lists neither it nor its port. */
export class EnvironmentIncomplete extends Error {
  override readonly name = 'EnvironmentIncomplete';
}

/** Reads the named variables. Call it when a port is first made, never while a module is imported. */
export function env<Name extends EnvName>(...names: readonly Name[]): Env<Name> {
  const shape = Object.fromEntries(names.map((name) => [name, variables[name]()]));
  const parsed = z.object(shape).safeParse(process.env);
  if (!parsed.success)
    throw new EnvironmentIncomplete(
      `Environment: ${z.prettifyError(parsed.error)}\nList the port that reads it in the function's function.yml.`,
    );
  return parsed.data as Env<Name>;
}

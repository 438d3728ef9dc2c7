import * as z from 'zod';

const Arn = z.string().startsWith('arn:');
const Url = z.url();

/** Every variable that a function may be given; function.yml gives each function only what it needs. */
const variables = {
  TABLE_NAME: z.string().min(3),
  EVIDENCE_BUCKET: z.string().min(3),
  BUS_NAME: z.string().min(1),
  HINT_QUEUE_URL: Url,
  PLAN_QUEUE_URL: Url,
  WAKE_QUEUE_URL: Url,
  BAKE_MACHINE_ARN: Arn,
  NOTIFICATION_TOPIC_ARN: Arn,
  APPROVAL_TOPIC_ARN: Arn,
  LINK_KEY_ID: z.string().min(1),
  /** Public base URL of the approval pages. */
  API_URL: Url,
  TARGET_ROLE_NAME: z.string().default('OvenbirdTarget'),
  TARGET_EXTERNAL_ID: z.string().min(2),
  BUILD_SUBNET_ID: z.string().min(1),
  BUILD_SECURITY_GROUP_ID: z.string().min(1),
  BUILD_INSTANCE_PROFILE: z.string().min(1),
  TEST_INSTANCE_PROFILE: z.string().min(1),
  TEST_SECURITY_GROUP_ID: z.string().min(1),
  MOST_BAKES_AT_ONCE: z.coerce.number().int().positive(),
  MOST_BAKES_OF_TEAM_AT_ONCE: z.coerce.number().int().positive(),
  LARGEST_WAVE: z.coerce.number().int().positive(),
  ACCOUNT_ID: z.string().regex(/^[0-9]{12}$/),
  AWS_REGION: z.string().min(1),
} as const;

export type EnvName = keyof typeof variables;
export type Env<Name extends EnvName> = { readonly [N in Name]: z.output<(typeof variables)[N]> };

/** A function lacks a variable or has an odd one: its function.yml is wrong. */
export class EnvironmentIncomplete extends Error {
  override readonly name = 'EnvironmentIncomplete';
}

/** Reads the named variables. Call it when a port is first made, never while a module is imported. */
export function env<Name extends EnvName>(...names: readonly Name[]): Env<Name> {
  const shape = Object.fromEntries(names.map((name) => [name, variables[name]]));
  const parsed = z.object(shape).safeParse(process.env);
  if (!parsed.success)
    throw new EnvironmentIncomplete(
      `Environment: ${z.prettifyError(parsed.error)}\nSet it in the function's function.yml.`,
    );
  return parsed.data as Env<Name>;
}

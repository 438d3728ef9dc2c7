/**
 * Who an identity belongs to. An identity is a mail address or the ARN of a caller of the API. The name of a session tells persons apart for roles of
 * IAM Identity Center alone, which sets it to the user's name; whoever may assume another role chooses that name, so such a role is one principal
 * (IAM/latest/UserGuide/reference_policies_iam-condition-keys, sts:RoleSessionName).
 */

/** Roles that IAM Identity Center makes for its permission sets (singlesignon/latest/userguide/referencingpermissionsets). */
const IDENTITY_CENTER_ROLE = /^AWSReservedSSO_.+_[0-9a-f]{16}$/i;

const ASSUMED_ROLE = /^arn:([a-z-]+):sts::([0-9]{12}):assumed-role\/([^/]+)\/(.+)$/i;
/** Names of users and roles are unique in their account, whatever their path (IAM/latest/UserGuide/reference_iam-quotas). */
const NAMED = /^arn:([a-z-]+):iam::([0-9]{12}):(user|role)\/(?:.*\/)?([^/]+)$/i;

/** What a definition would name the identity by: `sso:NAME`, or the ARN of a user or role; else the identity itself. */
export function findPrincipal(identity: string): string {
  const [, partition, account, role = '', session] = ASSUMED_ROLE.exec(identity) ?? [];
  if (session === undefined) return identity.replace(NAMED, 'arn:$1:iam::$2:$3/$4');
  return IDENTITY_CENTER_ROLE.test(role) ? `sso:${session}` : `arn:${partition}:iam::${account}:role/${role}`;
}

export interface Person {
  readonly email: string;
  readonly principals: readonly string[];
}

export function hasPrincipal({ principals }: Person, identity: string): boolean {
  const principal = findPrincipal(identity).toLowerCase();
  return principals.some((named) => findPrincipal(named).toLowerCase() === principal);
}

/**
 * Whether the identity may be this person's: in doubt it is. The name of any session counts here, because it can only take a right away; it never
 * gives one.
 */
export function mayBeSamePerson(person: Person, identity: string): boolean {
  const email = person.email.toLowerCase();
  const [, , , , session] = ASSUMED_ROLE.exec(identity.toLowerCase()) ?? [];
  return hasPrincipal(person, identity) || session === email || identity.toLowerCase() === email;
}

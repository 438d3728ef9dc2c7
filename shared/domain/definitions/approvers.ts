/** Who may approve. Links are for addresses; principals say as whom the same person calls the API. */
import * as z from 'zod';
import { createTextSchema } from '../base/schemas.ts';

const AddressSchema = z.lazy(() =>
  z.email('must be an e-mail address').meta({ examples: ['ada@example.com'] }),
);

const PRINCIPAL =
  /^(?:arn:aws[a-z-]*:iam::[0-9]{12}:(?:user|role)\/(?:[!-.0-~]{1,510}\/)?[A-Za-z0-9+=,.@_-]{1,64}|sso:[^\s/:]{1,128})$/;
/** A role of IAM Identity Center stands for all who have its permission set. */
const IDENTITY_CENTER = /[:/]AWSReservedSSO_/i;

const PrincipalSchema = z.lazy(() =>
  createTextSchema(
    PRINCIPAL,
    'the ARN of an IAM user or role, or sso: and the name of a user of IAM Identity Center',
    'sso:ada@example.com',
  ).refine(
    (principal) => !IDENTITY_CENTER.test(principal),
    'is a role of IAM Identity Center, which many people may have; write sso: and the name of the user',
  ),
);

export const ApproverSchema = z.lazy(() =>
  z.union([
    AddressSchema.meta({ description: 'Decides by the link in the mail.' }),
    z
      .strictObject({ email: AddressSchema, principals: z.array(PrincipalSchema).min(1).max(10) })
      .meta({ description: 'Decides by the link, and as one of the principals by API and command line.' }),
  ]),
);
type Approver = z.output<typeof ApproverSchema>;

interface ApproversOf {
  readonly approvers: readonly Approver[];
}

export function listAddresses({ approvers }: ApproversOf): string[] {
  return approvers.map((approver) => (typeof approver === 'string' ? approver : approver.email));
}

/** By address; approvers who decide by link alone are left out. */
export function listPrincipals({ approvers }: ApproversOf): Record<string, string[]> {
  return Object.fromEntries(
    approvers.flatMap((approver) =>
      typeof approver === 'string' ? [] : [[approver.email, [...approver.principals]]],
    ),
  );
}

/** Principals that two approvers name: one identity is one person. */
export function findSharedPrincipals({ approvers }: ApproversOf): { approver: number; principal: number }[] {
  const seen = new Set<string>();
  return approvers.flatMap((approver, index) => {
    if (typeof approver === 'string') return [];
    return approver.principals.flatMap((principal, position) => {
      const isSeen = seen.has(principal.toLowerCase());
      seen.add(principal.toLowerCase());
      return isSeen ? [{ approver: index, principal: position }] : [];
    });
  });
}

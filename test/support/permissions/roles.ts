/** The roles of deployed stacks, read by IAM calls, and single statements of them: taken away and put back as an administrator would. */
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import * as z from 'zod';
import type { LocalCloud } from '../../../local-cloud/client.ts';
import { type Policy, PolicySchema, type Statement } from '../simulate-policy.ts';

export interface StackLocation {
  readonly stackName: string;
  readonly account: string;
  readonly region: string;
}

export interface Role {
  /** Logical id in its template, which is the same in every installation. */
  readonly id: string;
  readonly name: string;
  readonly account: string;
  /** As they were deployed. */
  readonly policies: readonly NamedPolicy[];
}

interface NamedPolicy {
  readonly name: string;
  readonly document: Policy;
  /** As it was written, with what a simulation does not need. */
  readonly text: string;
}

/** One statement of one role. */
export interface Grant {
  readonly role: Role;
  readonly sid: string;
  readonly policy: string;
  readonly statement: Statement;
}

export const toGrantName = (grant: Grant): string => `${grant.role.id}/${grant.sid}`;
export const listPolicies = (role: Role): Policy[] => role.policies.map(({ document }) => document);

const RawPolicySchema = z.looseObject({ Statement: z.array(z.looseObject({ Sid: z.string().optional() })) });

/** Physical ids by logical id. */
export async function stackResources(
  cloud: LocalCloud,
  place: StackLocation,
  type: string,
): Promise<Map<string, string>> {
  const client = new CloudFormationClient(cloud.clientConfig(place.account, place.region));
  const found = new Map<string, string>();
  try {
    for await (const page of paginateListStackResources({ client }, { StackName: place.stackName }))
      for (const { ResourceType, LogicalResourceId, PhysicalResourceId } of page.StackResourceSummaries ?? [])
        if (ResourceType === type && LogicalResourceId !== undefined && PhysicalResourceId !== undefined)
          found.set(LogicalResourceId, PhysicalResourceId);
  } finally {
    client.destroy();
  }
  return found;
}

export async function readRoles(cloud: LocalCloud, places: readonly StackLocation[]): Promise<Role[]> {
  const roles: Role[] = [];
  for (const place of places) {
    const client = new IAMClient(cloud.clientConfig(place.account, place.region));
    for (const [id, physical] of await stackResources(cloud, place, 'AWS::IAM::Role')) {
      const name = physical.split('/').at(-1) ?? physical;
      const { PolicyNames = [] } = await client.send(new ListRolePoliciesCommand({ RoleName: name }));
      const policies = await Promise.all(
        PolicyNames.map(async (policy) => {
          const { PolicyDocument = '' } = await client.send(
            new GetRolePolicyCommand({ RoleName: name, PolicyName: policy }),
          );
          // IAM answers with the document URL-encoded (IAM/latest/APIReference/API_GetRolePolicy).
          const text = PolicyDocument.startsWith('%') ? decodeURIComponent(PolicyDocument) : PolicyDocument;
          return { name: policy, text, document: PolicySchema.parse(JSON.parse(text)) };
        }),
      );
      roles.push({ id, name, account: place.account, policies });
    }
    client.destroy();
  }
  return roles;
}

export function listGrants(roles: readonly Role[]): Grant[] {
  return roles.flatMap((role) =>
    role.policies.flatMap(({ name, document }) =>
      document.Statement.map((statement) => ({ role, policy: name, sid: statement.Sid ?? '', statement })),
    ),
  );
}

/** Takes the statement away; what it answers puts it back. */
export async function withdrawGrant(cloud: LocalCloud, grant: Grant): Promise<() => Promise<void>> {
  const client = new IAMClient(cloud.clientConfig(grant.role.account));
  const before = grant.role.policies.find(({ name }) => name === grant.policy)?.text ?? '{}';
  const document = RawPolicySchema.parse(JSON.parse(before));
  const target = { RoleName: grant.role.name, PolicyName: grant.policy };
  const rest = document.Statement.filter(({ Sid }) => Sid !== grant.sid);
  // A policy without statements is not valid.
  if (rest.length === 0) await client.send(new DeleteRolePolicyCommand(target));
  else
    await client.send(
      new PutRolePolicyCommand({
        ...target,
        PolicyDocument: JSON.stringify({ ...document, Statement: rest }),
      }),
    );
  return async () => {
    await client.send(new PutRolePolicyCommand({ ...target, PolicyDocument: before }));
    client.destroy();
  };
}

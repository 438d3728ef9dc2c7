/** What the gateway recorded, as calls of roles that a simulation understands. */
import { KMSClient, paginateListAliases } from '@aws-sdk/client-kms';
import type { LocalCloud, RecordedCall } from '../../../local-cloud/client.ts';
import { type SimulatedCall, simulate, withoutStatement } from '../simulate-policy.ts';
import { type Grant, listPolicies, type Role } from './roles.ts';

/** A role as it appears in the ARN of its session, or in its own. */
function roleNameIn(principal: string): string | undefined {
  return (
    /:assumed-role\/([^/]+)\//.exec(principal)?.[1] ?? /:role\/(?:[^/]+\/)*([^/]+)$/.exec(principal)?.[1]
  );
}

const accountIn = (arn: string): string => arn.split(':')[4] ?? '';

export function findRole(call: RecordedCall, roles: readonly Role[]): Role | undefined {
  const name = roleNameIn(call.principal);
  const account = accountIn(call.principal);
  return name === undefined
    ? undefined
    : roles.find((role) => role.name === name && role.account === account);
}

/** Aliases of the keys that policies name by them, by the ARN of the key. */
export type KeyAliases = ReadonlyMap<string, readonly string[]>;

export async function readKeyAliases(
  cloud: LocalCloud,
  places: readonly { readonly account: string; readonly region: string }[],
): Promise<KeyAliases> {
  const found = new Map<string, string[]>();
  for (const { account, region } of places) {
    const client = new KMSClient(cloud.clientConfig(account, region));
    for await (const { Aliases = [] } of paginateListAliases({ client }, {}))
      for (const { AliasName = '', TargetKeyId } of Aliases) {
        const arn = `arn:aws:kms:${region}:${account}:key/${TargetKeyId}`;
        found.set(arn, [...(found.get(arn) ?? []), AliasName]);
      }
    client.destroy();
  }
  return found;
}

/** The keys that AWS adds to every request, beside those that were recorded with the action. */
export function toSimulatedCalls(call: RecordedCall, aliases: KeyAliases): SimulatedCall[] {
  return call.actions.map(({ action, resource, context = {} }) => {
    const tagKeys = Object.keys(context)
      .filter((key) => key.toLowerCase().startsWith('aws:requesttag/'))
      .map((key) => key.slice('aws:requesttag/'.length));
    const owner = accountIn(resource);
    return {
      action,
      resource,
      context: {
        ...(owner === '' ? {} : { 'aws:ResourceAccount': owner }),
        ...(aliases.has(resource) ? { 'kms:ResourceAliases': aliases.get(resource) ?? [] } : {}),
        ...(tagKeys.length === 0 ? {} : { 'aws:TagKeys': tagKeys }),
        ...Object.fromEntries(
          Object.entries(context).map(([key, value]) => [
            key,
            // EC2 gives the accounts of a permission as one text; a condition sees each of them.
            typeof value === 'string' && /^ec2:(?:add|remove)\/userid$/i.test(key) ? value.split(',') : value,
          ]),
        ),
      },
    };
  });
}

const REFUSALS =
  /^(?:AccessDenied|AccessDeniedException|UnauthorizedOperation|AuthorizationError|NotAuthorized|AccessDeniedFault)/;

export function isDenied(call: RecordedCall): boolean {
  if (call.fault !== undefined) return false;
  return REFUSALS.test(call.errorCode ?? '') || (call.status === 403 && call.service !== 'http');
}

/** Whether the call is allowed by this statement alone, of all that the role has. */
export function dependsOnGrant(grant: Grant, call: SimulatedCall): boolean {
  const policies = listPolicies(grant.role);
  return simulate(policies, call).allowed && !simulate(withoutStatement(policies, grant.sid), call).allowed;
}

/** A refusal for want of the statement: the same role, and an action that only the statement allows. */
export function isDenialFor(grant: Grant, call: RecordedCall, aliases: KeyAliases): boolean {
  return (
    isDenied(call) &&
    findRole(call, [grant.role]) === grant.role &&
    toSimulatedCalls(call, aliases).some((simulated) => dependsOnGrant(grant, simulated))
  );
}

/** Plays short scenarios and says which statement each of them uses, what was refused, and what the policies would not have allowed. */
import type { RecordedCall } from '../../../local-cloud/client.ts';
import { play, type ScenarioPlay } from '../play.ts';
import { simulate } from '../simulate-policy.ts';
import type { World } from '../world.ts';
import { machineCalls, pollerCalls, type RoleCall, ruleCalls } from './derived.ts';
import {
  dependsOnGrant,
  findRole,
  isDenied,
  type KeyAliases,
  readKeyAliases,
  toSimulatedCalls,
} from './recorded.ts';
import { type Grant, listGrants, listPolicies, type Role, toGrantName } from './roles.ts';

/** A call that the statement alone allowed, in a scenario that was played. */
export interface Use {
  readonly scenario: string;
  /** From the beginning of the scenario to the call. */
  readonly seconds: number;
}

export interface Survey {
  readonly plays: readonly { readonly scenario: string; readonly played: ScenarioPlay }[];
  /** Soonest first, by the name of the statement. */
  readonly uses: ReadonlyMap<string, readonly Use[]>;
  /** Calls of roles that the gateway does not see. */
  readonly derived: readonly RoleCall[];
  readonly aliases: KeyAliases;
  /** Calls that were refused, as text. */
  readonly refused: readonly string[];
  /** Calls that were carried out and that the policies would not have allowed. */
  readonly disallowed: readonly string[];
  /** How many calls of roles were put to the policies. */
  readonly judged: number;
}

export async function survey(
  world: World,
  roles: readonly Role[],
  scenarios: readonly string[],
  tell: (line: string) => void,
): Promise<Survey> {
  const grants = listGrants(roles);
  const aliases = await readKeyAliases(world.cloud, world.stacks);
  const uses = new Map<string, Use[]>();
  const refused = new Set<string>();
  const disallowed = new Set<string>();
  const plays: { scenario: string; played: ScenarioPlay }[] = [];
  let judged = 0;
  const judge = ({ role, call }: RoleCall, use?: Use) => {
    judged += 1;
    if (!simulate(listPolicies(role), call).allowed)
      disallowed.add(`${role.id}: ${call.action} on ${call.resource}`);
    if (use === undefined) return;
    for (const grant of grants)
      if (grant.role === role && dependsOnGrant(grant, call))
        uses.set(toGrantName(grant), [...(uses.get(toGrantName(grant)) ?? []), use]);
  };

  for (const scenario of scenarios) {
    const played = await play(world, scenario);
    plays.push({ scenario, played });
    const calls = await readCalls(world, played);
    tell(`${scenario}: ${played.ended} after ${played.seconds.toFixed(1)} s, ${calls.length} calls`);
    for (const call of calls) {
      const role = findRole(call, roles);
      if (isDenied(call)) refused.add(`${scenario}: ${role?.id ?? call.principal} ${call.operation}`);
      else if (role !== undefined && call.fault === undefined) {
        const seconds = (Date.parse(call.at) - played.began) / 1000;
        for (const simulated of toSimulatedCalls(call, aliases))
          judge({ role, call: simulated }, { scenario, seconds });
      }
    }
  }
  const calls = await world.cloud.control.calls(0);
  const derived = [
    ...(await machineCalls(world.cloud, roles)),
    ...(await pollerCalls(world.cloud, roles, calls)),
    ...(await ruleCalls(world.cloud, roles, world.stacks)),
  ];
  for (const call of derived) judge(call);
  for (const list of uses.values()) list.sort((a, b) => a.seconds - b.seconds);
  return { plays, uses, derived, aliases, refused: [...refused], disallowed: [...disallowed], judged };
}

export async function readCalls({ cloud }: World, { after, last }: ScenarioPlay): Promise<RecordedCall[]> {
  return (await cloud.control.calls(after)).filter(({ seq }) => seq <= last);
}

/** Whether a call that no gateway sees is allowed by this statement alone. */
export function derivedUse(grant: Grant, { derived }: Survey): RoleCall | undefined {
  return derived.find(({ role, call }) => role === grant.role && dependsOnGrant(grant, call));
}

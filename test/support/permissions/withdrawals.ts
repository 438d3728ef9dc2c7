/** Single statements, chosen at random, taken away from a cloud that runs: what needs them must then be refused. */

import { setTimeout as sleep } from 'node:timers/promises';
import {
  LambdaClient,
  paginateListFunctions,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { cancelAll, play } from '../play.ts';
import { simulate, withoutStatement } from '../simulate-policy.ts';
import type { World } from '../world.ts';
import { isDenialFor } from './recorded.ts';
import { type Grant, listPolicies, toGrantName, withdrawGrant } from './roles.ts';
import { derivedUse, type Survey } from './survey.ts';

export function choose<T>(items: readonly T[], count: number, random: () => number): T[] {
  const left = [...items];
  const chosen: T[] = [];
  while (chosen.length < count && left.length > 0)
    chosen.push(...left.splice(Math.floor(random() * left.length), 1));
  return chosen;
}

export interface Withdrawal {
  readonly grant: string;
  /** How the want of the statement showed; undefined when it did not. */
  readonly seen: string | undefined;
  readonly seconds: number;
}

/** How many scenarios are tried, soonest first; the second is for a use that came by chance, such as a race or a retry. */
const TRIES = 2;
/** How long a denial may take beyond the time after which the scenario used the statement. */
const PATIENCE_SECONDS = 40;

/** Takes the statement away, plays the scenario that uses it soonest until the denial is recorded, and puts the statement back. */
export async function withdraw(world: World, grant: Grant, found: Survey): Promise<Withdrawal> {
  const began = Date.now();
  const done = (seen: string | undefined): Withdrawal => ({
    grant: toGrantName(grant),
    seen,
    seconds: (Date.now() - began) / 1000,
  });
  const uses = found.uses.get(toGrantName(grant)) ?? [];
  const scenarios = [...new Map(uses.map((use) => [use.scenario, use] as const)).keys()];
  const soonest = (scenario: string) => uses.find((use) => use.scenario === scenario)?.seconds ?? 0;
  scenarios.sort((a, b) => soonest(a) - soonest(b));
  if (scenarios.length === 0) return done(simulatedRefusal(grant, found));

  const putBack = await withdrawGrant(world.cloud, grant);
  if (grant.statement.Action.includes('sts:AssumeRole')) await restartFunctions(world, grant);
  try {
    for (const scenario of scenarios.slice(0, TRIES)) {
      let after = (await world.cloud.control.calls(0)).at(-1)?.seq ?? 0;
      let denial: string | undefined;
      const refused = async () => {
        const calls = await world.cloud.control.calls(after);
        after = calls.at(-1)?.seq ?? after;
        const call = calls.find((candidate) => isDenialFor(grant, candidate, found.aliases));
        if (call !== undefined) denial = `${call.operation} refused in ${scenario}`;
        return denial !== undefined;
      };
      const deadlineSeconds = soonest(scenario) + PATIENCE_SECONDS;
      await play(world, scenario, { until: refused, deadlineSeconds });
      if (denial !== undefined) return done(denial);
    }
    return done(undefined);
  } finally {
    await putBack();
    await world.cloud.control.removeFaults();
    await world.cloud.control.removeEventFaults();
    await cancelAll(world);
    await sleep(300);
  }
}

/** A function that is warm keeps the sessions that it has; one whose configuration is written starts anew. */
async function restartFunctions({ cloud }: World, grant: Grant): Promise<void> {
  const client = new LambdaClient(cloud.clientConfig());
  for await (const { Functions = [] } of paginateListFunctions({ client }, {}))
    for (const { FunctionName, Role: role = '', Timeout } of Functions)
      if (role.endsWith(`/${grant.role.name}`))
        await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout }));
  client.destroy();
}

/** For roles that are not enforced here: a call that was made would not be allowed any more. */
function simulatedRefusal(grant: Grant, found: Survey): string | undefined {
  const use = derivedUse(grant, found);
  if (use === undefined) return undefined;
  const { allowed } = simulate(withoutStatement(listPolicies(grant.role), grant.sid), use.call);
  return allowed ? undefined : `${use.call.action} would be refused`;
}

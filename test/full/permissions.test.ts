/**
 * Every statement of every role is needed. One deployment: first all short scenarios are played and what they use is recorded; then thirty
 * statements, chosen at random, are taken away one by one, and what needs them must be refused. PERMISSIONS_SEED repeats a choice.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededNumbers } from '../../local-cloud/seeded-numbers.ts';
import { exemption } from '../support/permissions/exempt.ts';
import { type Grant, listGrants, type Role, readRoles, toGrantName } from '../support/permissions/roles.ts';
import { derivedUse, type Survey, survey } from '../support/permissions/survey.ts';
import { choose, type Withdrawal, withdraw } from '../support/permissions/withdrawals.ts';
import { shortScenarios } from '../support/play.ts';
import { openWorld, type World } from '../support/world.ts';

const WITHDRAWALS = 30;
const LIMIT_MS = 25 * 60_000;
const seed = Number(process.env.PERMISSIONS_SEED ?? Date.now() % 1_000_000);

let world: World;
let roles: readonly Role[];
let grants: readonly Grant[];
let found: Survey;
const began = Date.now();

function tell(line: string): void {
  process.stderr.write(`  ${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${line}\n`);
}

/** Statements that nothing needed, which are not among those that only AWS exercises. */
function unused(): string[] {
  return grants
    .filter((grant) => !found.uses.has(toGrantName(grant)) && derivedUse(grant, found) === undefined)
    .map(toGrantName);
}

beforeAll(async () => {
  world = await openWorld();
  tell('deployed');
  roles = await readRoles(world.cloud, world.stacks);
  grants = listGrants(roles).filter((grant) => exemption(toGrantName(grant)) === undefined);
  found = await survey(world, roles, shortScenarios(), tell);
  for (const grant of unused()) tell(`never used: ${grant}`);
}, LIMIT_MS);

afterAll(() => world?.stop());

describe('the short scenarios', () => {
  it('come to the ends that they expect', () => {
    const ends = found.plays.map(({ scenario, played: { ended, unmet } }) => ({ scenario, ended, unmet }));

    expect(ends).toEqual(shortScenarios().map((scenario) => ({ scenario, ended: 'at rest', unmet: [] })));
  });

  it('make no call that is refused, or that the policies do not allow', () => {
    expect({ refused: found.refused, disallowed: found.disallowed }).toEqual({ refused: [], disallowed: [] });
  });

  it('use every statement that is granted, but for those that only AWS exercises', () => {
    expect(unused()).toEqual([]);
  });
});

describe('a statement that is taken away', () => {
  it(
    'is missed: the call that needs it is refused',
    async () => {
      tell(`PERMISSIONS_SEED=${seed}`);
      const chosen = choose(grants, WITHDRAWALS, seededNumbers(seed));
      const results: Withdrawal[] = [];
      for (const [index, grant] of chosen.entries()) {
        const result = await withdraw(world, grant, found);
        results.push(result);
        tell(
          `${index + 1}/${chosen.length} ${result.grant}: ${result.seen ?? 'NOT MISSED'}, ${result.seconds.toFixed(1)} s`,
        );
      }

      expect(results).toHaveLength(WITHDRAWALS);
      expect(results.filter(({ seen }) => seen === undefined)).toEqual([]);
      expect(Date.now() - began).toBeLessThan(LIMIT_MS);
    },
    LIMIT_MS,
  );
});

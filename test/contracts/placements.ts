import { describe, expect, it } from '@jest/globals';
import type { Placements } from '../../shared/ports/placements.ts';
import { closing } from './closing.ts';

export interface PlacementsHarness {
  readonly placements: Placements;
  /** A subnet with its VPC, and a security group of the same. */
  readonly subnet: { readonly id: string; readonly vpc: string; readonly account: string };
  readonly securityGroup: string;
  readonly profiles: { readonly withRole: string; readonly role: string; readonly without: string };
  close(): Promise<void>;
}

/** What placements must tell: what is there, and nothing of what is not. */
export function placementsContract(name: string, make: () => Promise<PlacementsHarness>): void {
  const withHarness = closing(make);

  describe(`${name} as placements`, () => {
    it('tells of what is there, and leaves out what is not', () =>
      withHarness(async ({ placements, subnet, securityGroup, profiles }) => {
        const facts = await placements.describe({
          subnets: ['subnet-0fffffffffffffff1', subnet.id],
          securityGroups: [securityGroup, 'sg-0fffffffffffffff1'],
          instanceProfiles: [profiles.withRole, profiles.without, 'nobody'],
        });

        expect([...facts.subnets]).toEqual([
          [subnet.id, `arn:aws:ec2:eu-west-1:${subnet.account}:vpc/${subnet.vpc}`],
        ]);
        expect([...facts.securityGroups]).toEqual([[securityGroup, [subnet.vpc]]]);
        expect(Object.fromEntries(facts.instanceProfiles)).toEqual({
          [profiles.withRole]: profiles.role,
          [profiles.without]: '',
        });
      }));

    it('asks for nothing where nothing is named', () =>
      withHarness(async ({ placements }) => {
        const facts = await placements.describe({ subnets: [], securityGroups: [], instanceProfiles: [] });

        expect([facts.subnets.size, facts.securityGroups.size, facts.instanceProfiles.size]).toEqual([
          0, 0, 0,
        ]);
      }));
  });
}

import type { PlacementFacts } from '../../../shared/domain/definitions/placement.ts';
import type { Placements } from '../../../shared/ports/placements.ts';

export type FakePlacements = Placements & {
  [Fact in Exclude<keyof PlacementFacts, 'limits'>]: Map<
    string,
    PlacementFacts[Fact] extends ReadonlyMap<string, infer Value> ? Value : never
  >;
} & { limits: PlacementFacts['limits'] };

/** Networks and instance profiles of the control account; there are none until a test adds them. */
export function fakePlacements(): FakePlacements {
  const keep = <Value>(all: ReadonlyMap<string, Value>, names: readonly string[]) =>
    new Map([...all].filter(([name]) => names.includes(name)));
  return {
    subnets: new Map(),
    securityGroups: new Map(),
    instanceProfiles: new Map(),
    limits: { vpc: 'vpc-0aaaaaaaaaaaaaaaa', otherVpcs: [], roles: [] },
    async describe(names) {
      return {
        subnets: keep(this.subnets, names.subnets),
        securityGroups: keep(this.securityGroups, names.securityGroups),
        instanceProfiles: keep(this.instanceProfiles, names.instanceProfiles),
        limits: this.limits,
      };
    },
  };
}

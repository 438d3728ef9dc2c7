import type { PlacementFacts, PlacementNames } from '../domain/definitions/placement.ts';

/** Networks and instance profiles that definitions place their instances with. */
export interface Placements {
  describe(names: PlacementNames): Promise<PlacementFacts>;
}

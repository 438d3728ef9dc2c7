/** Whether instances can be started where a definition places them; nothing is read where it places none. */
import type { Problem } from '../../domain/base/errors.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import { findPlacementProblems, listPlacementNames } from '../../domain/definitions/placement.ts';
import type { Ports } from '../../ports/ports.ts';

export async function checkPlacement(
  { placements }: Pick<Ports, 'placements'>,
  definition: Pick<Definition, 'build' | 'tests'>,
  uses: readonly ('build' | 'tests')[],
): Promise<Problem[]> {
  const names = listPlacementNames(definition);
  if (Object.values(names).every((list) => list.length === 0)) return [];
  return findPlacementProblems(definition, uses, await placements.describe(names));
}

import { describe, expect, it } from '@jest/globals';
import { InvalidDefinition, type Problem } from '../../../shared/domain/errors.ts';
import { applyDefinition } from '../../../shared/use-cases/definitions/apply-definition.ts';
import { definitionWith, NOT_YET } from '../../support/odd-definitions.ts';
import { BASE_PARAMETER, planningWorld } from '../../support/planning-world.ts';

const base = { ssm: BASE_PARAMETER };

/** What is wrong with a definition; nothing of one that is refused may have been written. */
async function problemsOf(definition: object): Promise<readonly Problem[]> {
  const world = planningWorld();
  try {
    await applyDefinition(world.ports, { definition, by: 'anna' });
    return [];
  } catch (error) {
    if (!(error instanceof InvalidDefinition)) throw error;
    expect(world.changes()).toEqual([]);
    return error.problems;
  }
}

describe('a field that a later release implements', () => {
  it.each(NOT_YET)('is refused: %s', async (field, value, what) => {
    expect(await problemsOf({ ...definitionWith(field, value), base })).toEqual([
      { field, message: `${what} is not implemented yet; remove the field` },
    ]);
  });

  it('is refused where there are two variants', async () => {
    const variants = ['x86_64', 'arm64'].map((architecture, index) => ({ name: `v${index}`, architecture }));

    expect(await problemsOf({ ...definitionWith('variants', variants), base })).toEqual([
      { field: 'variants', message: 'more than one variant is not implemented yet; keep one' },
    ]);
  });
});

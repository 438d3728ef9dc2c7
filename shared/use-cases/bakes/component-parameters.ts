/** Whether the versions of components take the parameters that a definition gives: newer versions may have lost or renamed some. */
import type { Problem } from '../../domain/base/errors.ts';
import { findComponentProblems } from '../../domain/definitions/components.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import type { Ports } from '../../ports/ports.ts';

interface ComponentVersions {
  /** By their order in the definition; undefined where it is not known. */
  readonly components: readonly (string | undefined)[];
  readonly tests: readonly (string | undefined)[];
}

export async function findParameterProblems(
  deps: Pick<Ports, 'components'>,
  definition: Pick<Definition, 'components' | 'tests'>,
  versions: ComponentVersions,
): Promise<Problem[]> {
  const named = [
    ...definition.components.map(({ parameters }, index) => ({
      parameters,
      field: `components[${index}]`,
      version: versions.components[index],
    })),
    ...definition.tests.components.map(({ parameters }, index) => ({
      parameters,
      field: `tests.components[${index}]`,
      version: versions.tests[index],
    })),
  ];
  const found = await Promise.all(
    named.map(async ({ parameters, field, version }) => {
      // What is gone is found where versions are looked for.
      const component = version === undefined ? undefined : await deps.components.describe(version);
      if (version === undefined || component === undefined) return [];
      return findComponentProblems(parameters, component, { field, version });
    }),
  );
  return found.flat();
}

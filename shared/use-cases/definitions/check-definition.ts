/** Everything that is wrong with a definition by itself. Nothing else is read, so that `ovenbird validate` finds the same as the service. */
import type { Problem } from '../../domain/base/errors.ts';
import { type Home, UNKNOWN_HOME } from '../../domain/base/regions.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import { findSizeProblem } from '../../domain/definitions/definition-size.ts';
import { findParameterProblem } from '../../domain/definitions/parameter-name.ts';
import { parseReferences, type References } from '../../domain/definitions/references.ts';
import { findRegionProblems } from '../../domain/definitions/regions.ts';
import type { Ports } from '../../ports/ports.ts';
import { checkTimes } from './check-times.ts';

/** `home`: undefined where it is not known which service the definition is for. */
export function checkDefinition(
  deps: Pick<Ports, 'calendar' | 'clock'>,
  definition: Definition,
  home: Home | undefined,
): { readonly references: References; readonly problems: readonly Problem[] } {
  const place = home ?? UNKNOWN_HOME;
  const { references, problems } = parseReferences(definition, place);
  return {
    references,
    problems: [
      findSizeProblem(definition),
      ...checkTimes(deps, definition),
      ...problems,
      findParameterProblem(definition),
      ...findRegionProblems(definition, place),
    ].filter((problem) => problem !== undefined),
  };
}

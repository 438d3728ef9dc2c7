import type { Problem } from '../../domain/base/errors.ts';
import { type Selector, selectorKey } from '../../domain/selectors/selectors.ts';
import { findParameterProblems } from '../bakes/component-parameters.ts';
import type { ApplyDeps } from './apply-deps.ts';
import type { FoundSelector } from './apply-selectors.ts';
import type { ParsedDefinition } from './parse-definition.ts';

/** Problems of the components that the definition means at the time when it is applied. */
export async function checkComponents(
  deps: ApplyDeps,
  { definition, references }: ParsedDefinition,
  found: readonly FoundSelector[],
): Promise<Problem[]> {
  const byKey = new Map(found.map(({ record }) => [record.key, record.version]));
  const list = (selectors: readonly Selector[]) =>
    selectors.map((selector) => byKey.get(selectorKey(selector)));
  return await findParameterProblems(deps, definition, {
    components: list(references.components),
    tests: list(references.tests),
  });
}

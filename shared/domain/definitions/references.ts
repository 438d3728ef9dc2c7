/** The selectors of a definition in normal form, and what is wrong with how they are written. */

import type { Problem } from '../base/errors.ts';
import type { Home } from '../base/regions.ts';
import {
  findFormKind,
  findSelectorKind,
  listSelectorKinds,
  type Selector,
  selectorKey,
  selectorTopic,
} from '../selectors/selectors.ts';
import type { Definition } from './definition.ts';

export interface References {
  readonly base: Selector;
  readonly components: readonly Selector[];
  readonly inputs: readonly Selector[];
  /** Test components. */
  readonly tests: readonly Selector[];
}

export function parseReferences(
  definition: Definition,
  home: Home,
): { readonly references: References; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const normalise = (form: object, field: string): Selector => {
    const found = findFormKind(form).normalise(form, { field, home });
    problems.push(...(found.problems ?? []));
    return found.selector;
  };
  const base = normalise(definition.base, 'base');
  problems.push(...findBaseProblems(base, definition));
  const parseComponents = (given: Definition['components'], place: string) => {
    const selectors = given.map((entry, index) => normalise(entry, `${place}[${index}]`));
    problems.push(...findRepeatedComponents(selectors, place));
    return selectors;
  };
  const components = parseComponents(definition.components, 'components');
  const tests = parseComponents(definition.tests.components, 'tests.components');
  const inputs = definition.inputs.map((input, index) => normalise(input, `inputs[${index}]`));
  problems.push(...findDuplicates([base, ...components], inputs, tests));
  return { references: { base, components, inputs, tests }, problems };
}

/** A base of a kind that is not built yet, or for another architecture than the image. */
function findBaseProblems(base: Selector, { variants }: Pick<Definition, 'variants'>): Problem[] {
  const { kind, baseRefusal, architecture } = findSelectorKind(base);
  if (baseRefusal !== undefined) {
    const others = listSelectorKinds('base').filter(({ baseImage }) => baseImage !== undefined);
    const names = others.map((other) => `base.${other.kind}`).join(', ');
    return [
      {
        field: `base.${kind}`,
        message: baseRefusal,
        fix: `Use one of ${names}; an image may depend on a ${kind} by inputs.`,
      },
    ];
  }
  const wanted = architecture?.(base);
  const other = variants.find((variant) => wanted !== undefined && variant.architecture !== wanted);
  if (other === undefined) return [];
  return [
    {
      field: `base.${kind}.architecture`,
      message: `is ${wanted}, but the image to build is for ${other.architecture}`,
      fix: `Write architecture: ${other.architecture}`,
    },
  ];
}

function findRepeatedComponents(selectors: readonly Selector[], place: string): Problem[] {
  const topics = selectors.map(selectorTopic);
  return topics.flatMap((topic, index) =>
    topics.indexOf(topic) === index
      ? []
      : [
          {
            field: `${place}[${index}].component`,
            message: 'names a component a second time',
            // imagebuilder CreateImageRecipeRequest.components
            fix: 'A component may be used once in an image; remove one of the two.',
          },
        ],
  );
}

/** Each dependency counts once: as an input it would say nothing new, and a test component is no build component. */
function findDuplicates(
  first: readonly Selector[],
  inputs: readonly Selector[],
  tests: readonly Selector[],
): Problem[] {
  const seen = new Set(first.map(selectorKey));
  const rest = [
    ...inputs.map((selector, index) => ({ selector, field: `inputs[${index}]` })),
    ...tests.map((selector, index) => ({ selector, field: `tests.components[${index}].component` })),
  ];
  return rest.flatMap(({ selector, field }) => {
    const key = selectorKey(selector);
    const isKnown = seen.has(key);
    seen.add(key);
    if (!isKnown) return [];
    return [{ field, message: 'names what the definition names already', fix: 'Remove one of the two.' }];
  });
}

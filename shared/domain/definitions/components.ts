/** Whether a recipe takes the components of a definition with the parameters that it gives them (imagebuilder CreateImageRecipe). */
import type { Problem } from '../base/errors.ts';
import { findNearest } from '../base/nearest.ts';
import { count, joinWords } from '../base/text.ts';
import { removeArnPrefix } from '../selectors/build-arns.ts';
import type { Definition } from './definition.ts';

/** What Image Builder tells of a component (imagebuilder Component). */
export interface ComponentFacts {
  /** `Linux`, `Windows` or `macOS`. */
  readonly platform: string;
  readonly parameters: readonly {
    readonly name: string;
    /** `string`, the one type of today. */
    readonly type: string;
    readonly hasDefault: boolean;
  }[];
}

type Given = Definition['components'][number]['parameters'];

/** `field`: the component, as `components[0]`; `version`: the ARN of the build version that it means. */
export function findComponentProblems(
  given: Given,
  component: ComponentFacts,
  { field, version }: { readonly field: string; readonly version: string },
): Problem[] {
  const name = removeArnPrefix(version);
  if (component.platform !== 'Linux')
    return [
      {
        field: `${field}.component`,
        message: `${name} is for ${component.platform}; images are Linux`,
        fix: 'Choose a component for Linux.',
      },
    ];
  const known = component.parameters.map((parameter) => parameter.name);
  const unknown = Object.keys(given ?? {}).filter((parameter) => !known.includes(parameter));
  return [
    ...unknown.map((parameter) => ({
      field: `${field}.parameters.${parameter}`,
      message: `is no parameter of ${name}`,
      fix: describeKnown(parameter, known),
    })),
    ...component.parameters.flatMap((parameter) => findValueProblem(given, parameter, { field, name })),
  ];
}

function describeKnown(written: string, known: readonly string[]): string {
  const near = findNearest(written, known);
  if (near !== undefined) return `Did you mean ${near}?`;
  if (known.length === 0) return 'Remove it: the component has none.';
  return `Remove it; the component has ${count(known.length, 'parameter')}: ${joinWords(known)}`;
}

function findValueProblem(
  given: Given,
  { name: parameter, type, hasDefault }: ComponentFacts['parameters'][number],
  { field, name }: { readonly field: string; readonly name: string },
): Problem[] {
  const value = given?.[parameter];
  if (value === undefined)
    return hasDefault
      ? []
      : [
          {
            field: `${field}.parameters`,
            message: `lacks ${parameter}, for which ${name} has no default`,
            fix: `Add it: parameters: { ${parameter}: … }`,
          },
        ];
  if (type !== 'string' || typeof value === 'string' || value.length === 1) return [];
  return [
    {
      field: `${field}.parameters.${parameter}`,
      message: `is a list of ${value.length}, and ${name} takes one text`,
      fix: 'Write one text, with commas if the component reads it so.',
    },
  ];
}

/** Whether EC2 starts an image on the instance types that a definition names. */
import type { BaseImage } from '../artifacts/base-image.ts';
import { DEFAULT_INSTANCE_TYPES, type InstanceType } from '../artifacts/instance-type.ts';
import type { Problem } from '../base/errors.ts';
import { joinWords } from '../base/text.ts';
import type { Definition } from './definition.ts';

type Architecture = Definition['variants'][number]['architecture'];
type Use = 'build' | 'tests';

/** All types that the definition names, once each. */
export function listInstanceTypes({ build, tests }: Pick<Definition, 'build' | 'tests'>): string[] {
  return [...new Set([...build.instanceTypes, ...tests.instanceTypes, ...tests.fallbackInstanceTypes])];
}

/** `offered`: what EC2 tells of those of its types that the home region has. `image`: the base, where it is known. */
export function findInstanceTypeProblems(
  { variants, build, tests }: Pick<Definition, 'variants' | 'build' | 'tests'>,
  offered: readonly InstanceType[],
  { region, image }: { readonly region: string; readonly image: BaseImage | undefined },
): Problem[] {
  const named = (use: Use, list: string, types: readonly string[]) =>
    types.map((name, index) => ({ use, name, field: `${use}.${list}[${index}]` }));
  return [
    ...named('build', 'instanceTypes', build.instanceTypes),
    ...named('tests', 'instanceTypes', tests.instanceTypes),
    ...named('tests', 'fallbackInstanceTypes', tests.fallbackInstanceTypes),
  ].flatMap(({ use, name, field }) => {
    const type = offered.find((entry) => entry.name === name);
    if (type === undefined)
      return [
        {
          field,
          message: `${name} is no instance type of ${region}`,
          fix: 'Correct it, or name one that EC2 has there.',
        },
      ];
    const misfit =
      variants
        .map(({ architecture }) => describeArchitectureMisfit(type, architecture, use))
        .find((found) => found !== undefined) ?? describeImageMisfit(type, image);
    return misfit === undefined ? [] : [{ field, ...misfit }];
  });
}

function describeArchitectureMisfit(
  { name, architectures }: InstanceType,
  architecture: Architecture,
  use: Use,
): Pick<Problem, 'message' | 'fix'> | undefined {
  if (architectures.includes(architecture)) return undefined;
  return {
    message: `${name} is for ${joinWords(architectures)}, but the image to build is for ${architecture}`,
    fix: `Name a type for ${architecture} such as ${DEFAULT_INSTANCE_TYPES[use][architecture]}.`,
  };
}

/** ec2 Image.BootMode: `uefi-preferred` starts either way. */
function describeImageMisfit(
  { name, bootModes }: InstanceType,
  image: BaseImage | undefined,
): Pick<Problem, 'message' | 'fix'> | undefined {
  const { imageId = '', bootMode } = image ?? {};
  if (bootMode !== 'uefi' && bootMode !== 'legacy-bios') return undefined;
  if (bootModes.includes(bootMode)) return undefined;
  return {
    message: `${name} does not start in the boot mode ${bootMode}, which ${imageId} asks for`,
    fix: 'Name another type, or choose another base.',
  };
}

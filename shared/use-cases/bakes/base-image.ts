/** The AMI that a base means: it has to fit the pipeline, and must not be one of our own that was named by a detour. */

import type { Problem } from '../../domain/base/errors.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import { findParent, type Selector } from '../../domain/selectors/selectors.ts';
import { findMaker, type ImageMakerDeps } from './find-maker.ts';

/** What would be wrong with building on an image, whenever that is asked: what a selector means may have moved since it was applied. */
export async function findBaseProblems(
  deps: ImageMakerDeps,
  { variants }: Pick<Definition, 'variants'>,
  { base, imageId }: { readonly base: Selector; readonly imageId: string | undefined },
): Promise<Problem[]> {
  if (imageId === undefined || findParent(base) !== undefined) return [];
  const image = await deps.locations.openControl(deps.home.region).artifacts.ami.describe(imageId);
  // What is not there is found where selectors are resolved, or by the preflight.
  if (image === undefined) return [];
  const field = `base.${base.kind}`;
  const maker = await findMaker(deps, image);
  if (maker !== undefined)
    return [
      suggestPipeline(
        field,
        `It leads to ${imageId}, an image of the pipeline ${maker} or a copy of one.`,
        maker,
      ),
    ];
  return variants.flatMap(({ architecture }, index) =>
    architecture === image.architecture
      ? []
      : [
          {
            field,
            message: `It leads to ${imageId}, an image for ${image.architecture}; the image to build is for ${architecture}.`,
            fix: `Choose a base for ${architecture}, or write variants[${index}].architecture: ${image.architecture}`,
          },
        ],
  );
}

/** The problem of a selector that leads to an image of ours by a detour, with the selector to write instead. */
export function suggestPipeline(field: string, message: string, pipeline: string): Problem {
  const path = field.replace(/\.[a-z]+$/, '');
  return { field, message, fix: `Name the pipeline: ${path}.pipeline: ${pipeline}` };
}

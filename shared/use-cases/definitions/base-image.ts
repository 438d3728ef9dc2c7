/** The AMI that a base means: it has to fit the pipeline, and must not be one of our own that was named by a detour. */

import type { Problem } from '../../domain/base/errors.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import { type Selector, selectorKey } from '../../domain/selectors/selectors.ts';
import { findMaker, type ImageMakerDeps } from '../bakes/find-maker.ts';
import type { ApplyDeps } from './apply-deps.ts';
import type { FoundSelector } from './apply-selectors.ts';
import { suggestPipeline } from './named-selectors.ts';
import type { ParsedDefinition } from './parse-definition.ts';

/** As it is when the definition is applied. */
export async function checkBaseImage(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  selectors: readonly FoundSelector[],
): Promise<Problem[]> {
  const { base } = reading.references;
  const record = selectors.find(({ record: { key } }) => key === selectorKey(base))?.record;
  const imageId = base.kind === 'ami' ? base.id : record?.detail?.amiId;
  return await findBaseProblems(deps, reading.definition, { base, imageId });
}

/** What would be wrong with building on an image, whenever that is asked: what a selector means may have moved since it was applied. */
export async function findBaseProblems(
  deps: ImageMakerDeps,
  { variants }: Pick<Definition, 'variants'>,
  { base, imageId }: { readonly base: Selector; readonly imageId: string | undefined },
): Promise<Problem[]> {
  if (base.kind === 'pipeline' || imageId === undefined) return [];
  const image = await deps.images.describe(deps.home.region, imageId);
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

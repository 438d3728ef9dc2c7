/** The AMI that a base means today: it has to fit the pipeline, and must not be one of our own that was named by a detour. */
import type { Problem } from '../../domain/errors.ts';
import { selectorKey } from '../../domain/versions/selectors.ts';
import type { ApplyDeps } from './apply-deps.ts';
import { instead } from './apply-named.ts';
import { makerOf } from './apply-reach-images.ts';
import type { FoundSelector } from './apply-selectors.ts';
import type { Reading } from './read-definition.ts';

export async function checkBase(
  deps: ApplyDeps,
  reading: Reading,
  selectors: readonly FoundSelector[],
): Promise<Problem[]> {
  const { base } = reading.references;
  if (base.kind === 'pipeline') return [];
  const record = selectors.find(({ record: { key } }) => key === selectorKey(base))?.record;
  const imageId = base.kind === 'ami' ? base.id : record?.detail?.amiId;
  const image = imageId === undefined ? undefined : await deps.images.describe(deps.home.region, imageId);
  // What is not there is found where selectors are resolved, or by the preflight.
  if (image === undefined) return [];
  const field = `base.${base.kind}`;
  const maker = await makerOf(deps, image);
  if (maker !== undefined)
    return [instead(field, `It leads to ${imageId}, which is made by the pipeline ${maker}.`, maker)];
  return reading.definition.variants.flatMap(({ architecture }, index) =>
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

/** The AMI that a base means: it has to fit the pipeline, and must not be one of our own that was named by a detour. */

import type { BaseImage } from '../../domain/artifacts/base-image.ts';
import type { Problem } from '../../domain/base/errors.ts';
import { findBaseImageProblems } from '../../domain/definitions/base-image.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import { findInstanceTypeProblems, listInstanceTypes } from '../../domain/definitions/instance-types.ts';
import { findParent, findSelectorKind, type Selector } from '../../domain/selectors/selectors.ts';
import { findAmiId } from '../../domain/selectors/versions.ts';
import type { Ports } from '../../ports/ports.ts';
import { findMaker, type ImageMakerDeps } from './find-maker.ts';

/** A base with what it resolved to; without a version where that is not known yet. */
interface ResolvedBase {
  readonly selector: Selector;
  readonly version?: string | undefined;
  readonly detail?: Readonly<Record<string, string>> | undefined;
}

export interface BaseImageDeps extends ImageMakerDeps, Pick<Ports, 'baseImages' | 'instanceTypes'> {}

/** What would be wrong with building on an image, whenever that is asked: what a selector means may have moved since it was applied. */
export async function findBaseProblems(
  deps: BaseImageDeps,
  definition: Pick<Definition, 'variants' | 'build' | 'tests'>,
  base: ResolvedBase,
): Promise<Problem[]> {
  const { selector } = base;
  const field = `base.${selector.kind}`;
  const imageId = findBaseAmi(base, definition.variants);
  const [image, made] = await Promise.all([
    imageId === undefined ? undefined : deps.baseImages.describe(imageId),
    imageId === undefined ? [] : findDetour(deps, selector, imageId),
  ]);
  // What is not there is found where selectors are resolved, or by the preflight.
  return [
    ...made,
    ...(image === undefined ? [] : findBaseImageProblems(definition, image, field)),
    ...(await findTypeProblems(deps, definition, image)),
  ];
}

function findBaseAmi(
  { selector, version, detail }: ResolvedBase,
  [variant]: Definition['variants'],
): string | undefined {
  if (version === undefined) return undefined;
  const locked = { version, detail };
  if (findParent(selector) === undefined) return findAmiId(locked);
  return variant === undefined ? undefined : findSelectorKind(selector).baseImage?.(locked, variant.name);
}

/** An image of ours that is named by anything else than its pipeline. */
async function findDetour(deps: BaseImageDeps, selector: Selector, imageId: string): Promise<Problem[]> {
  if (findParent(selector) !== undefined) return [];
  const facts = await deps.locations.openControl(deps.home.region).artifacts.ami.describe(imageId);
  const maker = facts && (await findMaker(deps, facts));
  if (maker === undefined) return [];
  const message = `It leads to ${imageId}, an image of the pipeline ${maker} or a copy of one.`;
  return [suggestPipeline(`base.${selector.kind}`, message, maker)];
}

export async function findTypeProblems(
  deps: Pick<BaseImageDeps, 'instanceTypes' | 'home'>,
  definition: Pick<Definition, 'variants' | 'build' | 'tests'>,
  image: BaseImage | undefined,
): Promise<Problem[]> {
  const offered = await deps.instanceTypes.describe(listInstanceTypes(definition));
  return findInstanceTypeProblems(definition, offered, { region: deps.home.region, image });
}

/** The problem of a selector that leads to an image of ours by a detour, with the selector to write instead. */
export function suggestPipeline(field: string, message: string, pipeline: string): Problem {
  const path = field.replace(/\.[a-z]+$/, '');
  return { field, message, fix: `Name the pipeline: ${path}.pipeline: ${pipeline}` };
}

/** Which imported pipelines are built on one another. */
import type { ImageRecipe } from '@aws-sdk/client-imagebuilder';
import { type ImageArn, parseImageArn, parseParameter, toSlug } from './base.ts';
import type { FoundPipeline } from './image-builder.ts';
import { type Note, noteIf } from './notes.ts';
import { listWrittenParameters } from './parameters.ts';

export interface Origin {
  readonly parent?: FoundPipeline;
  readonly notes: readonly Note[];
}
export type Origins = ReadonlyMap<FoundPipeline, Origin>;

const FIELD = 'imageRecipe.parentImage';

/** Parents among the imported pipelines, without circles: Image Builder allows them, so the edge that closes one is dropped. */
export function findOrigins(
  taken: readonly FoundPipeline[],
  nameOf: ReadonlyMap<string, string>,
): Map<FoundPipeline, Origin> {
  const origins = new Map<FoundPipeline, Origin>();
  const named = ({ pipeline }: FoundPipeline) => nameOf.get(pipeline.arn ?? '') ?? '';
  for (const entry of taken) {
    const { makers, how, missed } = findMakers(entry, taken);
    const [parent] = makers;
    if (parent === undefined) {
      origins.set(entry, { notes: missed === undefined ? [] : [missedNote(entry, named(missed), missed)] });
      continue;
    }
    let ancestor: FoundPipeline | undefined = parent;
    while (ancestor !== undefined && ancestor !== entry) ancestor = origins.get(ancestor)?.parent;
    origins.set(
      entry,
      ancestor === entry
        ? { notes: [circleNote(parent === entry ? undefined : named(parent))] }
        : {
            parent,
            notes: noteIf(
              makers.length > 1,
              FIELD,
              `${makers.length} pipelines ${how} that it is built on; the first one is its base.`,
            ),
          },
    );
  }
  return origins;
}

interface Makers {
  /** The first, if several make the same image. */
  readonly makers: readonly FoundPipeline[];
  readonly how: string;
  /** A pipeline of that name whose images the recipe does not follow. */
  readonly missed?: FoundPipeline | undefined;
}

/** The pipelines whose images a recipe follows as its parent. */
function findMakers(entry: FoundPipeline, taken: readonly FoundPipeline[]): Makers {
  const { pipeline, recipe } = entry;
  const text = recipe?.parentImage ?? '';
  const parameter = parseParameter(text);
  if (parameter !== undefined) {
    const [, , , here, own] = pipeline.arn?.split(':') ?? [];
    const { region = here, account = own } = parameter;
    const makers = taken.filter((candidate) =>
      listWrittenParameters(candidate).some(
        (written) =>
          isNamed(written.name, parameter) && written.region === region && written.account === account,
      ),
    );
    return { makers, how: 'write the parameter' };
  }
  const image = parseImageArn(text);
  // A version without a wildcard never changes.
  return image?.version.includes('x') === true
    ? findBuilders(image, taken, entry)
    : { makers: [], how: 'build the recipe' };
}

function findBuilders(image: ImageArn, taken: readonly FoundPipeline[], entry: FoundPipeline): Makers {
  const likely = taken.filter(({ recipe }) => {
    const [, , , region, account] = recipe?.arn?.split(':') ?? [];
    const isSame = toSlug(recipe?.name ?? '') === image.slug.replaceAll('_', '-');
    return isSame && region === image.region && account === image.account;
  });
  const meant = likely.filter(({ recipe }) => matchesVersion(image.version, readRecipeVersion(recipe)));
  // A wildcard resolves to the highest version of the recipe.
  const [highest] = meant
    .map(({ recipe }) => readRecipeVersion(recipe))
    .sort((one, other) => other.localeCompare(one, 'en', { numeric: true }));
  const makers = meant.filter(({ recipe }) => readRecipeVersion(recipe) === highest);
  return { makers, how: 'build the recipe', missed: likely.find((other) => other !== entry) };
}

function matchesVersion(wildcard: string, version: string): boolean {
  const nodes = version.split('.');
  const [wanted = ''] = wildcard.split('/');
  return wanted.split('.').every((node, index) => node === 'x' || node === nodes[index]);
}

function readRecipeVersion(recipe: ImageRecipe | undefined): string {
  return recipe?.version ?? recipe?.arn?.split('/').at(-1) ?? '';
}

/** An ARN does not tell whether its name begins with a slash. */
function isNamed(
  written: string,
  { name, isByArn }: { readonly name: string; readonly isByArn: boolean },
): boolean {
  return written === name || (isByArn && written === `/${name}`);
}

function missedNote({ recipe }: FoundPipeline, name: string, missed: FoundPipeline): Note {
  const wanted = parseImageArn(recipe?.parentImage ?? '')?.version ?? '';
  const reason = `${name} makes ${readRecipeVersion(missed.recipe)}, which ${wanted} does not mean. The base stays the newest image that it means, and is refused by apply if there is none. To follow ${name}, write base.pipeline: ${name}.`;
  return { field: FIELD, reason };
}

/** `name`: of the other pipeline, if there is one. */
function circleNote(name: string | undefined): Note {
  const circle =
    name === undefined
      ? 'It is built on what it makes itself'
      : `It is built on what ${name} makes, which is built on this one`;
  const reason = `${circle}: a circle, which definitions must not make. The base stays what Image Builder made, and gets no newer when images are baked here.`;
  return { field: FIELD, reason };
}

/** Maps the parent image of a recipe to the base of a definition. */
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import type { Note } from './notes.ts';

export interface ImageArn {
  readonly account: string;
  readonly region: string;
  readonly slug: string;
  readonly version: string;
}

const IMAGE_ARN =
  /^arn:aws[a-z-]*:imagebuilder:([a-z0-9-]+):(aws|[0-9]{12}):image\/([a-z0-9-_]+)\/([0-9x]+\.[0-9x]+\.[0-9x]+(?:\/[0-9]+)?)$/;
const SSM_ARN = /^arn:aws[a-z-]*:ssm:([a-z0-9-]+):([0-9]*):parameter(\/.+)$/;

export function parseImageArn(text: string): ImageArn | undefined {
  const [, region, account, slug, version] = IMAGE_ARN.exec(text) ?? [];
  if (region === undefined || account === undefined || slug === undefined || version === undefined)
    return undefined;
  return { region, account, slug, version };
}

/** The image of a recipe bears its name in lower case, with dashes (docs/aws/image-builder.md#an-image-as-the-parent-of-another). */
export function toSlug(name: string): string {
  return name.toLowerCase().replaceAll(/[ _]/g, '-');
}

/** The base where it is no imported pipeline; undefined where a definition cannot name it. */
export function parseBase(
  parentImage: string,
  region: string,
): { readonly base: DefinitionInput['base']; readonly notes: Note[] } | { readonly reason: string } {
  const field = 'imageRecipe.parentImage';
  if (/^ami-[0-9a-f]{8,17}$/.test(parentImage)) {
    const reason = `${parentImage} is pinned, as at Image Builder: the image is not rebuilt when a newer one appears.`;
    return { base: { ami: parentImage }, notes: [{ field, reason }] };
  }
  const parameter = parseParameter(parentImage);
  if (parameter !== undefined) {
    if (parameter.region !== undefined && parameter.region !== region)
      return {
        reason: `Its base is a parameter of ${parameter.region}; definitions read those of ${region}.`,
      };
    return { base: { ssm: parameter.name }, notes: [] };
  }
  const image = parseImageArn(parentImage);
  if (image !== undefined) return { base: { image: parentImage }, notes: [] };
  if (parentImage.startsWith('prod-'))
    return {
      reason: `Its base ${parentImage} is a product of AWS Marketplace, which no definition can name.`,
    };
  return { reason: `Its base "${parentImage}" is in a form that no definition can name.` };
}

/** `ssm:/path`, or `ssm:arn:aws:ssm:region:account:parameter/path` (imagebuilder CreateImageRecipeRequest.parentImage). */
export function parseParameter(
  text: string,
): { readonly name: string; readonly region?: string; readonly account?: string } | undefined {
  if (!text.startsWith('ssm:')) return undefined;
  const rest = text.slice('ssm:'.length);
  const [, region = '', account = '', name] = SSM_ARN.exec(rest) ?? [];
  if (name !== undefined) return { name, region, ...(account === '' ? {} : { account }) };
  return { name: rest.startsWith('/') ? rest : `/${rest}` };
}

/** Maps the parent image of a recipe to the base of a definition. */

import type { Home } from '../../shared/domain/base/regions.ts';
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import { createArnPattern } from '../../shared/domain/selectors/build-arns.ts';
import { type Note, noteIf } from './notes.ts';

export interface ImageArn {
  readonly account: string;
  readonly region: string;
  readonly slug: string;
  readonly version: string;
}

const IMAGE_ARN = createArnPattern('image', 'arn');
const SSM_ARN = /^arn:aws[a-z-]*:ssm:([a-z0-9-]+):([0-9]*):parameter\/(.+)$/;

export function parseImageArn(text: string): ImageArn | undefined {
  if (!IMAGE_ARN.test(text)) return undefined;
  const [, , , region = '', account = '', name = ''] = text.split(':');
  const [, slug = '', ...version] = name.split('/');
  return { region, account, slug, version: version.join('/') };
}

/** The image of a recipe bears its name in lower case, with dashes (docs/aws/image-builder.md#an-image-as-the-parent-of-another). */
export function toSlug(name: string): string {
  return name.toLowerCase().replaceAll(/[ _]/g, '-');
}

/** The base where it is no imported pipeline; undefined where a definition cannot name it. */
export function parseBase(
  parentImage: string,
  { region, account: own }: Home,
): { readonly base: DefinitionInput['base']; readonly notes: Note[] } | { readonly reason: string } {
  const field = 'imageRecipe.parentImage';
  if (/^ami-[0-9a-f]{8,17}$/.test(parentImage)) {
    const reason = `${parentImage} is pinned, as at Image Builder: the image is not rebuilt when a newer one appears.`;
    return { base: { ami: parentImage }, notes: [{ field, reason }] };
  }
  const parameter = parseParameter(parentImage);
  if (parameter !== undefined) {
    const { name, region: there = region, account = own } = parameter;
    if (there !== region)
      return { reason: `Its base is a parameter of ${there}; definitions read those of ${region}.` };
    if (account !== own)
      return {
        reason: `Its base is a parameter of the account ${account}; definitions read those of ${own}.`,
      };
    const plain = parameter.isByArn && !name.startsWith('/');
    const reason = `Its ARN is that of the parameter ${name} and of /${name}; the first is taken. See which of them there is.`;
    return { base: { ssm: name }, notes: noteIf(plain, field, reason) };
  }
  const image = parseImageArn(parentImage);
  if (image !== undefined) return { base: { image: parentImage }, notes: [] };
  if (parentImage.startsWith('prod-'))
    return {
      reason: `Its base ${parentImage} is a product of AWS Marketplace, which no definition can name.`,
    };
  return { reason: `Its base "${parentImage}" is in a form that no definition can name.` };
}

/**
 * `ssm:` with the name of a parameter or its ARN (imagebuilder CreateImageRecipeRequest.parentImage). Names without a path have no slash at their
 * beginning; the ARN of `a` and of `/a` is `parameter/a` (systems-manager/userguide/sysman-paramstore-su-create, fully qualified names).
 */
export function parseParameter(
  text: string,
):
  | { readonly name: string; readonly region?: string; readonly account?: string; readonly isByArn: boolean }
  | undefined {
  if (!text.startsWith('ssm:')) return undefined;
  const rest = text.slice('ssm:'.length);
  const [, region = '', account = '', name] = SSM_ARN.exec(rest) ?? [];
  if (name === undefined) return { name: rest, isByArn: false };
  return {
    name: name.includes('/') ? `/${name}` : name,
    region,
    ...(account === '' ? {} : { account }),
    isByArn: true,
  };
}

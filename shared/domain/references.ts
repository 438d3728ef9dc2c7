/** From what people write to what is compared: the selectors of a definition in normal form. */
import type { Definition } from './definition.ts';
import type { Problem } from './errors.ts';
import { type BaseSelector, isLegalVersionNode, type Selector } from './selectors.ts';

/** Where short forms and parameters are looked up. */
export interface Home {
  readonly account: string;
  readonly region: string;
}

export interface References {
  readonly base: Selector;
  readonly components: readonly Selector[];
}

/** Recipes, and so the images, of our build engine begin with it. */
const OWN_IMAGE = /:image\/ovenbird-/;

export function referencesOf(
  definition: Definition,
  home: Home,
): { readonly references: References; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const base = baseOf(definition.base, home, problems);
  const components = definition.components.map(({ component }, index): Selector => {
    const field = `components[${index}].component`;
    const arn = component.startsWith('arn:') ? component : homeArn(component, home);
    checkVersion(arn, field, problems);
    return { kind: 'component', arn };
  });
  const arns = components.map((selector) => ('arn' in selector ? nameOf(selector.arn) : ''));
  arns.forEach((name, index) => {
    if (arns.indexOf(name) !== index)
      problems.push({
        field: `components[${index}].component`,
        message: 'names a component a second time',
        // imagebuilder CreateImageRecipeRequest.components
        fix: 'A component may be used once in an image; remove one of the two.',
      });
  });
  return { references: { base, components }, problems };
}

function baseOf(base: BaseSelector, home: Home, problems: Problem[]): Selector {
  if ('pipeline' in base) return { kind: 'pipeline', pipeline: base.pipeline, channel: base.channel };
  if ('ssm' in base) return { kind: 'ssm', name: base.ssm, region: home.region };
  if ('ami' in base) return { kind: 'ami', id: base.ami, region: home.region };
  if ('image' in base) {
    checkVersion(base.image, 'base.image', problems);
    if (OWN_IMAGE.test(base.image) && base.image.split(':')[4] === home.account)
      problems.push({
        field: 'base.image',
        message: 'names images that Ovenbird builds itself; they are not tested or approved yet',
        fix: 'Name the pipeline instead: base.pipeline',
      });
    return { kind: 'image', arn: base.image };
  }
  const form = 'lookup' in base ? 'lookup' : 'container';
  problems.push({
    field: `base.${form}`,
    message: `Base images by ${form} are not implemented yet`,
    fix: 'Use one of base.pipeline, base.ssm, base.image, base.ami.',
  });
  return { kind: 'ami', id: 'none', region: home.region };
}

/** Version nodes after the name; a build number is never a wildcard (imagebuilder/userguide/ibhow-semantic-versioning). */
function checkVersion(arn: string, field: string, problems: Problem[]): void {
  const [, , version = ''] = arn.split('/');
  if (isLegalVersionNode(version)) return;
  problems.push({
    field,
    message: `${version} is no version: once a number is x, all to its right are x`,
    fix: 'Write for example 1.x.x, 1.2.x or 1.2.3.',
  });
}

function homeArn(reference: string, { region, account }: Home): string {
  return `arn:${partitionOf(region)}:imagebuilder:${region}:${account}:component/${reference}`;
}

function nameOf(arn: string): string {
  return arn.split('/').slice(0, 2).join('/');
}

/** Partitions by region (general/gr/rande). */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return 'aws';
}

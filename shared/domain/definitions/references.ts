/** From what people write to what is compared: the selectors of a definition in normal form. */

import type { Problem } from '../base/errors.ts';
import { findPartition, type Home } from '../base/regions.ts';
import {
  type BaseSelector,
  type InputSelector,
  isLegalVersionNode,
  type Selector,
  selectorKey,
} from '../selectors/selectors.ts';
import type { Definition } from './definition.ts';

export interface References {
  readonly base: Selector;
  readonly components: readonly Selector[];
  readonly inputs: readonly Selector[];
  /** Test components. */
  readonly tests: readonly Selector[];
}

/** Recipes, and so the images, of our build engine are named `ovenbird-<pipeline>-<variant>-<content>`. */
const OWN_IMAGE = /:image\/ovenbird-/;
/** Where the variant has a usual name, the pipeline's can be told from it. */
const OWN_IMAGE_PIPELINE = /:image\/ovenbird-([a-z0-9-]+?)-(?:x86-64|x86|amd64|arm64|arm)-[0-9a-fx]{1,12}\//;

export function parseReferences(
  definition: Definition,
  home: Home,
): { readonly references: References; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const base = parseBase(definition.base, home, problems);
  const components = parseComponents(definition.components, 'components', home, problems);
  const tests = parseComponents(definition.tests.components, 'tests.components', home, problems);
  const inputs = definition.inputs.map((input, index) =>
    normaliseSelector(input, `inputs[${index}]`, home, problems),
  );
  checkDuplicates([base, ...components], inputs, tests, problems);
  checkLookup(definition, problems);
  return { references: { base, components, inputs, tests }, problems };
}

/** Each dependency counts once: as an input it would say nothing new, and a test component is no build component. */
function checkDuplicates(
  first: readonly Selector[],
  inputs: readonly Selector[],
  tests: readonly Selector[],
  problems: Problem[],
): void {
  const seen = new Set(first.map(selectorKey));
  const look = (selectors: readonly Selector[], place: (index: number) => string) =>
    selectors.forEach((selector, index) => {
      const key = selectorKey(selector);
      if (seen.has(key))
        problems.push({
          field: place(index),
          message: 'names what the definition names already',
          fix: 'Remove one of the two.',
        });
      seen.add(key);
    });
  look(inputs, (index) => `inputs[${index}]`);
  look(tests, (index) => `tests.components[${index}].component`);
}

/** A base that is looked up for another architecture could never be built on. */
function checkLookup({ base, variants }: Pick<Definition, 'base' | 'variants'>, problems: Problem[]): void {
  if (!('lookup' in base)) return;
  const { architecture } = base.lookup;
  const other = variants.find((variant) => variant.architecture !== architecture);
  if (other !== undefined)
    problems.push({
      field: 'base.lookup.architecture',
      message: `is ${architecture}, but the image to build is for ${other.architecture}`,
      fix: `Write architecture: ${other.architecture}`,
    });
}

function parseComponents(
  given: Definition['components'],
  place: string,
  home: Home,
  problems: Problem[],
): Selector[] {
  const arns = given.map(({ component }) =>
    component.startsWith('arn:') ? component : toComponentArn(component, home),
  );
  const names = arns.map(removeArnVersion);
  arns.forEach((arn, index) => {
    const field = `${place}[${index}].component`;
    checkVersion(arn, field, problems);
    checkRegion(arn, field, home, problems);
    if (names.indexOf(removeArnVersion(arn)) !== index)
      problems.push({
        field,
        message: 'names a component a second time',
        // imagebuilder CreateImageRecipeRequest.components
        fix: 'A component may be used once in an image; remove one of the two.',
      });
  });
  return arns.map((arn): Selector => ({ kind: 'component', arn }));
}

function parseBase(base: BaseSelector, home: Home, problems: Problem[]): Selector {
  if (!('container' in base)) return normaliseSelector(base, 'base', home, problems);
  problems.push({
    field: 'base.container',
    message: 'Container images are not built yet',
    fix: 'Use one of base.pipeline, base.ssm, base.image, base.ami, base.lookup; an image may depend on a container by inputs.',
  });
  return { kind: 'ami', id: 'none', region: home.region };
}

function normaliseSelector(given: InputSelector, field: string, home: Home, problems: Problem[]): Selector {
  const { region } = home;
  if ('pipeline' in given) return { kind: 'pipeline', pipeline: given.pipeline, channel: given.channel };
  if ('ssm' in given) {
    const [name = '', pin] = given.ssm.split(':');
    return { kind: 'ssm', name, region, ...(pin === undefined ? {} : { pin }) };
  }
  if ('ami' in given) return { kind: 'ami', id: given.ami, region };
  if ('lookup' in given) {
    const { owner, name, architecture } = given.lookup;
    return { kind: 'lookup', owner: owner === 'self' ? home.account : owner, name, architecture, region };
  }
  if ('container' in given) return parseContainer(given.container);
  if ('source' in given) return { kind: 'source', bucket: given.source.bucket, object: given.source.key };
  if ('packages' in given) {
    const { feed, format, names } = given.packages;
    return { kind: 'packages', feed, format, names: [...new Set(names)].sort() };
  }
  const place = `${field}.image`;
  checkVersion(given.image, place, problems);
  checkRegion(given.image, place, home, problems);
  if (OWN_IMAGE.test(given.image) && given.image.split(':')[4] === home.account) {
    const maker = OWN_IMAGE_PIPELINE.exec(given.image)?.[1];
    problems.push({
      field: place,
      message: 'names images that Ovenbird builds itself; they are not tested or approved yet',
      fix: `Name the pipeline instead: ${field}.pipeline${maker === undefined ? '' : `: ${maker}`}`,
    });
  }
  return { kind: 'image', arn: given.image };
}

/** `<account>.dkr.ecr.<region>.amazonaws.com/<repository>[:<tag>]` (AmazonECR/latest/userguide/docker-pull-ecr-image). */
function parseContainer(uri: string): Selector {
  const slash = uri.indexOf('/');
  const [account = '', , , region = ''] = uri.slice(0, slash).split('.');
  const [repository = '', tag = 'latest'] = uri.slice(slash + 1).split(':');
  return { kind: 'container', account, region, repository, tag };
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

/** Image Builder answers for its own region alone, and builds from what is there (imagebuilder CreateImageRecipeRequest.parentImage). */
function checkRegion(arn: string, field: string, { region }: Home, problems: Problem[]): void {
  const [, , , own] = arn.split(':');
  if (own === region) return;
  problems.push({
    field,
    message: `is in ${own}, but images are built in ${region}`,
    fix: `Name what is in ${region}.`,
  });
}

function toComponentArn(reference: string, { region, account }: Home): string {
  return `arn:${findPartition(region)}:imagebuilder:${region}:${account}:component/${reference}`;
}

function removeArnVersion(arn: string): string {
  return arn.split('/').slice(0, 2).join('/');
}

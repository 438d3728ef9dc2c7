/** `image:` selectors: the newest version of an Image Builder image that fits an ARN. */
import * as z from 'zod';
import { createTextSchema, lazyObject, lazyStrictObject } from '../base/schemas.ts';
import {
  arnTopic,
  canArnResolveTo,
  completeArnVersion,
  createArnPattern,
  findArnProblems,
  removeArnPrefix,
  toBuildArn,
} from './build-arns.ts';
import { readEvent } from './events.ts';
import type { SelectorKind } from './kind.ts';

const Form = lazyStrictObject(() => ({
  image: createTextSchema(
    createArnPattern('image', 'arn'),
    'an Image Builder image ARN',
    'arn:aws:imagebuilder:eu-west-1:aws:image/amazon-linux-2023-x86/x.x.x',
  ).meta({ description: 'Image Builder image ARN; trailing nodes of the version may be x.' }),
}));
const Stored = lazyStrictObject(() => ({ kind: z.literal('image'), arn: z.string() }));
const StateDetail = lazyObject(() => ({ state: z.object({ status: z.string() }) }));

/** Recipes, and so the images, of our build engine are named `ovenbird-<pipeline>-<variant>-<content>`. */
const OWN_IMAGE = /:image\/ovenbird-/;
/** Where the variant has a usual name, the pipeline's can be told from it. */
const OWN_IMAGE_PIPELINE = /:image\/ovenbird-([a-z0-9-]+?)-(?:x86-64|x86|amd64|arm64|arm)-[0-9a-fx]{1,12}\//;

export const image = {
  kind: 'image',
  usableAs: ['base', 'input'],
  comparesAs: 'semver',
  speed: 'fast',
  form: Form,
  stored: Stored,
  normalise({ image: arn }, at) {
    const field = `${at.field}.image`;
    const problems = findArnProblems(arn, { ...at, field });
    if (OWN_IMAGE.test(arn) && arn.split(':')[4] === at.home.account) {
      const maker = OWN_IMAGE_PIPELINE.exec(arn)?.[1];
      problems.push({
        field,
        message: 'names images that Ovenbird builds itself; they are not tested or approved yet',
        fix: `Name the pipeline instead: ${at.field}.pipeline${maker === undefined ? '' : `: ${maker}`}`,
      });
    }
    return { selector: { kind: 'image', arn }, problems };
  },
  key: ({ arn }) => `image:${arn}`,
  topic: ({ arn }) => arnTopic(arn),
  describe: (rest) => `image ${removeArnPrefix(rest)}`,
  topicsIn: (event) =>
    readEvent(event, ['aws.imagebuilder/EC2 Image Builder Image State Change'], StateDetail, ({ state }) => {
      const arn = event.resources.find((resource) => resource.includes(':image/'));
      if (arn === undefined) return undefined;
      // A version that went away moves no selector forward, and one that is being made is none yet.
      return state.status === 'AVAILABLE'
        ? { topics: [arnTopic(arn)] }
        : { ignored: `The image is ${state.status}.` };
    }),
  baseImage: ({ version }) => version,
  pinTo: (selector, version) => ({ ...selector, arn: version }),
  completeKey: (rest, home) => `image:${toBuildArn(`image/${rest}`, home)}`,
  completeVersion: (selector, version) => completeArnVersion(selector, version),
  canResolveTo: (selector, version) => canArnResolveTo(selector, version),
} satisfies SelectorKind<z.infer<typeof Form>, z.infer<typeof Stored>>;

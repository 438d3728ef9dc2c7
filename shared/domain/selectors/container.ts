/** `container:` selectors: the digest behind a tag in Amazon ECR. */
import * as z from 'zod';
import { PARTITIONS } from '../base/partitions.ts';
import { createTextSchema, lazyObject, lazyStrictObject } from '../base/schemas.ts';
import { readEvent } from './events.ts';
import type { SelectorKind } from './kind.ts';

const SUFFIXES = PARTITIONS.map(({ dnsSuffix }) => dnsSuffix.replaceAll('.', '\\.')).join('|');

const Form = lazyStrictObject(() => ({
  container: createTextSchema(
    new RegExp(`^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.(?:${SUFFIXES})\\/[a-z0-9._/-]+(?::[A-Za-z0-9._-]+)?$`),
    'an image in Amazon ECR such as 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:stable',
    '111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:stable',
  ).meta({ description: 'Tag of an image in Amazon ECR; its digest is the version.' }),
}));
const Stored = lazyStrictObject(() => ({
  kind: z.literal('container'),
  account: z.string(),
  region: z.string(),
  repository: z.string(),
  tag: z.string(),
}));
/** AmazonECR/latest/userguide/ecr-eventbridge */
const ActionDetail = lazyObject(() => ({
  'action-type': z.string(),
  result: z.string(),
  'repository-name': z.string().min(1),
}));

export const container = {
  kind: 'container',
  usableAs: ['base', 'input'],
  comparesAs: 'value',
  speed: 'slow',
  form: Form,
  stored: Stored,
  /** `<account>.dkr.ecr.<region>.amazonaws.com/<repository>[:<tag>]` (AmazonECR/latest/userguide/docker-pull-ecr-image). */
  normalise({ container: uri }) {
    const slash = uri.indexOf('/');
    const [account = '', , , region = ''] = uri.slice(0, slash).split('.');
    const [repository = '', tag = 'latest'] = uri.slice(slash + 1).split(':');
    return { selector: { kind: 'container', account, region, repository, tag } };
  },
  key: (selector) => `${toTopic(selector)}:${selector.tag}`,
  topic: (selector) => toTopic(selector),
  topicsIn: (event) =>
    readEvent(event, ['aws.ecr/ECR Image Action'], ActionDetail, (action) => {
      const { 'action-type': type, result, 'repository-name': repository } = action;
      if (result !== 'SUCCESS') return { ignored: `The ${type} ended in ${result}.` };
      // A deleted tag leaves a selector without a version, which people are told.
      if (type !== 'PUSH' && type !== 'DELETE') return { ignored: `${type} moves no tag.` };
      return { topics: [toTopic({ account: event.account, region: event.region, repository })] };
    }),
  baseRefusal: 'Container images are not built yet',
  completeKey: (rest) => `container:${rest}:latest`,
} satisfies SelectorKind<z.infer<typeof Form>, z.infer<typeof Stored>>;

function toTopic(given: {
  readonly account: string;
  readonly region: string;
  readonly repository: string;
}): string {
  return `container:${given.account}.dkr.ecr.${given.region}.amazonaws.com/${given.repository}`;
}

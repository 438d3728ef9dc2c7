/** `lookup:` selectors: the newest AMI of an owner whose name fits a filter. */
import * as z from 'zod';
import { createTextSchema, lazyStrictObject } from '../base/schemas.ts';
import { readImageEvent } from './ami.ts';
import type { SelectorKind } from './kind.ts';

const Form = lazyStrictObject(() => ({
  lookup: z.strictObject({
    owner: createTextSchema(
      /^(?:[0-9]{12}|amazon|self|aws-marketplace)$/,
      'an account id, amazon, self or aws-marketplace',
      'self',
    ),
    name: z.string().min(3).max(128),
    architecture: z.enum(['x86_64', 'arm64']).default('x86_64'),
  }),
}));
/** `owner`: an account id, `amazon` or `aws-marketplace`; `name` may hold `*` and `?`. */
const Stored = lazyStrictObject(() => ({
  kind: z.literal('lookup'),
  owner: z.string(),
  name: z.string(),
  architecture: z.enum(['x86_64', 'arm64']),
  region: z.string(),
}));

export const lookup = {
  kind: 'lookup',
  usableAs: ['base', 'input'],
  comparesAs: 'value',
  speed: 'slow',
  form: Form,
  stored: Stored,
  normalise({ lookup: { owner, name, architecture } }, { home }) {
    const account = owner === 'self' ? home.account : owner;
    return { selector: { kind: 'lookup', owner: account, name, architecture, region: home.region } };
  },
  key: (selector) => `${lookupTopic(selector)}:${selector.architecture}:${selector.name}`,
  topic: (selector) => lookupTopic(selector),
  // The image may be, or have been, the newest that a lookup of its owner finds.
  topicsIn: (event) => readImageEvent(event, lookupTopic),
  baseImage: ({ version, detail }) => detail?.amiId ?? version,
  reach: ({ owner, name }) => ({ images: { owner, name } }),
  architecture: ({ architecture }) => architecture,
} satisfies SelectorKind<z.infer<typeof Form>, z.infer<typeof Stored>>;

/** An event about an image names its owner, at most. */
export function lookupTopic({ owner, region }: { readonly owner: string; readonly region: string }): string {
  return `lookup:${region}:${owner}`;
}

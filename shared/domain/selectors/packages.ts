/** `packages:` selectors: the newest version of each named package in a feed. No event tells of a feed; the resync looks at it. */
import * as z from 'zod';
import { createTextSchema, lazyStrictObject } from '../base/schemas.ts';
import type { SelectorKind } from './kind.ts';

const Form = lazyStrictObject(() => ({
  packages: z.strictObject({
    feed: createTextSchema(
      /^(?:https|s3):\/\/[^\s]+$/,
      'an https:// or s3:// address',
      'https://packages.example.com/el9',
    ).meta({ description: 'Repository index: an apt Packages file, or a directory with repodata/.' }),
    format: z.enum(['apt', 'rpm']),
    names: z
      .array(createTextSchema(/^[A-Za-z0-9._+-]{1,128}$/, 'the name of a package', 'openssl-libs'))
      .min(1)
      .max(50),
  }),
}));
/** `names` sorted. */
const Stored = lazyStrictObject(() => ({
  kind: z.literal('packages'),
  feed: z.string(),
  format: z.enum(['apt', 'rpm']),
  names: z.array(z.string()),
}));

export const packages = {
  kind: 'packages',
  usableAs: ['input'],
  comparesAs: 'value',
  speed: 'slow',
  form: Form,
  stored: Stored,
  normalise({ packages: { feed, format, names } }) {
    return { selector: { kind: 'packages', feed, format, names: [...new Set(names)].sort() } };
  },
  key: ({ format, feed, names }) => `packages:${format}:${feed}#${names.join(',')}`,
  topic: ({ feed }) => `packages:${feed}`,
} satisfies SelectorKind<z.infer<typeof Form>, z.infer<typeof Stored>>;

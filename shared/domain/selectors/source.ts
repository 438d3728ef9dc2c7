/** `source:` selectors: the version of an object in Amazon S3. */
import * as z from 'zod';
import { createTextSchema, lazyObject, lazyStrictObject } from '../base/schemas.ts';
import { readEvent } from './events.ts';
import type { SelectorKind } from './kind.ts';

const Form = lazyStrictObject(() => ({
  source: z.strictObject({
    bucket: createTextSchema(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket', 'my-sources'),
    key: z.string().min(1).max(1024),
  }),
}));
const Stored = lazyStrictObject(() => ({
  kind: z.literal('source'),
  bucket: z.string(),
  object: z.string(),
}));
/** AmazonS3/latest/userguide/ev-events: unlike in other notifications of S3, the key is not encoded. */
const ObjectDetail = lazyObject(() => ({
  bucket: z.object({ name: z.string().min(1) }),
  object: z.object({ key: z.string().min(1) }),
}));

export const source = {
  kind: 'source',
  usableAs: ['input'],
  comparesAs: 'value',
  speed: 'slow',
  form: Form,
  stored: Stored,
  normalise: (form) => ({
    selector: { kind: 'source', bucket: form.source.bucket, object: form.source.key },
  }),
  key: (selector) => toKey(selector),
  topic: (selector) => toKey(selector),
  topicsIn: (event) =>
    readEvent(event, ['aws.s3/Object Created', 'aws.s3/Object Deleted'], ObjectDetail, (detail) => ({
      topics: [toKey({ bucket: detail.bucket.name, object: detail.object.key })],
    })),
} satisfies SelectorKind<z.infer<typeof Form>, z.infer<typeof Stored>>;

function toKey({ bucket, object }: { readonly bucket: string; readonly object: string }): string {
  return `source:${bucket}/${object}`;
}

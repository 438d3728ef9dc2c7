/** `ami:` selectors: one AMI by its id. */
import * as z from 'zod';
import { createTextSchema } from '../base/zod-text.ts';
import { readEvent } from './events.ts';
import type { SelectorKind } from './kind.ts';

const Form = z.lazy(() =>
  z.strictObject({
    ami: createTextSchema(
      /^ami-[0-9a-f]{8,17}$/,
      'an AMI id such as ami-0f3c9a1b2d4e5f678',
      'ami-0f3c9a1b2d4e5f678',
    ).meta({ description: 'A pinned AMI; it never moves.' }),
  }),
);
const Stored = z.lazy(() => z.strictObject({ kind: z.literal('ami'), id: z.string(), region: z.string() }));

export const AMI_STATE_CHANGE = 'aws.ec2/EC2 AMI State Change';
export const AmiStateDetail = z.lazy(() => z.object({ ImageId: z.string() }));

export const ami = {
  kind: 'ami',
  usableAs: ['base', 'input'],
  comparesAs: 'value',
  speed: 'slow',
  form: Form,
  stored: Stored,
  normalise: (form, { home }) => ({ selector: { kind: 'ami', id: form.ami, region: home.region } }),
  key: (selector) => toKey(selector),
  topic: (selector) => toKey(selector),
  describe: (rest) => `image ${rest.slice(rest.indexOf(':') + 1)}`,
  topicsIn: (event) =>
    readEvent(event, [AMI_STATE_CHANGE], AmiStateDetail, ({ ImageId }) => ({
      topics: [toKey({ id: ImageId, region: event.region })],
    })),
  baseImage: ({ version }) => version,
  reach: ({ id, region }) => ({ image: { id, region } }),
  completeKey: (rest, { region }) => `ami:${region}:${rest}`,
  canResolveTo: ({ id }, version) => version === id,
} satisfies SelectorKind<z.infer<typeof Form>, z.infer<typeof Stored>>;

function toKey({ id, region }: { readonly id: string; readonly region: string }): string {
  return `ami:${region}:${id}`;
}

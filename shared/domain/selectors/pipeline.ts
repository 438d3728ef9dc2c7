/** `pipeline:` selectors: the release that is current in a channel of a pipeline of ours. */
import * as z from 'zod';
import { createTextSchema, lazyStrictObject } from '../base/schemas.ts';
import type { ParentChannel, SelectorKind } from './kind.ts';

export const PIPELINE_NAME = /^[a-z][a-z0-9-]{1,38}[a-z0-9]$/;
export const CHANNEL_NAME = /^[a-z][a-z0-9-]{0,29}$/;

export const ChannelName = z.lazy(() =>
  createTextSchema(CHANNEL_NAME, '1 to 30 of a-z, 0-9 and "-", and start with a letter', 'stable'),
);

const Form = lazyStrictObject(() => ({
  pipeline: createTextSchema(PIPELINE_NAME, 'the name of a pipeline', 'al2023-base').meta({
    description: 'Name of the pipeline whose released image is meant.',
  }),
  channel: ChannelName.unwrap().default('stable').meta({ description: 'Channel of that pipeline.' }),
}));
const BaseForm = z.lazy(() =>
  Form.unwrap().extend({
    earlyCutoff: z
      .boolean()
      .default(false)
      .meta({ description: 'A release whose inventory equals the one before does not count as newer.' }),
  }),
);
const Stored = lazyStrictObject(() => ({
  kind: z.literal('pipeline'),
  pipeline: z.string(),
  channel: z.string(),
}));

export const pipeline = {
  kind: 'pipeline',
  usableAs: ['base', 'input'],
  comparesAs: 'value',
  speed: 'fast',
  form: Form,
  baseForm: BaseForm,
  stored: Stored,
  normalise: (form) => ({ selector: { kind: 'pipeline', pipeline: form.pipeline, channel: form.channel } }),
  key: (selector) => toKey(selector),
  topic: (selector) => toKey(selector),
  describe: (rest) => `pipeline ${rest.replace(/\/stable$/, '')}`,
  /** Undefined where the lock tells no image of the variant: the row of the release does. */
  baseImage: ({ detail }, variant) => detail?.[variant],
  parent: (named) => ({ pipeline: named.pipeline, channel: named.channel }),
} satisfies SelectorKind<z.infer<typeof Form>, z.infer<typeof Stored>>;

function toKey(selector: ParentChannel): string {
  return `pipeline:${selector.pipeline}/${selector.channel}`;
}

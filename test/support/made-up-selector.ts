/**
 * A selector kind that the product does not have: the newest image of a catalogue, by its name. Importing this file, before anything that reads
 * the registry, adds it there: the one line that a further kind is.
 */
import { jest } from '@jest/globals';
import * as z from 'zod';
import { readEvent } from '../../shared/domain/selectors/events.ts';
import type { SelectorKind } from '../../shared/domain/selectors/kind.ts';
import type * as registry from '../../shared/domain/selectors/registry.ts';

const Form = z.strictObject({ catalogue: z.string().regex(/^[a-z]+$/) });
const Stored = z.strictObject({ kind: z.literal('catalogue'), entry: z.string() });

export const catalogue = {
  kind: 'catalogue',
  usableAs: ['base', 'input'],
  comparesAs: 'value',
  speed: 'slow',
  form: Form,
  stored: Stored,
  normalise: (form) => ({ selector: { kind: 'catalogue', entry: form.catalogue } }),
  key: ({ entry }) => `catalogue:${entry}`,
  topic: ({ entry }) => `catalogue:${entry}`,
  describe: (rest) => `catalogue entry ${rest}`,
  topicsIn: (event) =>
    readEvent(event, ['example.catalogue/Entry Published'], z.object({ entry: z.string() }), ({ entry }) => ({
      topics: [`catalogue:${entry}`],
    })),
  baseImage: ({ version }) => version,
} satisfies SelectorKind<z.infer<typeof Form>, z.infer<typeof Stored>>;

const path = '../../shared/domain/selectors/registry.ts';
jest.mock(path, () => {
  const { SELECTOR_KINDS } = jest.requireActual<typeof registry>(path);
  return { SELECTOR_KINDS: [...SELECTOR_KINDS, catalogue] };
});

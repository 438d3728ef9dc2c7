import type { ReferenceKind } from './reference.ts';

/** A pinned pipeline stays on what its channel points to. */
export const channel: ReferenceKind = {
  find: ({ id }, { channels }) =>
    channels.filter(({ release }) => release === id).map((entry) => `It is current in ${entry.channel}.`),
};

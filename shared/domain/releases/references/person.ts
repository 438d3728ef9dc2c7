import type { ReferenceKind } from './reference.ts';

export const person: ReferenceKind = {
  find: ({ keptBy }) => (keptBy === undefined ? [] : [`${keptBy} wants it kept.`]),
};

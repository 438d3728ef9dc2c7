export type { Digest } from '../domain/base/canonical.ts';

export interface Ids {
  /** A ULID: sorts by time, 26 characters. */
  next(): string;
}

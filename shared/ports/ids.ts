export interface Ids {
  /** A ULID: sorts by time, 26 characters. */
  next(): string;
}

/** Lower-case hexadecimal SHA-256 of the text in UTF-8. */
export type Digest = (text: string) => string;

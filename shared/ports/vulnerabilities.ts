import type { Vulnerability } from '../domain/packages/vulnerabilities.ts';

/** What Amazon Inspector says now. Only findings that are active, about packages of an operating system, and for which there is a fix. */
export interface Findings {
  /** Those of these ARNs that are such findings; the others are left out. Throws TryLater when AWS throttles. */
  read(arns: readonly string[]): Promise<readonly Vulnerability[]>;
  /** All of them, page by page. `refused` where Inspector is not enabled, or may not be asked. */
  list(
    after?: string,
  ): Promise<
    | { readonly findings: readonly Vulnerability[]; readonly cursor?: string; readonly refused?: undefined }
    | { readonly refused: string }
  >;
}

/** Messages that we send to ourselves on the queue of hints, about findings and the inventories that they are looked up in. */
export interface FindingHints {
  /** Asks for a page of all findings to be looked at; the first one without a cursor. */
  sendPage(after?: string): Promise<void>;
  /** Asks for what is installed in the current releases of channels to be indexed. */
  sendInventories(
    channels: readonly { readonly pipeline: string; readonly channel: string }[],
  ): Promise<void>;
}

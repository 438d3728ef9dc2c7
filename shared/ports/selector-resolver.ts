import type { Selector } from '../domain/selectors/selectors.ts';

/** The version that a selector resolves to now; `detail` holds further facts for the build, such as `amiId`. */
export type Resolution =
  | { readonly found: true; readonly version: string; readonly detail: Readonly<Record<string, string>> }
  | { readonly found: false; readonly reason: string };

/** Resolves selectors of every kind but those that follow a release, which stands in the table. Throws TryLater when AWS throttles. */
export interface SelectorResolver {
  resolve(selector: Selector): Promise<Resolution>;
}

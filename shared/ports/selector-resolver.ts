import type { Selector } from '../domain/selectors/selectors.ts';

/** What a selector means now. `version` is what is compared; `detail` are further facts for the build (e.g. `amiId`). */
export type Resolution =
  | { readonly found: true; readonly version: string; readonly detail: Readonly<Record<string, string>> }
  | { readonly found: false; readonly reason: string };

/** Resolves everything but `pipeline:` selectors, which the table answers. Throws TryLater when AWS throttles. */
export interface SelectorResolver {
  resolve(selector: Selector): Promise<Resolution>;
}

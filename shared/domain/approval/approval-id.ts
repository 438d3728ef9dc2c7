import { canonical, type Digest } from '../base/canonical.ts';

/** The id of an attempt's request: the same for each call, and without the bake's id in it. */
export function approvalId(digest: Digest, ref: { readonly bake: string; readonly attempt: number }): string {
  return digest(canonical({ approval: ref.bake, attempt: ref.attempt })).slice(0, 32);
}

import { WAIT_KINDS } from './registry.ts';
import type { WaitKind } from './wait.ts';

export type WaitKindName = (typeof WAIT_KINDS)[number]['name'];
export const WAIT_KIND_NAMES: readonly WaitKindName[] = WAIT_KINDS.map(({ name }) => name);

export function findWaitKind(name: WaitKindName): WaitKind {
  const found: WaitKind | undefined = WAIT_KINDS.find((kind) => kind.name === name);
  if (found === undefined) throw new Error(`Unknown kind of wait: ${name}`);
  return found;
}

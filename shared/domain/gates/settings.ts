import type { GateKind } from './gate.ts';
import { GATES } from './registry.ts';

type Configurable = Extract<(typeof GATES)[number], { readonly settings: unknown }>;

/** The schema of each gate's settings under the gate's name: the fields of `gates:` in a definition. */
export function listGateSettings() {
  const kinds: readonly GateKind<unknown, unknown>[] = GATES;
  return Object.fromEntries(
    kinds.flatMap(({ name, settings }) => (settings === undefined ? [] : [[name, settings]])),
  ) as { readonly [Kind in Configurable as Kind['name']]: Kind['settings'] };
}

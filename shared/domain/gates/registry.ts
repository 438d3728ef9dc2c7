import type { GateKind } from './gate.ts';
import { packages } from './packages.ts';
import { tests } from './tests.ts';

/** Every gate, in the order in which they are judged. A gate that asks a port has a collector in use-cases/gates/collectors.ts as well. */
export const GATES = [tests, packages] as const satisfies readonly GateKind<unknown, unknown>[];

import { approval } from './approval.ts';
import { capacity } from './capacity.ts';
import { command } from './command.ts';
import { copies } from './copies.ts';
import { gates } from './gates.ts';
import { image } from './image.ts';
import { instance } from './instance.ts';
import type { WaitKind } from './wait.ts';

/**
 * Every kind of wait. A wait is a state machine task that is paused on its task token. Why a pipeline is held is in domain/reconcile (holds).
 * A further kind is a line here and one in use-cases/waits/kinds/registry.ts.
 */
export const WAIT_KINDS = [
  image,
  instance,
  command,
  copies,
  approval,
  gates,
  capacity,
] as const satisfies readonly WaitKind[];

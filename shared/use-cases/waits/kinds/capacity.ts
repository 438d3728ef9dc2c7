import { gatesCheck } from './gates.ts';
import type { WaitCheck } from './wait-check.ts';

/** No event tells of room: what waits for it tries again when its time has come. */
export const capacityCheck: WaitCheck = gatesCheck;

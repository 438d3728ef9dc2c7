/** Every reason for which a pipeline does not bake. A new one is an entry here and, unless the entry finds it, its condition in `decide`. */
import type { HoldReasonKinds } from './hold-reason-kind.ts';
import { OWN_HOLDS } from './own-holds.ts';
import { TURN_HOLDS } from './turn-holds.ts';

/** In the order in which reasons are named. */
export const HOLD_REASONS: HoldReasonKinds = { ...OWN_HOLDS, ...TURN_HOLDS };

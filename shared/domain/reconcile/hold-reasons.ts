/**
 * Every reason for which a pipeline does not bake. The conditions of own-holds.ts are in its entries (`find`). The conditions of turn-holds.ts are
 * in decide.ts, that of an ancestor in ancestors.ts. A new reason is its facts (`FactsOf`), an entry in one of the two files, and its condition.
 */
import type { HoldReasonKinds } from './hold-reason-kind.ts';
import { OWN_HOLDS } from './own-holds.ts';
import { TURN_HOLDS } from './turn-holds.ts';

/** In the order in which reasons are named. */
export const HOLD_REASONS: HoldReasonKinds = { ...OWN_HOLDS, ...TURN_HOLDS };

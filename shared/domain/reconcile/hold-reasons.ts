/**
 * Every reason for which a pipeline does not bake. Those in own-holds.ts find their condition in the pipeline's own rows (`find` of the entry);
 * those in turn-holds.ts depend on other bakes, and decide.ts has their conditions. A new reason is an entry there and its condition.
 */
import type { HoldReasonKinds } from './hold-reason-kind.ts';
import { OWN_HOLDS } from './own-holds.ts';
import { TURN_HOLDS } from './turn-holds.ts';

/** In the order in which reasons are named. */
export const HOLD_REASONS: HoldReasonKinds = { ...OWN_HOLDS, ...TURN_HOLDS };

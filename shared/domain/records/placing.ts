/** How far a build or a test instance has come among its placements. Absent until one of them had no room. */
import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { Time } from './values.ts';

export const PlacingSchema = lazyObject(() => ({
  /** Counted from 0, and on after each round: the placement is the remainder. */
  index: z.number().int().nonnegative(),
  /** When there was no room first. */
  since: Time,
  reason: z.string(),
  /** Of the placements of this round, one may have room later. */
  mayHelp: z.boolean(),
  /** Set after a round in which none had room. */
  lookAgainAt: Time.optional(),
  /** The build or instance that ended for want of room: a repeat of the call does not count it twice. */
  lost: z.string().optional(),
}));
export type Placing = z.infer<typeof PlacingSchema>;

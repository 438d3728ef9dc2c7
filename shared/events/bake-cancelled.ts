import * as z from 'zod';
import { BakeEndedSchema } from './bake-ended.ts';

/** A person ended a bake before its release. */
export const BakeCancelledSchema = z.lazy(() =>
  BakeEndedSchema.unwrap().extend({ state: z.literal('cancelled') }),
);
export type BakeCancelled = z.infer<typeof BakeCancelledSchema>;

export const BAKE_CANCELLED = 'Ovenbird Bake Cancelled';

export function bakeCancelledEvent(detail: Omit<BakeCancelled, 'version'>) {
  return { detailType: BAKE_CANCELLED, detail: { version: 1, ...detail } satisfies BakeCancelled };
}

import * as z from 'zod';

/** Somebody ended a bake before its release. */
export const BakeCancelledSchema = z.object({
  version: z.literal(1),
  bake: z.string(),
  attempt: z.number().int().positive(),
  pipeline: z.string(),
  team: z.string().optional(),
  state: z.literal('cancelled'),
  step: z.string(),
  /** Error name, stable for programs. */
  name: z.string(),
  /** One sentence for people. */
  reason: z.string(),
  log: z.string().optional(),
  changes: z.array(z.string()),
  causes: z.array(z.string()),
});
export type BakeCancelled = z.infer<typeof BakeCancelledSchema>;

export const BAKE_CANCELLED = 'Ovenbird Bake Cancelled';

export function bakeCancelledEvent(detail: Omit<BakeCancelled, 'version'>) {
  return { detailType: BAKE_CANCELLED, detail: { version: 1, ...detail } satisfies BakeCancelled };
}

import * as z from 'zod';

/** An attempt of a bake failed, or was rejected, or nobody decided in time. */
export const BakeFailedSchema = z.object({
  version: z.literal(1),
  bake: z.string(),
  attempt: z.number().int().positive(),
  pipeline: z.string(),
  team: z.string().optional(),
  state: z.enum(['failed', 'rejected', 'expired']),
  step: z.string(),
  /** Error name, stable for programs. */
  name: z.string(),
  /** One sentence for people. */
  reason: z.string(),
  log: z.string().optional(),
  changes: z.array(z.string()),
  causes: z.array(z.string()),
});
export type BakeFailed = z.infer<typeof BakeFailedSchema>;

export const BAKE_FAILED = 'Ovenbird Bake Failed';

export function bakeFailedEvent(detail: Omit<BakeFailed, 'version'>) {
  return { detailType: BAKE_FAILED, detail: { version: 1, ...detail } satisfies BakeFailed };
}

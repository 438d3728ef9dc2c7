import * as z from 'zod';

/** A bake was started, or tried again. */
export const BakeStartedSchema = z.object({
  version: z.literal(1),
  bake: z.string(),
  attempt: z.number().int().positive(),
  pipeline: z.string(),
  team: z.string(),
  /** Sentence that says why. */
  reason: z.string(),
  changes: z.array(z.string()),
  causes: z.array(z.string()),
});
export type BakeStarted = z.infer<typeof BakeStartedSchema>;

export const BAKE_STARTED = 'Ovenbird Bake Started';

export function bakeStartedEvent(detail: Omit<BakeStarted, 'version'>) {
  return { detailType: BAKE_STARTED, detail: { version: 1, ...detail } satisfies BakeStarted };
}

import * as z from 'zod';

/** A bake gave way to one with newer versions, before it was approved. */
export const BakeSupersededSchema = z.object({
  version: z.literal(1),
  bake: z.string(),
  attempt: z.number().int().positive(),
  pipeline: z.string(),
  team: z.string().optional(),
  state: z.literal('superseded'),
  step: z.string(),
  /** Error name, stable for programs. */
  name: z.string(),
  /** One sentence for people. */
  reason: z.string(),
  log: z.string().optional(),
  changes: z.array(z.string()),
  causes: z.array(z.string()),
});
export type BakeSuperseded = z.infer<typeof BakeSupersededSchema>;

export const BAKE_SUPERSEDED = 'Ovenbird Bake Superseded';

export function bakeSupersededEvent(detail: Omit<BakeSuperseded, 'version'>) {
  return { detailType: BAKE_SUPERSEDED, detail: { version: 1, ...detail } satisfies BakeSuperseded };
}

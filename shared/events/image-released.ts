import * as z from 'zod';
import { ReleaseTargetSchema } from '../domain/records/releases.ts';

/** An approved image, verified on every required target, has become current in a channel. Children of the pipeline are reconciled because of it. */
export const ImageReleasedSchema = z.object({
  version: z.literal(1),
  bake: z.string(),
  attempt: z.number().int().positive(),
  pipeline: z.string(),
  team: z.string(),
  channel: z.string(),
  release: z.string(),
  reason: z.string(),
  /** Where the bake began; anything but `Build` is about a retained image. */
  startsAt: z.enum(['Build', 'Test', 'Approve', 'Distribute']).optional(),
  /** AMI in the control account per variant. */
  images: z.record(z.string(), z.string()),
  /** At most a hundred; the release itself, read through the API, names all. */
  targets: z.array(ReleaseTargetSchema.unwrap().omit({ artifact: true }).extend({ imageId: z.string() })),
  changes: z.array(z.string()),
  causes: z.array(z.string()),
});
export type ImageReleased = z.infer<typeof ImageReleasedSchema>;

export const IMAGE_RELEASED = 'Ovenbird Image Released';

export function imageReleasedEvent(detail: Omit<ImageReleased, 'version'>) {
  return { detailType: IMAGE_RELEASED, detail: { version: 1, ...detail } satisfies ImageReleased };
}

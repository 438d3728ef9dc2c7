import * as z from 'zod';

/** A change leads to more bakes than may start without a person: they wait until a person confirms them. */
export const WaveWaitingSchema = z.object({
  version: z.literal(1),
  change: z.string(),
  selector: z.string(),
  from: z.string().optional(),
  to: z.string(),
  images: z.number().int().positive(),
  /** Counting stopped at `images`. */
  isMore: z.boolean(),
});
export type WaveWaiting = z.infer<typeof WaveWaitingSchema>;

export const WAVE_WAITING = 'Ovenbird Wave Waiting';

export function waveWaitingEvent(detail: Omit<WaveWaiting, 'version'>) {
  return { detailType: WAVE_WAITING, detail: { version: 1, ...detail } satisfies WaveWaiting };
}

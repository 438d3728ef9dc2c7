import * as z from 'zod';
import { BakeEndedSchema } from './bake-ended.ts';

/** A bake gave way to one with newer versions, before it was approved. */
export const BakeSupersededSchema = z.lazy(() =>
  BakeEndedSchema.unwrap().extend({ state: z.literal('superseded') }),
);
export type BakeSuperseded = z.infer<typeof BakeSupersededSchema>;

export const BAKE_SUPERSEDED = 'Ovenbird Bake Superseded';

export function bakeSupersededEvent(detail: Omit<BakeSuperseded, 'version'>) {
  return { detailType: BAKE_SUPERSEDED, detail: { version: 1, ...detail } satisfies BakeSuperseded };
}

import * as z from 'zod';
import { BakeEndedSchema } from './bake-ended.ts';

/** An attempt of a bake failed, or was rejected, or its approval expired. */
export const BakeFailedSchema = z.lazy(() =>
  BakeEndedSchema.unwrap().extend({ state: z.enum(['failed', 'rejected', 'expired']) }),
);
export type BakeFailed = z.infer<typeof BakeFailedSchema>;

export const BAKE_FAILED = 'Ovenbird Bake Failed';

export function bakeFailedEvent(detail: Omit<BakeFailed, 'version'>) {
  return { detailType: BAKE_FAILED, detail: { version: 1, ...detail } satisfies BakeFailed };
}

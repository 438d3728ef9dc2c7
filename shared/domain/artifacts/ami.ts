import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import type { ArtifactKind } from './artifact.ts';

/** An AMI in the account and region that it stands in, with the snapshots of its volumes. */
export const AmiSchema = lazyObject(() => ({
  kind: z.literal('ami'),
  account: z.string(),
  region: z.string(),
  imageId: z.string(),
  snapshotIds: z.array(z.string()),
}));
export type Ami = z.infer<typeof AmiSchema>;

export const ami = {
  schema: AmiSchema,
  id: ({ imageId }) => imageId,
} satisfies ArtifactKind<Ami>;

/** An artifact is what a bake makes and a target holds: one value of one of the kinds in registry.ts. */
import type * as z from 'zod';

/** A kind of artifact: how it is stored, and the id that people know it by. */
export interface ArtifactKind<Artifact extends { readonly kind: string }> {
  readonly schema: z.ZodType<Artifact>;
  id(artifact: Artifact): string;
}

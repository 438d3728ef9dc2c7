/** Everything that follows from the list of artifact kinds. */
import * as z from 'zod';
import { ARTIFACTS } from './registry.ts';

export type ArtifactName = keyof typeof ARTIFACTS;
type Schemas = (typeof ARTIFACTS)[ArtifactName]['schema'];

export const ArtifactSchema = z.lazy(() => {
  const schemas = Object.values(ARTIFACTS).map(({ schema }) => schema);
  return z.discriminatedUnion('kind', schemas as [Schemas, ...Schemas[]]);
});
export type Artifact = z.infer<typeof ArtifactSchema>;

/** The id by which people, parameters and dependents name the artifact. */
export function findArtifactId(artifact: Artifact): string {
  return ARTIFACTS[artifact.kind].id(artifact);
}

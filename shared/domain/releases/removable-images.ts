/** The images of a release: copies of targets, what the control account shares, and what was built. */
import { type Artifact, findArtifactId } from '../artifacts/artifacts.ts';
import type { ReleaseRecord } from '../records/releases.ts';

export function listImageIds({ images, targets }: ReleaseRecord): Set<string> {
  return new Set([...Object.values(images), ...targets.map(({ artifact }) => findArtifactId(artifact))]);
}

/** Each artifact once, those of targets before those of the control account: what others are copied from goes last. */
export function listArtifacts(
  { targets }: ReleaseRecord,
  built: readonly Artifact[],
  control: string,
): Artifact[] {
  const all = [...targets.map(({ artifact }) => artifact), ...built];
  const byId = new Map(all.map((artifact) => [findArtifactId(artifact), artifact]));
  return [...byId.values()].sort((a, b) => Number(a.account === control) - Number(b.account === control));
}

/**
 * A fingerprint says what an image would be made of (bits) and how it would be judged (proof). States of a pipeline with
 * equal fingerprints give the same image, so one bake answers them all.
 */
import { canonical } from './canonical.ts';
import type { Definition } from './definition.ts';
import type { Lock } from './records.ts';

type DigestOf = (text: string) => string;

/** The definition's own part of the bits: whatever ends up in the image or on its volumes. Instance types and time-outs do not. */
export function recipeDigest(digest: DigestOf, definition: Definition): string {
  const { build, components, variants } = definition;
  return digest(
    canonical({
      engine: build.engine,
      variants,
      parameters: components.map((component) => component.parameters ?? {}),
      rootVolumeGiB: build.rootVolumeGiB,
      dataVolumes: build.dataVolumes,
    }),
  );
}

/** What judges the image: suites, gates and where the suites run. */
export function proofDigest(digest: DigestOf, definition: Definition): string {
  const { tests, gates } = definition;
  return digest(canonical({ suites: tests.suites, instanceTypes: tests.instanceTypes, gates }));
}

/** `salt` is the id of a forced request: the same versions again, but another bake. */
export function bitsDigest(
  digest: DigestOf,
  parts: { readonly recipe: string; readonly lock: Lock; readonly salt: string | undefined },
): string {
  const { recipe, lock, salt } = parts;
  return digest(
    canonical({
      recipe,
      base: lock.base.version,
      components: lock.components.map((component) => component.version),
      salt,
    }),
  );
}

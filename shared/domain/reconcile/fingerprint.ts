/**
 * A fingerprint is two hashes. `bits`: of what changes the image. `proof`: of what changes how the image is judged. Desired states of a pipeline
 * with equal fingerprints give the same image, so that one bake is enough for all of them.
 */
import { canonical, type Digest } from '../base/canonical.ts';
import type { Definition } from '../definitions/definition.ts';
import { findEngine } from '../engines/engines.ts';
import type { FingerprintInputs, Lock } from '../records/locks.ts';

/** The definition's own part of the bits: whatever ends up in the image or on its volumes. Instance types and time-outs do not. */
export function computeDefinitionDigest(digest: Digest, definition: Definition): string {
  const { build, components, variants } = definition;
  return digest(
    canonical({
      engine: build.engine,
      variants,
      parameters: components.map((component) => component.parameters ?? {}),
      rootVolumeGiB: build.rootVolumeGiB,
      ...findEngine(build).contents(build),
      dataVolumes: build.dataVolumes,
      key: build.key,
    }),
  );
}

/** What judges the image: suites, gates and where the suites run. */
export function computeProofDigest(digest: Digest, definition: Definition): string {
  const { tests, gates } = definition;
  const parameters = tests.components.map((component) => component.parameters ?? {});
  const { suites, instanceTypes } = tests;
  const { hopLimit } = tests.metadata;
  return digest(canonical({ suites, instanceTypes, hopLimit, parameters, gates }));
}

/** Test components judge the image too: their versions are part of the proof. */
export function computeProof(digest: Digest, proof: string, lock: Lock): string {
  if (lock.tests.length === 0) return proof;
  return digest(canonical({ proof, tests: lock.tests.map((component) => component.version) }));
}

export function computeBits(
  digest: Digest,
  parts: {
    readonly lock: Lock;
    readonly fingerprintInputs: FingerprintInputs;
    readonly testsAreBits: boolean;
  },
): string {
  const { lock, fingerprintInputs, testsAreBits } = parts;
  const { definitionDigest, rebuildToken, tick, minimumVersions } = fingerprintInputs;
  const versions = (entries: Lock['components']) => entries.map((entry) => entry.version);
  return digest(
    canonical({
      definitionDigest,
      base: lock.base.version,
      components: versions(lock.components),
      // Each under its own name, so that their order says nothing.
      inputs: Object.fromEntries(lock.inputs.map((entry) => [entry.key, entry.version])),
      tests: testsAreBits ? versions(lock.tests) : undefined,
      rebuildToken,
      tick,
      minimumVersions,
    }),
  );
}

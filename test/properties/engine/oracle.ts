/**
 * What must be baked, told from the design alone: this file imports nothing, least of all the engine. A pipeline is stale when something that
 * it depends on has moved, when its own definition has, or when a pipeline that it depends on has a new release.
 */

/** A version of a component or an image: `1.10.0`, and its build. */
export interface OracleVersion {
  readonly version: string;
  readonly build: number;
  readonly deprecated: boolean;
}

/** Something outside that a pipeline depends on: what it was, and what it is now. */
export type OracleDependency =
  | { readonly kind: 'value'; readonly before: string | undefined; readonly now: string | undefined }
  | {
      readonly kind: 'semver';
      readonly pattern: string;
      /** `1.9.0/1` */
      readonly before: string | undefined;
      readonly published: readonly OracleVersion[];
    };

export interface OraclePipeline {
  readonly name: string;
  /** Pipelines that it depends on. */
  readonly parents: readonly string[];
  /** What is in the image. */
  readonly bits: readonly OracleDependency[];
  /** What judges it: test components, unless the build runs them itself. */
  readonly proof: readonly OracleDependency[];
  /** What its definition now says otherwise than the one that its release was made of. */
  readonly redefined: { readonly bits: boolean; readonly proof: boolean };
  /** It starts without a person: it is not manual, not disabled and not pinned. */
  readonly startsByItself: boolean;
}

/** The pipelines that must be baked, each once, parents before children. */
export function computeRequiredBakes(pipelines: readonly OraclePipeline[]): string[] {
  const found: string[] = [];
  const newImages = new Set<string>();
  for (const pipeline of sortParentsFirst(pipelines)) {
    const hasNewBits = haveBitsChanged(pipeline) || pipeline.parents.some((parent) => newImages.has(parent));
    if (!pipeline.startsByItself || !(hasNewBits || hasProofChanged(pipeline))) continue;
    found.push(pipeline.name);
    // An image that is only judged again is the image that it was: for its dependents nothing has changed.
    if (hasNewBits) newImages.add(pipeline.name);
  }
  return found;
}

export function haveBitsChanged({ bits, redefined }: OraclePipeline): boolean {
  return redefined.bits || bits.some(hasChanged);
}

export function hasProofChanged({ proof, redefined }: OraclePipeline): boolean {
  return redefined.proof || proof.some(hasChanged);
}

/** Whether the selector has changed: a semantic version only moves forward, anything else whenever it differs; what is gone is no change. */
export function hasChanged(dependency: OracleDependency): boolean {
  if (dependency.kind === 'value')
    return dependency.now !== undefined && dependency.now !== dependency.before;
  const newest = findNewest(dependency.published, dependency.pattern);
  if (newest === undefined) return false;
  return dependency.before === undefined || isNewer(newest, parseVersion(dependency.before));
}

/** Names with all that they depend on before them. */
function sortParentsFirst(pipelines: readonly OraclePipeline[]): OraclePipeline[] {
  const byName = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]));
  const placed = new Set<string>();
  const order: OraclePipeline[] = [];
  const place = (pipeline: OraclePipeline) => {
    if (placed.has(pipeline.name)) return;
    placed.add(pipeline.name);
    for (const parent of pipeline.parents) {
      const found = byName.get(parent);
      if (found !== undefined) place(found);
    }
    order.push(pipeline);
  };
  for (const pipeline of pipelines) place(pipeline);
  return order;
}

type VersionNumbers = readonly bigint[];

function parseVersion(version: string): VersionNumbers {
  return version.split(/[./]/).map(BigInt);
}

function findNewest(published: readonly OracleVersion[], pattern: string): VersionNumbers | undefined {
  let newest: VersionNumbers | undefined;
  for (const { version, build, deprecated } of published) {
    if (deprecated || !matchesPattern(pattern, version)) continue;
    const numbers = parseVersion(`${version}/${build}`);
    if (newest === undefined || isNewer(numbers, newest)) newest = numbers;
  }
  return newest;
}

function matchesPattern(pattern: string, version: string): boolean {
  const wanted = pattern.split('.');
  return version.split('.').every((node, index) => wanted[index] === 'x' || wanted[index] === node);
}

function isNewer(one: VersionNumbers, other: VersionNumbers): boolean {
  for (let index = 0; index < 4; index += 1) {
    const [left = 0n, right = 0n] = [one[index], other[index]];
    if (left !== right) return left > right;
  }
  return false;
}

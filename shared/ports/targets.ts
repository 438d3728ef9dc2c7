import type { CopyRequest, ImageFacts } from './own-images.ts';

/**
 * What may be done in one target, under the target's role. Every call may be repeated. Throws TryLater where AWS throttles or a quota is
 * in use, DistributionFailed where it refuses.
 */
export interface TargetAccount {
  /** ARN of the key behind an alias, id or ARN. Throws DistributionFailed when there is none. */
  resolveKey(key: string): Promise<string>;
  /** Starts a copy, or finds what an earlier call with the same client token started. */
  copy(request: CopyRequest): Promise<{ imageId: string }>;
  describe(imageId: string): Promise<ImageFacts | undefined>;
  findByBake(bake: string): Promise<readonly ImageFacts[]>;
  tag(resources: readonly string[], tags: Readonly<Record<string, string>>): Promise<void>;
  deprecate(imageId: string, at: string): Promise<void>;
  remove(imageId: string): Promise<void>;
  /** A new version of the launch template that names the image; not the default yet. Found again by its description. */
  addTemplateVersion(
    template: string,
    imageId: string,
    description: string,
  ): Promise<{ version: string; previousDefault: string }>;
  setDefaultTemplateVersion(template: string, version: string): Promise<void>;
  readTemplateDefault(template: string): Promise<{ version: string; imageId?: string } | undefined>;
  /** Deletes a version that is not the default; one that is gone already is no error. */
  removeTemplateVersion(template: string, version: string): Promise<void>;
  readParameter(name: string): Promise<string | undefined>;
  writeParameter(name: string, imageId: string, tags: Readonly<Record<string, string>>): Promise<void>;
  removeParameter(name: string): Promise<void>;
  /** What would fail there. `key` only where copies are encrypted with one of the target's own. */
  preflight(request: {
    key?: string;
    parameter: string;
    launchTemplate?: string;
  }): Promise<readonly { field: string; problem: string; fix: string }[]>;
}

export interface Targets {
  /** Assumes the target's role (external id). Throws PreflightFailed with the missing statement when the role cannot be assumed. */
  open(account: string, region: string): Promise<TargetAccount>;
}

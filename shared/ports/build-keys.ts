import type { KeyFacts } from '../domain/keys/image-keys.ts';

/** A key that builds are encrypted with when their definition names none, and who chose it. */
export interface DefaultBuildKey {
  readonly key: string;
  readonly chosenBy: 'installation' | 'account';
}

/** Keys of the control account in its own region, where images are built. */
export interface BuildKeys {
  /** Undefined where volumes stay as the parent has them. */
  readDefault(): Promise<DefaultBuildKey | undefined>;
  /** Undefined where there is no such key. Throws DistributionFailed when it may not be read. */
  describe(key: string): Promise<KeyFacts | undefined>;
}

import type { BaseImage } from '../domain/artifacts/base-image.ts';
import type { InstanceType } from '../domain/artifacts/instance-type.ts';

/** Images in the home region that others are built on, of any owner. */
export interface BaseImages {
  /** Undefined where there is no such image, or none that we may see. */
  describe(imageId: string): Promise<BaseImage | undefined>;
}

/** Instance types of the home region. */
export interface InstanceTypes {
  /** Those of the names that the region has. */
  describe(names: readonly string[]): Promise<readonly InstanceType[]>;
}

import type { ComponentFacts } from '../domain/definitions/components.ts';

/** Components of Image Builder, of any owner. */
export interface Components {
  /** Of a build version. Undefined where there is none, or none that we may see. */
  describe(version: string): Promise<ComponentFacts | undefined>;
}

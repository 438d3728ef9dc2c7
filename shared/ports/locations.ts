import type { ArtifactStore, Stores } from './artifact-store.ts';
import type { Pointers } from './pointers.ts';

export interface LocationProblem {
  readonly field: string;
  readonly problem: string;
  readonly fix: string;
}

/** An account and region. */
export interface Location {
  readonly artifacts: Stores;
  readonly pointers: Pointers;
  /** What would fail there. `key` only where copies are encrypted with a key of the location. */
  preflight(request: {
    key?: string;
    parameter: string;
    launchTemplate?: string;
  }): Promise<readonly LocationProblem[]>;
}

/** The control account in any region, with the rights of the product itself. */
export interface ControlLocations<Call extends keyof ArtifactStore = keyof ArtifactStore> {
  openControl(region: string): { readonly artifacts: Stores<Call> };
}

export interface Locations extends ControlLocations {
  /** ARN of the role in a target, whether or not it is there. */
  toRoleArn(account: string, region: string): string;
  /**
   * Opens a target with the rights of its role (external id), the control account's own included. Throws PreflightFailed with the missing
   * statement when the role cannot be assumed.
   */
  open(account: string, region: string): Promise<Location>;
}

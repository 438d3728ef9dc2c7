import type { Shortage } from '../domain/bakes/placing.ts';
import type { Placement } from '../domain/definitions/definition.ts';

export interface LaunchRequest {
  readonly clientToken: string;
  readonly imageId: string;
  /** In order of preference. */
  readonly instanceTypes: readonly string[];
  readonly placement: Placement;
  /** Which of its placements it takes, each type in each subnet, counted from 0 and round again after the last. */
  readonly placing: number;
  readonly hopLimit?: number | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface TestInstances {
  /** Launches, or finds what an earlier call with the same client token launched. IMDSv2, ends itself never: the caller terminates. */
  launch(
    request: LaunchRequest,
  ): Promise<{ placements: number } & ({ instance: string } | { shortage: Shortage })>;
  /** `ready`: running and reachable for Run Command. */
  status(
    instance: string,
  ): Promise<{ state: 'starting' | 'ready' } | { state: 'gone'; reason: string; isShortage: boolean }>;
  terminate(instances: readonly string[]): Promise<void>;
  /** Instances of a bake (of one attempt, where it is given) that are not terminated, by tag. */
  findByBake(bake: string, attempt?: number): Promise<readonly string[]>;
}

export interface TestInstances {
  /** Launches, or finds what an earlier call with the same client token launched. No inbound port, IMDSv2, ends itself never: the caller terminates. */
  launch(request: {
    clientToken: string;
    imageId: string;
    instanceType: string;
    tags: Readonly<Record<string, string>>;
  }): Promise<{ instance: string }>;
  /** `ready`: running and reachable for Run Command. */
  status(instance: string): Promise<{ state: 'starting' | 'ready' } | { state: 'gone'; reason: string }>;
  terminate(instances: readonly string[]): Promise<void>;
  /** Instances of a bake (of one attempt, where it is given) that are not terminated, by tag. */
  findByBake(bake: string, attempt?: number): Promise<readonly string[]>;
}

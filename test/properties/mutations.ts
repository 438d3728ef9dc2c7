/** Faults that can be planted in the sources, by world. */
import { APPROVAL_MUTATIONS } from './approval/mutations.ts';
import { ENGINE_MUTATIONS } from './engine/mutations.ts';
import type { Mutation } from './planting.ts';
import { RETENTION_MUTATIONS } from './retention/mutations.ts';

export const MUTATIONS = {
  engine: ENGINE_MUTATIONS,
  approval: APPROVAL_MUTATIONS,
  retention: RETENTION_MUTATIONS,
} as const satisfies Readonly<Record<string, Readonly<Record<string, Mutation>>>>;

/** The planted fault of that name, if the world has its faults in the sources. */
export function findMutation(world: string, name: string): Mutation | undefined {
  const faults: Readonly<Record<string, Readonly<Record<string, Mutation>>>> = MUTATIONS;
  return faults[world]?.[name];
}

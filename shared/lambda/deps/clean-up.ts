import { voidApprovals } from '../../use-cases/approval/void-approvals.ts';
import type { CleanUpDeps } from '../../use-cases/bakes/clean-up-bake.ts';
import { removeCopies } from '../../use-cases/distribution/remove-copies.ts';
import { clock, digest } from './basics.ts';
import { engines } from './engines.ts';
import { home } from './home.ts';
import { locations } from './locations.ts';
import { table } from './table.ts';
import { testInstances } from './test-instances.ts';
import { workflows } from './workflows.ts';

/** Everything that an attempt may have left somewhere. */
export function cleanUpDeps() {
  return {
    table: table(),
    clock,
    workflows: workflows(),
    engines,
    instances: testInstances(),
    locations: locations(),
    home: home(),
    removeCopies: (ref, options) =>
      removeCopies({ table: table(), clock, locations: locations() }, ref, options),
    voidApprovals: (ref) => voidApprovals({ table: table(), digest }, ref),
  } satisfies CleanUpDeps;
}

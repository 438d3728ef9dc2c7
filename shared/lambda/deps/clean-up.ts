import { voidApprovals } from '../../use-cases/approval/void-approvals.ts';
import type { CleanUpDeps } from '../../use-cases/bakes/clean-up-bake.ts';
import { removeCopies } from '../../use-cases/distribution/remove-copies.ts';
import { clock, digest } from './basics.ts';
import { engines } from './engines.ts';
import { home } from './home.ts';
import { ownImages } from './own-images.ts';
import { table } from './table.ts';
import { targets } from './targets.ts';
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
    images: ownImages(),
    home: home(),
    removeCopies: (ref) => removeCopies({ table: table(), ownImages: ownImages(), targets: targets() }, ref),
    voidApprovals: (ref) => voidApprovals({ table: table(), digest }, ref),
  } satisfies CleanUpDeps;
}

/** The engine's world, as one run of many: in most runs changes come while pipelines are reconciled, in some all come first, and few runs are tried in every way that there is. */
import type fc from 'fast-check';
import type { PropertyWorld } from '../worlds.ts';
import { crashEverywhere } from './crash.ts';
import { playMoving } from './play.ts';
import { findFewestBakes } from './schedule-search.ts';
import { playStill } from './still.ts';
import { movingWorld, STILL_SIZES, type StillWorld, type World } from './world.ts';

type Kind = 'moving' | 'still' | 'searched' | 'crashed';

/** Of 10,000 runs 100 crash everywhere and 200 are searched for a smaller schedule. */
export function pickKind(run: number): Kind {
  if (run % 100 === 7) return 'crashed';
  if (run % 50 === 3) return 'searched';
  return run % 3 === 0 ? 'still' : 'moving';
}

const GENERATORS: Readonly<Record<Kind, fc.Arbitrary<unknown>>> = {
  moving: movingWorld,
  still: STILL_SIZES.any,
  searched: STILL_SIZES.searched,
  crashed: STILL_SIZES.crashed,
};

export const engineWorld: PropertyWorld = {
  given: (run) => GENERATORS[pickKind(run)],
  play: async (run, given) => {
    switch (pickKind(run)) {
      case 'moving':
        return playMoving(given as World);
      case 'still':
        return (await playStill(given as StillWorld)).broken;
      case 'searched':
        return playSearched(given as StillWorld);
      case 'crashed':
        return crashEverywhere(given as StillWorld);
    }
  },
};

async function playSearched(given: StillWorld): Promise<readonly string[]> {
  const { oracleInputs: asked, bakes, broken } = await playStill(given);
  const fewest = findFewestBakes(asked, bakes);
  if (fewest === bakes) return broken;
  return [...broken, `2: ${bakes} bakes, where ${fewest ?? 'more than that'} would do`];
}

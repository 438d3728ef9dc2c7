/**
 * A process dies at every place where it makes a difference, one at a time: whatever dies, the bakes are those that the oracle names. The world
 * cannot tell whether a process died before or after it read something, so the places are the first call of each process and the moment after
 * each call that has an effect.
 */
import { Crash } from '../../support/crashing.ts';
import type { CallWrapper } from './handlers.ts';
import { playStill } from './still.ts';
import type { StillWorld } from './world.ts';

const READS = new Set(['get', 'getMany', 'query', 'resolve', 'describe']);
/** More than a small world makes; a run that makes more is a fault. */
const MAX_CRASH_POINTS = 600;

export async function crashEverywhere(given: StillWorld): Promise<string[]> {
  const plain = { ...given, lost: 0, doubled: 0, late: 0, crashes: [] };
  const counted = { places: 0 };
  const first = await playStill(plain, { around: () => crashAtPoint(Number.POSITIVE_INFINITY, counted) });
  if (first.broken.length > 0) return [...first.broken];
  if (counted.places > MAX_CRASH_POINTS)
    return [`8: ${counted.places} writes and messages for so small a world`];
  for (let place = 0; place < counted.places; place += 1) {
    const count = { places: 0 };
    const { broken } = await playStill(plain, { around: () => crashAtPoint(place, count) });
    if (broken.length > 0) return broken.map((text) => `${text} (crash at place ${place})`);
  }
  return [];
}

/** Around the calls of one process: it dies in the place of that number. */
function crashAtPoint(place: number, count: { places: number }): CallWrapper {
  let isDead = false;
  let isFirst = true;
  const isHere = () => {
    count.places += 1;
    isDead = count.places - 1 === place;
    return isDead;
  };
  return async (make, name) => {
    if (isDead) throw new Crash('dead already');
    if (isFirst) {
      isFirst = false;
      if (isHere()) throw new Crash('before its first call');
    }
    const answer = await make();
    if (isDead || (!READS.has(name) && isHere())) throw new Crash(`after ${name}`);
    return answer;
  };
}

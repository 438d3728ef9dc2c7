/**
 * A process dies at every point where it makes a difference, one at a time: always the bakes are those that the oracle names. The world cannot
 * tell whether a process died before or after it read something, so the points are the first call of each process and the moment after each call
 * that has an effect.
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
  const counted = { points: 0 };
  const first = await playStill(plain, { around: () => crashAtPoint(Number.POSITIVE_INFINITY, counted) });
  if (first.broken.length > 0) return [...first.broken];
  if (counted.points > MAX_CRASH_POINTS)
    return [`8: ${counted.points} writes and messages for so small a world`];
  for (let point = 0; point < counted.points; point += 1) {
    const count = { points: 0 };
    const { broken } = await playStill(plain, { around: () => crashAtPoint(point, count) });
    if (broken.length > 0) return broken.map((text) => `${text} (crash at point ${point})`);
  }
  return [];
}

/** Around the calls of one process: it dies at the point of that number. */
function crashAtPoint(point: number, count: { points: number }): CallWrapper {
  let isDead = false;
  let isFirst = true;
  const isHere = () => {
    count.points += 1;
    isDead = count.points - 1 === point;
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

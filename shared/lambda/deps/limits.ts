import type { Limits } from '../../ports/limits.ts';
import { env } from '../env.ts';
import { lazy } from '../lazy.ts';

export const limits = lazy(() => {
  const given = env('MOST_BAKES_AT_ONCE', 'MOST_BAKES_OF_TEAM_AT_ONCE', 'LARGEST_WAVE');
  return {
    bakes: given.MOST_BAKES_AT_ONCE,
    bakesOfTeam: given.MOST_BAKES_OF_TEAM_AT_ONCE,
    wave: given.LARGEST_WAVE,
  };
});

/** For functions that count waves and start nothing. */
export const waveLimit: () => Pick<Limits, 'wave'> = lazy(() => ({ wave: env('LARGEST_WAVE').LARGEST_WAVE }));

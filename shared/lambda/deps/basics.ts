import { sha256, systemClock, ulids } from '../../adapters/system-clock.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Digest } from '../../ports/ids.ts';
import { lazy } from '../lazy.ts';

export const clock: Clock = systemClock;
export const digest: Digest = sha256;
export const ids = lazy(ulids);

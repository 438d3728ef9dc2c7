import { toSuccess } from '../../../domain/waits/wait.ts';
import type { WaitCheck } from './wait-check.ts';

/** The machine judges again when the earliest time has come that a gate named. */
export const gatesCheck: WaitCheck = {
  async check({ clock }, { subject }) {
    return clock.now().toISOString() < (subject.lookAgainAt ?? '') ? undefined : toSuccess({});
  },
};

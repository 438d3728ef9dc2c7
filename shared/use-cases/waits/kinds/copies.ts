import type { WaitCheck } from './wait-check.ts';

export const copiesCheck: WaitCheck = {
  check: ({ checkCopies }, wait) => checkCopies(wait),
};

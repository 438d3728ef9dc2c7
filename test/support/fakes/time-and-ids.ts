import { sha256 } from '../../../shared/adapters/system-clock.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import type { Digest, Ids } from '../../../shared/ports/ids.ts';

export interface FakeClock extends Clock {
  forward(seconds: number): void;
}

/** Stands still until it is moved. */
export function fakeClock(start = '2026-03-02T08:00:00.000Z'): FakeClock {
  let time = new Date(start).getTime();
  return {
    now: () => new Date(time),
    forward: (seconds) => {
      time += seconds * 1000;
    },
  };
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Ids in the form of a ULID that count up. */
export function countingIds(): Ids {
  let count = 0;
  return {
    next: () => {
      count += 1;
      let rest = count;
      let text = '';
      while (text.length < 10) {
        text = `${ALPHABET[rest % 32] ?? '0'}${text}`;
        rest = Math.floor(rest / 32);
      }
      return `01JTEST000000000${text}`;
    },
  };
}

export const digest: Digest = sha256;

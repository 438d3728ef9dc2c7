import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  detectFlapping,
  type FlapResult,
  type LeftVersion,
  SETTLE_SECONDS,
  type Unsettled,
} from '../../../shared/domain/selectors/flapping.ts';

interface Row {
  version: string;
  leftVersions: readonly LeftVersion[];
  unsettled?: Unsettled | undefined;
}

/** What detect does with a selector that is resolved now and then. */
function look(row: Row, seen: string, at: Date): FlapResult['kind'] | 'same' {
  if (seen === row.version) {
    row.unsettled = undefined;
    return 'same';
  }
  const flap = detectFlapping(row, seen, at);
  if (flap.kind === 'wait') row.unsettled = flap.unsettled;
  else Object.assign(row, { version: seen, leftVersions: flap.leftVersions, unsettled: undefined });
  return flap.kind;
}

const atMinute = (minutes: number) => new Date(Date.parse('2026-03-02T08:00:00.000Z') + minutes * 60_000);

describe('a value that moves to and fro', () => {
  it('is followed there and back once; then it has to stand still', () => {
    const row: Row = { version: 'a', leftVersions: [] };

    expect(look(row, 'b', atMinute(0))).toBe('move');
    expect(look(row, 'a', atMinute(5))).toBe('move');
    expect(look(row, 'b', atMinute(10))).toBe('wait');
    expect(look(row, 'b', atMinute(24))).toBe('wait');
    expect(look(row, 'b', atMinute(25))).toBe('move');
  });

  it('begins to stand still anew when it was elsewhere meanwhile', () => {
    const row: Row = { version: 'a', leftVersions: [] };
    for (const [seen, minute] of [
      ['b', 0],
      ['a', 5],
      ['b', 10],
      ['a', 20],
    ] as const)
      look(row, seen, atMinute(minute));

    expect(look(row, 'b', atMinute(24))).toBe('wait');
    expect(look(row, 'b', atMinute(26))).toBe('wait');
    expect(look(row, 'b', atMinute(39))).toBe('move');
  });

  it('is followed at once to what it never was, and when it was calm for an hour', () => {
    const row: Row = { version: 'a', leftVersions: [] };
    for (const [seen, minute] of [
      ['b', 0],
      ['a', 5],
    ] as const)
      look(row, seen, atMinute(minute));

    expect(look(row, 'c', atMinute(6))).toBe('move');
    expect(look(row, 'b', atMinute(70))).toBe('move');
  });

  it('is followed in the end, whatever it did before, and remembers no more than it needs', () => {
    const step = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const row: Row = { version: 'a', leftVersions: [] };
        let minute = 0;
        for (const [seen, minutes] of steps) {
          minute += minutes;
          look(row, seen, atMinute(minute));
        }
        const last = steps.at(-1)?.[0] ?? 'a';
        const until = minute + SETTLE_SECONDS / 60;
        look(row, last, atMinute(minute));
        look(row, last, atMinute(until));

        expect(row.version).toBe(last);
        expect(row.leftVersions.length).toBeLessThanOrEqual(12);
      }),
    );
  });
});

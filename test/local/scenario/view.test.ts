import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Row, renderFrame, WIDTH } from '../../../local/scenario/view.ts';
import { ATTEMPT_STATES, STEP_NAMES } from '../../../shared/domain/records/attempt-states.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{1,38}[a-z0-9]$/);
const row: fc.Arbitrary<Row> = fc.record({
  pipeline: name,
  level: fc.integer({ min: 0, max: 6 }),
  state: fc.constantFrom<string>(...ATTEMPT_STATES, 'ancestor-in-progress', 'superseded-twice'),
  done: fc.subarray([...STEP_NAMES]),
  running: fc.option(fc.constantFrom(...STEP_NAMES), { nil: undefined }),
  failed: fc.option(fc.constantFrom(...STEP_NAMES), { nil: undefined }),
  seconds: fc.option(fc.integer({ min: 0, max: 359_999 }), { nil: undefined }),
  bakes: fc.integer({ min: 0, max: 9999 }),
});

describe('the live view', () => {
  it('fits 80 columns in every state', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(row, { maxLength: 30 }),
        fc.array(fc.string({ maxLength: 300 }), { maxLength: 8 }),
        fc.nat(100_000),
        (title, rows, news, elapsedSeconds) => {
          for (const line of renderFrame({ title, rows, news, elapsedSeconds }, false))
            expect([...line].length).toBeLessThanOrEqual(WIDTH);
        },
      ),
    );
  });

  it('shows how far each bake has come', () => {
    const lines = renderFrame(
      {
        title: 'golden-images',
        elapsedSeconds: 61,
        rows: [
          {
            pipeline: 'hardened',
            level: 1,
            state: 'awaiting-approval',
            done: ['Preflight', 'Build', 'Test', 'Gate'],
            running: 'Approve',
            bakes: 1,
          },
        ],
        news: [],
      },
      false,
    );

    expect(lines.join('\n')).toContain('hardened');
    expect(lines.join('\n')).toContain('● ● ● ● ◐ · ·');
    expect(lines[0]).toContain('01:01');
  });
});

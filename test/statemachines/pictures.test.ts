import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { draw, listDrawnMachines, redraw } from '../../scripts/draw-machines.ts';

const machines = listDrawnMachines(join(__dirname, '..', '..'));

describe('pictures of state machines', () => {
  it.each(machines)(
    '$readme shows the machine as it is (else run: node scripts/draw-machines.ts)',
    ({ readme, definition }) => {
      const text = readFileSync(readme, 'utf8');

      expect(redraw(text, readFileSync(definition, 'utf8'))).toBe(text);
    },
  );

  it('change when the machine does', () => {
    const before = draw('{ StartAt: A, States: { A: { Type: Succeed } } }');
    const after = draw('{ StartAt: A, States: { A: { Type: Pass, Next: B }, B: { Type: Succeed } } }');

    expect(after).not.toBe(before);
  });
});

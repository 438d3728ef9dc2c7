/** What every kind of wait keeps to. */
import { describe, expect, it } from '@jest/globals';
import { WORKFLOW_ERRORS } from '../../shared/domain/base/errors.ts';
import { WAIT_KINDS } from '../../shared/domain/waits/registry.ts';
import type { WaitKind } from '../../shared/domain/waits/wait.ts';
import { WAIT_CHECKS } from '../../shared/use-cases/waits/kinds/registry.ts';

const kinds: readonly WaitKind[] = WAIT_KINDS;

describe.each(kinds.map((kind) => [kind.name, kind] as const))('the kind of wait %s', (name, kind) => {
  it('ends: its time-out tells the machine a success, or an error that the machines know', () => {
    const outcome = kind.onTimeout('the-resource');

    const known: readonly string[] = WORKFLOW_ERRORS;
    expect(outcome.kind === 'success' || known.includes(outcome.error)).toBe(true);
  });

  it.each([undefined, null, 'text', 7, [], {}, { 'detail-type': 'Scheduled Event', detail: {} }])(
    'does not wake on %j',
    (event) => {
      expect(kind.wakesOn?.(event)).toBeUndefined();
    },
  );

  it('has a name of its own, which no id of a resource can be mistaken for, and a check', () => {
    expect(name).toMatch(/^[a-z]+$/);
    expect(kinds.filter((other) => other.name === name)).toHaveLength(1);
    expect(Object.keys(WAIT_CHECKS)).toContain(name);
  });
});

/** What every gate keeps to, whatever it judges. */
import { describe, expect, it } from '@jest/globals';
import { canonical } from '../../shared/domain/base/canonical.ts';
import type { GateKind } from '../../shared/domain/gates/gate.ts';

export interface GateFixture {
  /** As a definition has them once it is parsed. */
  readonly settings: unknown;
  /** Facts that pass under these settings. */
  readonly passing: unknown;
  /** Facts about nothing: no image, no answer. */
  readonly nothing: unknown;
  /** Facts that fail, or that wait. */
  readonly others: readonly unknown[];
}

const NOW = new Date('2026-03-02T08:00:00.000Z');

export function gateContract(kind: GateKind<unknown, unknown>, fixture: GateFixture): void {
  const all = [fixture.passing, fixture.nothing, ...fixture.others];
  const judge = (facts: unknown) => kind.judge(facts, fixture.settings, NOW);

  describe(`the gate ${kind.name}`, () => {
    it('has a name that is a field of definitions and a part of keys', () => {
      expect(kind.name).toMatch(/^[a-z][a-zA-Z]*$/);
    });

    it('passes for what it asks for', () => {
      expect(judge(fixture.passing).outcome).toBe('passed');
    });

    it('passes nothing by default', () => {
      expect(judge(fixture.nothing).outcome).not.toBe('passed');
    });

    it.each(all.map((facts) => [canonical(facts), facts]))('gives a reason for %s', (_, facts) => {
      expect(judge(facts).reasons.length).toBeGreaterThan(0);
    });

    it('is pure: the same facts, settings and time give the same verdict and stay as they are', () => {
      for (const facts of all) {
        const before = canonical({ facts, settings: fixture.settings });
        expect(judge(facts)).toEqual(judge(facts));
        expect(canonical({ facts, settings: fixture.settings })).toBe(before);
      }
    });

    it('leaves evidence that can be written down, or says when to ask again', () => {
      for (const verdict of all.map(judge)) {
        if (verdict.outcome === 'waiting')
          expect(Date.parse(verdict.lookAgainAt)).toBeGreaterThan(NOW.getTime());
        else expect(canonical(verdict.evidence)).not.toBe('');
      }
    });

    it('refuses settings that it does not know', () => {
      expect(kind.settings?.safeParse(fixture.settings).success ?? true).toBe(true);
      expect(kind.settings?.safeParse({ unheardOf: true }).success ?? false).toBe(false);
    });
  });
}

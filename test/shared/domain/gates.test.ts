import { describe, expect, it } from '@jest/globals';
import { combine, endWait, LONGEST_WAIT_SECONDS, type Verdict } from '../../../shared/domain/gates/gate.ts';
import { packages } from '../../../shared/domain/gates/packages.ts';
import { tests } from '../../../shared/domain/gates/tests.ts';

const NOW = new Date('2026-03-02T08:00:00.000Z');
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const ref = { bake: '01JTESTBAKE0000000000000WB', attempt: 1 };

describe('gate tests', () => {
  it.each([
    [{ verdict: 'passed' }, 'passed', ['all tests have passed']],
    [{}, 'failed', ['x86-64: its tests have not passed']],
    [{ verdict: 'failed' }, 'failed', ['x86-64: its tests have not passed']],
    [{ verdict: 'failed', testFailures: ['suite boots failed'] }, 'failed', ['suite boots failed']],
    [{ testFailures: ['suite boots failed'] }, 'failed', ['suite boots failed']],
  ] as const)('%j: %s', (image, outcome, reasons) => {
    const verdict = tests.judge({ ...ref, images: [{ variant: 'x86-64', ...image }] });

    expect(verdict).toMatchObject({ outcome, reasons });
  });

  it('fails for one image of several', () => {
    const images = [{ variant: 'arm64' }, { variant: 'x86-64', verdict: 'passed' as const }];

    expect(tests.judge({ ...ref, images })).toMatchObject({ outcome: 'failed', reasons: { length: 1 } });
  });
});

describe('gate packages', () => {
  const settings = { require: ['nginx'], forbid: ['telnet'] };
  const judge = (...installed: { name: string; version: string }[]) =>
    packages.judge({ images: [{ variant: 'x', installed }] }, settings);

  it('passes for what an image must have and nothing it must not', () => {
    expect(judge({ name: 'nginx', version: '1.26' }).outcome).toBe('passed');
  });

  it('names everything that it fails for', () => {
    expect(judge({ name: 'telnet', version: '0.17' })).toMatchObject({
      outcome: 'failed',
      reasons: [
        'x: required package nginx is not installed',
        'x: forbidden package telnet 0.17 is installed',
      ],
    });
  });

  it('does not pass an image whose packages are not known, but where none is asked for', () => {
    const images = [{ variant: 'x', problem: 'it ran out of time' }];

    for (const asked of [settings, { require: [], forbid: ['telnet'] }])
      expect(packages.judge({ images }, asked)).toMatchObject({
        outcome: 'failed',
        reasons: ['x: the packages could not be judged: it ran out of time'],
      });
    expect(packages.judge({ images }, { require: [], forbid: [] }).outcome).toBe('passed');
  });
});

describe('all gates together', () => {
  it.each([
    [[], 'failed'],
    [['passed'], 'passed'],
    [['passed', 'waiting'], 'waiting'],
    [['waiting', 'failed', 'passed'], 'failed'],
  ] as const)('%j: %s', (outcomes, combined) => {
    expect(combine(outcomes.map((outcome) => ({ outcome })))).toBe(combined);
  });
});

describe('a gate that waits', () => {
  const waiting = (lookAgainAt: Date): Verdict => ({
    outcome: 'waiting',
    reasons: ['the scan has not ended'],
    lookAgainAt: lookAgainAt.toISOString(),
  });
  const end = later(LONGEST_WAIT_SECONDS);

  it.each([
    ['when it asked for', later(600), later(600)],
    ['a minute later at the earliest', NOW, later(60)],
    ['at the end of its time at the latest', later(2 * LONGEST_WAIT_SECONDS), end],
  ])('is asked again %s', (_, asked, again) => {
    expect(endWait(waiting(asked), NOW.toISOString(), NOW)).toMatchObject({
      outcome: 'waiting',
      lookAgainAt: again.toISOString(),
    });
  });

  it('has failed when its time is over', () => {
    expect(endWait(waiting(later(600)), NOW.toISOString(), end)).toMatchObject({
      outcome: 'failed',
      reasons: ['the scan has not ended', 'it has given no verdict within 24 hours'],
    });
  });

  it('does not lose a verdict to time', () => {
    const passed: Verdict = { outcome: 'passed', reasons: [], evidence: {} };

    expect(endWait(passed, NOW.toISOString(), end)).toBe(passed);
  });
});

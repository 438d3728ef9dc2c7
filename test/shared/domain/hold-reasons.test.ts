import { describe, expect, it } from '@jest/globals';
import type { FactsOf, HoldCode } from '../../../shared/domain/reconcile/hold-reason-kind.ts';
import { HOLD_REASONS } from '../../../shared/domain/reconcile/hold-reasons.ts';
import {
  computeNextCheck,
  hasSameReasons,
  isEndedByTime,
  isSettledBy,
  listRemedies,
  skipsSchedule,
  toHoldReason,
} from '../../../shared/domain/reconcile/holds.ts';
import { HoldReasonSchema } from '../../../shared/domain/records/status.ts';

const NOW = new Date('2026-03-02T08:00:00.000Z');
const SOON = '2026-03-02T08:05:00.000Z';
const LATE = '2026-03-05T08:00:00.000Z';
const IN_15_MINUTES = '2026-03-02T08:15:00.000Z';
const IN_1_MINUTE = '2026-03-02T08:01:00.000Z';
const SELECTOR = 'ssm:eu-west-1:/aws/service/base';
const DAILY = 'cron(0 8 * * ? *) (UTC)';

interface Row<Code extends HoldCode = HoldCode> {
  readonly code: Code;
  readonly facts: FactsOf[Code];
  readonly isTimed?: boolean;
  readonly settles?: boolean;
  readonly skips?: boolean;
  readonly again?: string;
  readonly conditions: readonly string[];
  readonly message: string;
}

function row<Code extends HoldCode>(
  code: Code,
  facts: FactsOf[Code],
  implies: Omit<Row<Code>, 'code' | 'facts'>,
): Row {
  return { code, facts, ...implies };
}

const TABLE: readonly Row[] = [
  row(
    'up-to-date',
    { release: 'r', channel: 'stable' },
    {
      conditions: ['newer-version', 'force'],
      message: 'Release r in stable has exactly what is wanted.',
    },
  ),
  row(
    'debounce',
    { until: SOON },
    {
      isTimed: true,
      again: SOON,
      conditions: ['time', 'request'],
      message: 'Waiting for further changes until 2026-03-02 08:05 UTC.',
    },
  ),
  row(
    'back-off',
    { until: LATE, failures: 2 },
    {
      isTimed: true,
      again: LATE,
      conditions: ['time', 'request'],
      message: 'These versions failed 2 times; the next attempt starts at 2026-03-05 08:00 UTC.',
    },
  ),
  row(
    'schedule',
    { until: LATE, detail: DAILY },
    {
      isTimed: true,
      again: LATE,
      conditions: ['time', 'request'],
      message: `It starts by its schedule, ${DAILY}.`,
    },
  ),
  row(
    'schedule',
    { detail: DAILY },
    {
      isTimed: true,
      conditions: ['definition', 'request'],
      message: `The schedule ${DAILY} has no time to come.`,
    },
  ),
  row(
    'freeze',
    { until: LATE, detail: 'the sale' },
    {
      isTimed: true,
      again: LATE,
      conditions: ['time', 'force'],
      message: 'Frozen until 2026-03-05 08:00 UTC: the sale.',
    },
  ),
  row(
    'ancestor-in-progress',
    { pipeline: 'base', until: LATE },
    {
      again: IN_15_MINUTES,
      conditions: ['ancestor-settled', 'time'],
      message: 'base is about to bake.',
    },
  ),
  row(
    'ancestor-in-progress',
    { pipeline: 'base', bake: 'b', until: SOON },
    {
      again: SOON,
      conditions: ['ancestor-settled', 'time'],
      message: 'base is baking (b).',
    },
  ),
  row(
    'ancestor-in-progress',
    { pipeline: 'base', bake: 'b' },
    {
      again: IN_15_MINUTES,
      conditions: ['ancestor-settled'],
      message: 'base is baking (b).',
    },
  ),
  row(
    'bake-running',
    { bake: 'b', phase: 'ending' },
    {
      again: IN_1_MINUTE,
      conditions: ['bake-ends'],
      message: 'Bake b is being ended.',
    },
  ),
  row(
    'bake-running',
    { bake: 'b', phase: 'in-progress', buildsDesired: true },
    {
      again: IN_1_MINUTE,
      conditions: [],
      message: 'Bake b already builds what is wanted.',
    },
  ),
  row(
    'after-approval',
    { bake: 'b' },
    {
      again: IN_15_MINUTES,
      conditions: ['bake-ends'],
      message: 'Bake b is approved and is released first; the newer versions follow it.',
    },
  ),
  row(
    'superseded-twice',
    { bake: 'b' },
    {
      again: IN_15_MINUTES,
      conditions: ['bake-ends'],
      message: 'Two bakes in a row gave way to newer versions, so bake b is finished first.',
    },
  ),
  row(
    'unresolved',
    { selector: SELECTOR, detail: 'there is nothing of that name' },
    {
      settles: true,
      again: IN_15_MINUTES,
      conditions: ['resolves'],
      message: 'parameter /aws/service/base: there is nothing of that name',
    },
  ),
  row(
    'manual',
    {},
    {
      settles: true,
      skips: true,
      conditions: ['request'],
      message: 'web starts on request only. Start it with: ovenbird bake web',
    },
  ),
  row(
    'disabled',
    {},
    {
      settles: true,
      skips: true,
      conditions: ['enabled', 'request'],
      message: 'web is disabled. Enable it with: ovenbird enable web',
    },
  ),
  row(
    'too-many-failures',
    { failures: 5 },
    {
      settles: true,
      skips: true,
      conditions: ['enabled', 'request'],
      message:
        '5 bakes failed in a row; automatic bakes are stopped. Fix the cause, then run: ovenbird enable web',
    },
  ),
  row(
    'pinned',
    {},
    {
      settles: true,
      skips: true,
      conditions: ['definition', 'request'],
      message:
        'web is pinned to its current release. Remove lifecycle.pinned from its definition, or run: ovenbird bake web',
    },
  ),
  row(
    'refused',
    { refusedBy: 'rejected', detail: 'Not there.' },
    {
      settles: true,
      skips: true,
      conditions: ['newer-version', 'request'],
      message:
        'These versions were refused (rejected: Not there.). A newer version starts a bake, or run: ovenbird bake web',
    },
  ),
  row(
    'refused',
    { refusedBy: 'failures', until: LATE },
    {
      settles: true,
      skips: true,
      conditions: ['newer-version', 'time', 'request'],
      message:
        'These versions were refused. A newer version, or the next time of its schedule, starts a bake, or run: ovenbird bake web',
    },
  ),
  row(
    'wave-unconfirmed',
    { change: 'c', selector: SELECTOR, images: 30, isMore: true },
    {
      settles: true,
      conditions: ['confirmed', 'request'],
      message:
        'parameter /aws/service/base would bake more than 30 images. Start them with: ovenbird confirm c',
    },
  ),
  row(
    'concurrency',
    { capacity: 'team:web', used: 2 },
    {
      again: IN_15_MINUTES,
      conditions: ['slot'],
      message: '2 bakes of team web run at once, which is the limit.',
    },
  ),
  row(
    'concurrency',
    { capacity: 'account', pipeline: 'base' },
    {
      again: IN_15_MINUTES,
      conditions: ['slot'],
      message: 'base goes first: more images wait for it.',
    },
  ),
];

describe('a hold reason', () => {
  it.each(TABLE)('$code with $facts says what it implies', (given) => {
    const reason = toHoldReason(given.code, given.facts, 'web');

    expect({
      isTimed: isEndedByTime([reason]),
      settles: isSettledBy([reason]),
      skips: skipsSchedule([reason]),
      again: computeNextCheck([reason], NOW),
      conditions: listRemedies(reason, 'web').map(({ condition }) => condition),
      message: reason.message,
    }).toEqual({
      isTimed: given.isTimed ?? false,
      settles: given.settles ?? false,
      skips: given.skips ?? false,
      again: given.again,
      conditions: given.conditions,
      message: given.message,
    });
  });

  it.each(TABLE)('$code with $facts is stored with all its facts', (given) => {
    const reason = toHoldReason(given.code, given.facts, 'web');

    expect(HoldReasonSchema.parse(JSON.parse(JSON.stringify(reason)))).toEqual(reason);
    expect(reason).toMatchObject(given.facts);
  });

  it.each(TABLE)(
    '$code with $facts is the same after it was read, and another with another fact',
    (given) => {
      const reason = toHoldReason(given.code, given.facts, 'web');
      const recorded = HoldReasonSchema.parse(JSON.parse(JSON.stringify(reason)));

      expect(hasSameReasons([recorded], [reason])).toBe(true);
      expect(hasSameReasons([recorded], [{ ...reason, detail: 'other words' }])).toBe(false);
      expect(hasSameReasons([recorded], [reason, reason])).toBe(false);
    },
  );

  it('of each code is in this table', () => {
    expect([...new Set(TABLE.map(({ code }) => code))].sort()).toEqual(Object.keys(HOLD_REASONS).sort());
  });

  it('among several is looked at again when the last may be over, and not while one of them needs a person', () => {
    const debounce = toHoldReason('debounce', { until: SOON }, 'web');
    const freeze = toHoldReason('freeze', { until: LATE, detail: 'the sale' }, 'web');

    expect(computeNextCheck([freeze, debounce], NOW)).toBe(LATE);
    expect(computeNextCheck([freeze, toHoldReason('manual', {}, 'web')], NOW)).toBeUndefined();
  });
});

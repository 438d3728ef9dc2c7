import { describe, expect, it } from '@jest/globals';
import { skipsSchedule } from '../../../shared/domain/reconcile/hold-reasons.ts';
import { listRemedies } from '../../../shared/domain/reconcile/remedies.ts';
import type { HoldReason } from '../../../shared/domain/records/status.ts';
import { computeNextCheck, ENDED_BY_TIME } from '../../../shared/use-cases/reconcile/record-decision.ts';

const NOW = new Date('2026-03-02T08:00:00.000Z');
const SOON = '2026-03-02T08:05:00.000Z';
const LATE = '2026-03-05T08:00:00.000Z';
const IN_15_MINUTES = '2026-03-02T08:15:00.000Z';
const IN_1_MINUTE = '2026-03-02T08:01:00.000Z';
const SELECTOR = 'ssm:eu-west-1:/aws/service/base';

interface Row {
  readonly reason: Omit<HoldReason, 'message'>;
  readonly isTimed?: boolean;
  readonly skips?: boolean;
  readonly again?: string;
  readonly conditions: readonly string[];
}

const TABLE: readonly Row[] = [
  { reason: { code: 'up-to-date' }, conditions: ['newer-version', 'force'] },
  { reason: { code: 'debounce', until: SOON }, isTimed: true, again: SOON, conditions: ['time', 'request'] },
  { reason: { code: 'back-off', until: LATE }, isTimed: true, again: LATE, conditions: ['time', 'request'] },
  { reason: { code: 'schedule', until: LATE }, isTimed: true, again: LATE, conditions: ['time', 'request'] },
  { reason: { code: 'schedule' }, isTimed: true, conditions: ['definition', 'request'] },
  { reason: { code: 'freeze', until: LATE }, isTimed: true, again: LATE, conditions: ['time', 'force'] },
  {
    reason: { code: 'ancestor-in-progress', pipeline: 'base', until: LATE },
    again: IN_15_MINUTES,
    conditions: ['ancestor-settled', 'time'],
  },
  {
    reason: { code: 'ancestor-in-progress', pipeline: 'base', until: SOON },
    again: SOON,
    conditions: ['ancestor-settled', 'time'],
  },
  { reason: { code: 'bake-running', bake: 'b' }, again: IN_1_MINUTE, conditions: ['bake-ends'] },
  { reason: { code: 'bake-running', bake: 'b', buildsDesired: true }, again: IN_1_MINUTE, conditions: [] },
  { reason: { code: 'after-approval', bake: 'b' }, again: IN_15_MINUTES, conditions: ['bake-ends'] },
  { reason: { code: 'superseded-twice', bake: 'b' }, again: IN_15_MINUTES, conditions: ['bake-ends'] },
  { reason: { code: 'unresolved', selector: SELECTOR }, again: IN_15_MINUTES, conditions: ['resolves'] },
  { reason: { code: 'manual' }, skips: true, conditions: ['request'] },
  { reason: { code: 'disabled' }, skips: true, conditions: ['enabled', 'request'] },
  { reason: { code: 'too-many-failures' }, skips: true, conditions: ['enabled', 'request'] },
  { reason: { code: 'pinned' }, skips: true, conditions: ['definition', 'request'] },
  { reason: { code: 'refused' }, skips: true, conditions: ['newer-version', 'request'] },
  { reason: { code: 'refused', until: LATE }, skips: true, conditions: ['newer-version', 'time', 'request'] },
  { reason: { code: 'wave-unconfirmed', change: 'c' }, conditions: ['confirmed', 'request'] },
  { reason: { code: 'concurrency', capacity: 'account' }, again: IN_15_MINUTES, conditions: ['place'] },
];

describe('a hold reason', () => {
  it.each(TABLE)('$reason says what ends it, and when it is looked at again', (row) => {
    const reason: HoldReason = { ...row.reason, message: '' };

    expect({
      isTimed: ENDED_BY_TIME.has(reason.code),
      skips: skipsSchedule([reason]),
      again: computeNextCheck([reason], NOW),
      conditions: listRemedies(reason, 'web').map(({ condition }) => condition),
    }).toEqual({
      isTimed: row.isTimed ?? false,
      skips: row.skips ?? false,
      again: row.again,
      conditions: row.conditions,
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  applyOutcome,
  classifyFailure,
  findRootCause,
  hasFailedTooOften,
} from '../../../shared/domain/bakes/outcomes.ts';
import { listTestFailures } from '../../../shared/domain/bakes/test-runs.ts';
import { TestRecordSchema } from '../../../shared/domain/records/tests.ts';
import { parseWake, secondsUntilCheck } from '../../../shared/domain/waits/wake.ts';

const REF = { bake: '01JTESTBAKE0000000000000WB', attempt: 1 };

describe('the error behind a failure', () => {
  const lambda = JSON.stringify({ errorType: 'GateClosed', errorMessage: 'nginx is missing', trace: [] });
  const child = (name: string, cause: string) =>
    JSON.stringify({ Status: 'FAILED', Name: 'n', Error: name, Cause: cause });

  it('is read from the description of a nested execution, however deep', () => {
    const inner = child('DistributionFailed', 'us-east-1 failed');

    expect(findRootCause({ name: 'States.TaskFailed', cause: child('States.TaskFailed', inner) })).toEqual({
      name: 'DistributionFailed',
      reason: 'us-east-1 failed',
    });
  });

  it('is the message of a function, not its stack', () => {
    expect(findRootCause({ name: 'GateClosed', cause: lambda })).toEqual({
      name: 'GateClosed',
      reason: 'nginx is missing',
    });
    expect(findRootCause({ name: 'States.TaskFailed', cause: child('GateClosed', lambda) }).reason).toBe(
      'nginx is missing',
    );
  });

  it('is the name alone when its description was cut off', () => {
    const cause = child('GateClosed', lambda).slice(0, 60);

    expect(findRootCause({ name: 'States.TaskFailed', cause })).toEqual({
      name: 'States.TaskFailed',
      reason: 'States.TaskFailed',
    });
  });

  it.each([0, 1, 2])(
    'is read from what is left of a description that was cut off %i levels down',
    (levels) => {
      const message = 'The parameter "/web" is refused: arn:aws:iam::1:role/x';
      let cause = JSON.stringify({
        errorType: 'DistributionFailed',
        errorMessage: message,
        trace: ['x'.repeat(500)],
      });
      for (let level = 0; level < levels; level += 1)
        cause = JSON.stringify({ Cause: cause, Error: 'DistributionFailed', Status: 'FAILED' });

      expect(findRootCause({ name: 'States.TaskFailed', cause: cause.slice(0, 400) })).toEqual({
        name: 'DistributionFailed',
        reason: message,
      });
    },
  );

  it('is a time-out when the nested execution ran out of time', () => {
    const cause = JSON.stringify({ Status: 'TIMED_OUT', Name: 'X_001_build' });

    expect(findRootCause({ name: 'States.TaskFailed', cause })).toEqual({
      name: 'States.Timeout',
      reason: 'The nested execution X_001_build ended as TIMED_OUT.',
    });
  });

  it('is never empty, whatever the cause holds', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.oneof(fc.string(), fc.json()), (name, cause) => {
        const root = findRootCause({ name, cause });
        expect(root.name).not.toBe('');
        expect(typeof root.reason).toBe('string');
      }),
    );
  });
});

describe('what an attempt ends as', () => {
  const by = { by: 'ada', at: '2026-03-02T08:00:00.000Z' };

  it.each([
    ['ApprovalRejected', undefined, 'rejected'],
    ['ApprovalExpired', undefined, 'expired'],
    ['BuildFailed', undefined, 'failed'],
    ['States.Timeout', undefined, 'failed'],
    ['States.Aborted', undefined, 'cancelled'],
    ['AttemptEnded', { as: 'cancelled', ...by }, 'cancelled'],
    ['BuildFailed', { as: 'superseded', ...by }, 'superseded'],
  ] as const)('%s with %j is %s', (name, endRequested, state) => {
    expect(classifyFailure({ name, cause: '' }, endRequested).state).toBe(state);
  });

  it('refuses the fingerprint when people decided against it or it failed as often as it may', () => {
    const before = { pipeline: 'p', bits: 'b', proof: 'c', state: 'baking', bake: 'x', failures: 1 } as const;
    const ended = (state: 'failed' | 'rejected' | 'superseded', maxFailures: number) =>
      applyOutcome({ state, failure: { name: 'n', reason: 'r' } }, before, { maxFailures, at: 'now' });

    expect(ended('failed', 3)).toMatchObject({ state: 'failed', failures: 2, lastFailureAt: 'now' });
    expect(ended('failed', 2)).toMatchObject({ state: 'refused', refusedBy: 'failures', failures: 2 });
    expect(ended('rejected', 9)).toMatchObject({ state: 'refused', refusedBy: 'rejected', failures: 1 });
    expect(ended('superseded', 2)).toMatchObject({ state: 'failed', failures: 1 });
  });
});

describe('a fingerprint that failed too often', () => {
  it('is told from one that a person refused, whatever the reason says', () => {
    const refused = {
      pipeline: 'p',
      bits: 'b',
      proof: 'c',
      state: 'refused',
      bake: 'x',
      failures: 3,
    } as const;

    expect(hasFailedTooOften({ ...refused, refusedBy: 'failures', reason: 'rejected: no such AMI' }, 3)).toBe(
      true,
    );
    expect(hasFailedTooOften({ ...refused, refusedBy: 'rejected', reason: 'Not there.' }, 3)).toBe(false);
  });
});

describe('what becomes of a retained release when a bake of it ends without a release', () => {
  const before = {
    pipeline: 'p',
    bits: 'b',
    proof: 'c',
    state: 'baking',
    bake: 'again',
    retained: 'first',
    failures: 1,
  } as const;
  const ended = (state: 'failed' | 'rejected' | 'expired' | 'cancelled' | 'superseded', isCurrent: boolean) =>
    applyOutcome({ state, failure: { name: 'n', reason: 'r' } }, before, {
      maxFailures: 2,
      at: 'now',
      isCurrent,
    });

  it('stays released by the bake that released it, and waits before it is tried again', () => {
    expect(ended('failed', false)).toEqual({
      pipeline: 'p',
      bits: 'b',
      proof: 'c',
      state: 'released',
      bake: 'first',
      failures: 2,
      lastFailureAt: 'now',
      reason: 'r',
    });
    expect(ended('superseded', false)).toMatchObject({ state: 'released', bake: 'first', failures: 1 });
  });

  it.each(['rejected', 'expired', 'cancelled'] as const)('%s: stays current where it is', (state) => {
    expect(ended(state, true)).toMatchObject({ state: 'released', bake: 'first', failures: 1 });
  });

  it.each(['rejected', 'expired', 'cancelled'] as const)(
    '%s: is not pointed to again, yet retained',
    (state) => {
      expect(ended(state, false)).toMatchObject({ state: 'refused', retained: 'first' });
    },
  );
});

describe('a verdict', () => {
  const record = (given: object) =>
    TestRecordSchema.parse({ ...REF, variant: 'x86-64', instanceType: 't3.small', ...given });

  it('passes nothing by default', () => {
    expect(listTestFailures([record({})], ['boots'])).toEqual([
      'x86-64 on t3.small: suite boots was not run',
    ]);
  });

  it('tells apart what failed, what ran out of time and what could not be run', () => {
    const results = [
      { suite: 'boots', status: 'failed', exitCode: 3 },
      { suite: 'serves', status: 'timed-out' },
    ];

    expect(listTestFailures([record({ results })], ['boots', 'serves'])).toEqual([
      'x86-64 on t3.small: suite boots failed with exit code 3',
      'x86-64 on t3.small: suite serves ran out of time',
    ]);
    expect(listTestFailures([record({ results, problem: 'It went away.' })], ['boots'])).toEqual([
      'x86-64 on t3.small: It went away.',
    ]);
  });
});

describe('what an event wakes', () => {
  it.each([
    [
      { 'detail-type': 'EC2 Image Builder Image State Change', resources: ['arn:image/x/1.0.0/1'] },
      { wait: 'image:arn:image/x/1.0.0/1' },
    ],
    [{ 'detail-type': 'EC2 AMI State Change', detail: { ImageId: 'ami-1' } }, { imageId: 'ami-1' }],
    [
      { wait: 'instance:i-1', round: 2 },
      { wait: 'instance:i-1', round: 2 },
    ],
  ])('%j', (body, wake) => {
    expect(parseWake(body)).toEqual(wake);
  });

  it('is nothing for anything else', () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => expect(parseWake(body)).toBeUndefined()));
  });

  it('looks at what sends no event ever less often, and once a minute in the end', () => {
    const rounds = Array.from({ length: 20 }, (_, round) => secondsUntilCheck(round));

    expect([...rounds].sort((a, b) => a - b)).toEqual(rounds);
    expect(rounds.at(-1)).toBe(60);
  });
});

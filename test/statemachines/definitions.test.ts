import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { WORKFLOW_ERRORS } from '../../shared/domain/base/errors.ts';
import { allStates, readFunctionName, readMachine } from '../support/run-asl.ts';

const ROOT = join(__dirname, '..', '..');
const names = readdirSync(join(ROOT, 'statemachines')).filter((name) =>
  existsSync(join(ROOT, 'statemachines', name, `${name}.asl.yml`)),
);
/** What a function fails with that was ended from outside: out of memory, killed, or out of time (step-functions/dg/bp-lambda-serviceexception; the error type in the answer of Invoke). */
const KILLED = ['Lambda.Unknown', 'Runtime.ExitError', 'Sandbox.Timedout'];
/** Error names of Lambda itself (step-functions/dg/concepts-error-handling). */
const LAMBDA_ERRORS = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  ...KILLED,
];
const STATES_ERRORS = /^States\.(?:ALL|TaskFailed|Timeout)$/;

describe.each(names)('definition of %s', (name) => {
  const states = allStates(readMachine(name));

  it('gives every task a time-out', () => {
    const without = states.filter(({ state }) => state.Type === 'Task' && state.TimeoutSeconds === undefined);

    expect(without.map((entry) => entry.name)).toEqual([]);
  });

  it('retries only what may pass by itself, with full jitter', () => {
    const retriers = states.flatMap(({ state }) => state.Retry ?? []);

    for (const { ErrorEquals, JitterStrategy, MaxDelaySeconds } of retriers) {
      expect(ErrorEquals.filter((error) => error !== 'TryLater' && !LAMBDA_ERRORS.includes(error))).toEqual(
        [],
      );
      expect(JitterStrategy).toBe('FULL');
      expect(MaxDelaySeconds).toBeDefined();
    }
  });

  it('retries every call of a function', () => {
    const calls = states.filter(({ state }) => state.Resource?.includes(':lambda:invoke') === true);

    expect(calls.filter(({ state }) => state.Retry === undefined).map((entry) => entry.name)).toEqual([]);
  });

  it('calls a function again that was killed in the middle of its work', () => {
    const retriers = states.flatMap(({ state }) => state.Retry ?? []);

    for (const { ErrorEquals } of retriers) expect(ErrorEquals).toEqual(expect.arrayContaining(KILLED));
  });

  it('knows no error name that nothing throws', () => {
    const known: readonly string[] = [...WORKFLOW_ERRORS, ...LAMBDA_ERRORS];
    const used = states.flatMap(({ state }) => [
      ...(state.Retry ?? []).flatMap((retrier) => retrier.ErrorEquals),
      ...(state.Catch ?? []).flatMap((catcher) => catcher.ErrorEquals),
      ...(state.Error === undefined || state.Error.startsWith('{%') ? [] : [state.Error]),
    ]);

    expect(used.filter((error) => !known.includes(error) && !STATES_ERRORS.test(error))).toEqual([]);
  });

  it('leads to states that exist, and leaves none unreached', () => {
    const problems = states.flatMap(({ name: from, state, body }) =>
      listNextStates(state).flatMap((to) => (to in body.States ? [] : [`${from} -> ${to}`])),
    );
    const reached = new Set(states.flatMap(({ state, body }) => [body.StartAt, ...listNextStates(state)]));

    expect(problems).toEqual([]);
    expect(states.filter((entry) => !reached.has(entry.name)).map((entry) => entry.name)).toEqual([]);
  });

  it('calls functions that exist', () => {
    const functions = states
      .map(({ state }) => readFunctionName(state))
      .filter((entry) => entry !== undefined);
    const missing = functions.filter((entry) => !existsSync(join(ROOT, 'functions', entry, 'function.yml')));

    expect(missing).toEqual([]);
  });
});

function listNextStates(state: ReturnType<typeof allStates>[number]['state']): string[] {
  return [
    state.Next,
    state.Default,
    ...(state.Choices ?? []).map((choice) => choice.Next),
    ...(state.Catch ?? []).map((catcher) => catcher.Next),
  ].filter((target) => target !== undefined);
}

/** Days that definitions may ask for at most; they are bounds of the schema. */
const DAY = 86_400;
const LONGEST = { build: 13 * DAY, suites: 10 * DAY, approval: 47 * DAY, deprecation: 2 * DAY };

describe('the time that machines leave', () => {
  const limit = (name: string) => Number(readMachine(name).TimeoutSeconds);
  const waits = allStates(readMachine('bake'));
  const ofBake = (step: string) =>
    Number(waits.find(({ name }) => name.endsWith(step))?.state.TimeoutSeconds);

  it('is enough for the longest build, for the longest suites with twenty components, and for a region', () => {
    // Beside its own time-out a test may take 1,080 s, and an instance 1,770 s.
    const tests = LONGEST.suites + 20 * 3600 + 40 * 1080 + 1770;

    expect(LONGEST.build + 600).toBeLessThan(Math.min(limit('build'), ofBake('Build')));
    expect(tests).toBeLessThan(Math.min(limit('test'), ofBake('Test')));
    expect(limit('distribute-region')).toBeLessThanOrEqual(LONGEST.deprecation);
  });

  it('is enough for the longest approval between the longest of all other steps', () => {
    const others = ofBake('Build') + ofBake('Test') + ofBake('Distribute');

    expect(others + LONGEST.approval + 600).toBeLessThan(limit('bake') - 3600);
  });
});

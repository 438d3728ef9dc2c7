import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { WORKFLOW_ERRORS } from '../../shared/domain/base/errors.ts';
import { allStates, readFunctionName, readMachine, type State } from '../support/run-asl.ts';

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
/** Of a nested start: the SDK's own, and what Step Functions refuses for a throttle or a quota in use (step-functions/dg/concepts-error-handling, step-functions/dg/service-quotas). */
const NESTED_ERRORS = [
  'StepFunctions.SdkClientException',
  'StepFunctions.AWSStepFunctionsException',
  'StepFunctions.ThrottlingException',
  'StepFunctions.ExecutionLimitExceededException',
];
const STATES_ERRORS = /^States\.(?:ALL|TaskFailed|Timeout)$/;

describe.each(names)('definition of %s', (name) => {
  const states = allStates(readMachine(name));

  it('gives every task a time-out', () => {
    const without = states.filter(({ state }) => state.Type === 'Task' && state.TimeoutSeconds === undefined);

    expect(without.map((entry) => entry.name)).toEqual([]);
  });

  it.each(
    states.filter(({ state }) => state.Type === 'Task').map((entry) => [entry.name, entry.state] as const),
  )('repeats %s for every error of its integration that passes, and for no other', (_, state) => {
    const mended =
      state.Resource?.includes(':lambda:invoke') === true ? ['TryLater', ...LAMBDA_ERRORS] : NESTED_ERRORS;
    const retried = (state.Retry ?? []).flatMap((retrier) => retrier.ErrorEquals);

    expect(retried.sort()).toEqual([...mended].sort());
  });

  it('waits for hours where time mends it, and gives up soon on a function that ends itself', () => {
    const tasks = states.filter(({ state, name: task }) => state.Type === 'Task' && task !== 'Clean up');

    for (const { name: task, state } of tasks) {
      for (const retrier of state.Retry ?? []) {
        const isFault = retrier.ErrorEquals.some((error) => KILLED.includes(error));
        const hours = countSeconds(retrier) / 3600;
        expect([task, isFault ? hours < 0.25 : hours >= 2 && hours <= 12]).toEqual([task, true]);
        expect(retrier.JitterStrategy).toBe('FULL');
        expect(retrier.MaxDelaySeconds).toBeDefined();
      }
    }
  });

  it('knows no error name that nothing throws', () => {
    const known: readonly string[] = [...WORKFLOW_ERRORS, ...LAMBDA_ERRORS, ...NESTED_ERRORS];
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

/** How long a retrier goes on: half of each delay on average, with full jitter. */
function countSeconds({
  IntervalSeconds,
  BackoffRate,
  MaxAttempts,
  MaxDelaySeconds = Number.POSITIVE_INFINITY,
}: NonNullable<State['Retry']>[number]): number {
  const delays = Array.from({ length: MaxAttempts }, (_, tried) =>
    Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** tried),
  );
  return delays.reduce((sum, delay) => sum + delay / 2, 0);
}

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

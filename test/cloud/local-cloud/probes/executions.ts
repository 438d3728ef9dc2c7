import { SendTaskFailureCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { account, makeMachine, pause, region, run } from '../account.ts';

import {
  lambdaTask,
  makeQueue,
  nested,
  type Probes,
  receive,
  singleState,
  start,
  status,
  waiting,
} from './context.ts';

export const executionProbes: Probes = {
  async executions_start_at_once({ cloud }) {
    const machine = await makeMachine(cloud, 'at-once', singleState({ Type: 'Pass', End: true }));
    const times: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const { startDate, stopDate } = await run(cloud, machine);
      times.push(Number(stopDate) - Number(startDate));
    }
    return Math.min(...times) < 100;
  },

  async starting_the_same_again_is_idempotent(context) {
    const machine = await makeMachine(
      context.cloud,
      'twice',
      singleState({ Type: 'Wait', Seconds: 5, End: true }),
    );
    const first = await start(context, machine, 'same');
    const second = await start(context, machine, 'same').catch(() => undefined);
    return first.executionArn === second?.executionArn;
  },

  async ended_executions_stay_as_they_ended(context) {
    const queue = await makeQueue(context, 'ended');
    // On a slow machine the task may time out before it can be stopped.
    for (const seconds of [1, 4, 16]) {
      const definition = singleState(waiting(queue, { TimeoutSeconds: seconds }));
      const machine = await makeMachine(context.cloud, `ended-${seconds}`, definition);
      const { executionArn } = await start(context, machine);
      await receive(context, queue);
      const isStopped = await context.sfn.send(new StopExecutionCommand({ executionArn })).then(
        () => true,
        () => false,
      );
      if (!isStopped) continue;
      await pause((seconds + 0.5) * 1000);
      return (await status(context, executionArn)) === 'ABORTED';
    }
    return false;
  },

  async nested_executions_are_executions(context) {
    const queue = await makeQueue(context, 'nested');
    const failing = await makeMachine(
      context.cloud,
      'failing',
      singleState({ Type: 'Fail', Error: 'GateClosed' }),
    );
    const parent = await makeMachine(context.cloud, 'parent', singleState(nested(failing)));
    const ended = await run(context.cloud, parent);
    const cause = ended.error === 'States.TaskFailed' ? JSON.parse(ended.cause ?? '{}') : {};

    const child = await makeMachine(context.cloud, 'child', singleState(waiting(queue)));
    const keeper = await makeMachine(
      context.cloud,
      'keeper',
      singleState(nested(child, { Name: 'stopped-with-parent' })),
    );
    const { executionArn } = await start(context, keeper);
    await receive(context, queue);
    await context.sfn.send(new StopExecutionCommand({ executionArn }));
    await pause(200);
    const childArn = `arn:aws:states:${region}:${account}:execution:child:stopped-with-parent`;
    const childStatus = await status(context, childArn).catch(() => 'not found');
    return cause.Error === 'GateClosed' && cause.Status === 'FAILED' && childStatus === 'ABORTED';
  },

  async machines_time_out({ cloud }) {
    const wait = { Type: 'Wait', Seconds: 3, End: true };
    const ended = await run(
      cloud,
      await makeMachine(cloud, 'times-out', singleState(wait, { TimeoutSeconds: 1 })),
    );
    return ended.status === 'TIMED_OUT';
  },

  async task_fields_may_be_expressions(context) {
    const queue = await makeQueue(context, 'expressions');
    const state = waiting(queue, { TimeoutSeconds: '{% 1 %}' });
    const ended = await run(
      context.cloud,
      await makeMachine(context.cloud, 'expressions', singleState(state)),
    );
    return ended.error === 'States.Timeout';
  },

  async each_attempt_has_its_own_token(context) {
    const queue = await makeQueue(context, 'tokens');
    const retry = [{ ErrorEquals: ['Again'], IntervalSeconds: 1, MaxAttempts: 1 }];
    const machine = await makeMachine(context.cloud, 'tokens', singleState(waiting(queue, { Retry: retry })));
    await start(context, machine);
    const first = await receive(context, queue);
    await context.sfn.send(new SendTaskFailureCommand({ taskToken: first, error: 'Again' }));
    const second = await receive(context, queue);
    return second !== undefined && second !== first;
  },

  async retries_honour_their_delay({ cloud }) {
    const retry = [
      { ErrorEquals: ['GateClosed'], IntervalSeconds: 1, BackoffRate: 4, MaxDelaySeconds: 2, MaxAttempts: 2 },
    ];
    const state = lambdaTask({ fail: true }, { Retry: retry });
    const all = { ...state, Retry: [{ ...retry[0], ErrorEquals: ['States.ALL'] }] };
    const { startDate, stopDate } = await run(cloud, await makeMachine(cloud, 'delays', singleState(all)));
    return Number(stopDate) - Number(startDate) < 4500;
  },

  async callback_tasks_fail_with_their_call({ cloud }) {
    const state = {
      ...lambdaTask({ fail: true }, { TimeoutSeconds: 2 }),
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    };
    const ended = await run(cloud, await makeMachine(cloud, 'fails-with-call', singleState(state)));
    return ended.error !== 'States.Timeout';
  },

  async callback_tasks_end_in_time(context) {
    const queue = await makeQueue(context, 'heartbeats');
    const state = waiting(queue, { HeartbeatSeconds: 1, TimeoutSeconds: 3 });
    const ended = await run(
      context.cloud,
      await makeMachine(context.cloud, 'heartbeats', singleState(state)),
    );
    return ended.error === 'States.HeartbeatTimeout';
  },

  async errors_keep_their_name({ cloud }) {
    const machine = singleState(lambdaTask({ fail: true }));
    return (await run(cloud, await makeMachine(cloud, 'names', machine))).error === 'GateClosed';
  },
};

import { CreateEventSourceMappingCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { eventually, makeMachine, run } from '../account.ts';

import { lambdaTask, makeQueue, type Probes, queueArn, singleState } from './context.ts';

export const functionProbes: Probes = {
  async crashes_are_exit_errors({ cloud }) {
    const machine = singleState(lambdaTask({ exit: true }));
    return (await run(cloud, await makeMachine(cloud, 'crashes', machine))).error === 'Runtime.ExitError';
  },

  async environments_survive_errors({ lambda }) {
    const invoke = async (payload: object) => {
      const input = { FunctionName: 'probe', Payload: Buffer.from(JSON.stringify(payload)) };
      return JSON.parse(Buffer.from((await lambda.send(new InvokeCommand(input))).Payload ?? []).toString());
    };
    // At the same time, so that each is thrown in an environment of its own: another probe ends one with its process.
    const thrown = await Promise.all([1, 2, 3, 4].map(() => invoke({ slow: 300, fail: true })));
    const failed = new Set(thrown.map(({ errorMessage }) => errorMessage));
    // More at a time than there are idle environments, other probes' included: one that survived its error is among them.
    const after = await Promise.all(Array.from({ length: 8 }, () => invoke({ slow: 300 })));
    return after.some(({ pid }) => failed.has(`closed in ${pid}`));
  },

  async environments_share_their_code({ lambda }) {
    const input = { FunctionName: 'probe', Payload: Buffer.from('{"slow":300}') };
    const answers = await Promise.all([1, 2].map(() => lambda.send(new InvokeCommand(input))));
    const folders = answers.map(({ Payload }) => JSON.parse(Buffer.from(Payload ?? []).toString()).folder);
    return folders[0] !== undefined && folders[0] === folders[1];
  },

  async invocations_answer_at_once({ lambda }) {
    const times: number[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      const started = performance.now();
      await lambda.send(new InvokeCommand({ FunctionName: 'probe', Payload: Buffer.from('{}') }));
      times.push(performance.now() - started);
    }
    return Math.min(...times) < 45;
  },

  async queues_are_long_polled(context) {
    const [watched, unwatched] = await Promise.all([
      makeQueue(context, 'watched'),
      makeQueue(context, 'unwatched'),
    ]);
    await context.lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: 'queue',
        EventSourceArn: queueArn('watched'),
        BatchSize: 1,
      }),
    );
    const times: number[] = [];
    for (let turn = 0; turn < 11; turn += 1) {
      // A message of which no function hears wakes the poller for nothing.
      await context.sqs.send(new SendMessageCommand({ QueueUrl: unwatched, MessageBody: 'nothing' }));
      const sent = Date.now();
      await context.sqs.send(new SendMessageCommand({ QueueUrl: watched, MessageBody: `turn-${turn}` }));
      const begun = await eventually(async () =>
        (await context.cloud.control.calls()).find(({ operation }) =>
          operation.endsWith(`/queue-probe/turn-${turn}`),
        ),
      );
      times.push(Date.parse(begun.at) - sent);
    }
    return (times.sort((a, b) => a - b)[5] ?? 0) < 35;
  },
};

import { account, region } from '../account.ts';

import { makeQueue, type ProbeContext, type Probes, queueArn, receive } from './context.ts';

export const scheduleProbes: Probes = {
  async schedules_fire_on_time(context) {
    const queue = await makeQueue(context, 'scheduled');
    // Of three measurements in a row at least one is far from MiniStack's next poll.
    const due = [2, 5, 8].map((seconds) => Math.ceil(Date.now() / 1000 + seconds) * 1000);
    for (const at of due) await schedule(context, at, queueArn('scheduled'));
    const late: number[] = [];
    while (late.length < due.length) {
      const body = await receive(context, queue, 20);
      if (body === undefined) return false;
      late.push(Date.now() - Number(JSON.parse(body).due));
    }
    return Math.max(...late) < 3000;
  },
};

/** Root keys are not checked, so a credential scope is all of a signature that this needs. */
async function schedule({ cloud }: ProbeContext, due: number, target: string): Promise<void> {
  const credential = `${account}/20260101/${region}/scheduler/aws4_request`;
  const answer = await fetch(`${cloud.endpoint}/schedules/due-${due}`, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=00`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      ScheduleExpression: `at(${new Date(due).toISOString().slice(0, 19)})`,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: target,
        RoleArn: `arn:aws:iam::${account}:role/function`,
        Input: JSON.stringify({ due }),
      },
    }),
  });
  if (!answer.ok) throw new Error(`The schedule was refused: ${await answer.text()}`);
}

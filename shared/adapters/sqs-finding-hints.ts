import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { FindingHints } from '../ports/vulnerabilities.ts';
import { callAws } from './aws-client.ts';

export function sqsFindingHints(client: SQSClient, queueUrl: string): FindingHints {
  const send = async (body: unknown) => {
    await callAws(() =>
      client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(body) })),
    );
  };
  return {
    sendPage: (after) => send({ findingsAfter: after ?? null }),
    async sendInventories(channels) {
      // One to a message: each is work of its own, and one that fails holds up no other.
      for (const channel of channels) await send({ inventories: [channel] });
    },
  };
}

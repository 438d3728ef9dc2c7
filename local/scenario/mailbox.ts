import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';

/** A mail, or what a queue gets in its place, with the attributes that filters go by. */
export interface Mail {
  readonly to: string;
  readonly at: string;
  readonly subject: string;
  readonly text: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const NotificationSchema = z.object({
  Subject: z.string().optional(),
  Message: z.string(),
  Timestamp: z.string(),
  MessageAttributes: z.record(z.string(), z.object({ Value: z.string() })).default({}),
});

export interface MailboxOptions {
  readonly client: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  readonly account: string;
  /** Topic and the filter that its owner's subscription would have. */
  readonly topicArn: string;
  readonly name: string;
  readonly to: string;
  readonly filter?: Readonly<Record<string, readonly string[]>>;
}

export class Mailbox {
  readonly mails: Mail[] = [];
  private readonly queues: SQSClient;
  private readonly queueUrl: string;
  private readonly to: string;

  private constructor(queues: SQSClient, queueUrl: string, to: string) {
    this.queues = queues;
    this.queueUrl = queueUrl;
    this.to = to;
  }

  static async open({ client, account, topicArn, name, to, filter }: MailboxOptions): Promise<Mailbox> {
    const queues = new SQSClient(client);
    const topics = new SNSClient(client);
    const { QueueUrl: queueUrl = '' } = await queues.send(new CreateQueueCommand({ QueueName: name }));
    const { Attributes } = await queues.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
    );
    const queueArn = Attributes?.QueueArn ?? `arn:aws:sqs:${client.region}:${account}:${name}`;
    const policy = {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'TopicMaySend',
          Effect: 'Allow',
          Principal: { Service: 'sns.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: queueArn,
          Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
        },
      ],
    };
    await queues.send(
      new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { Policy: JSON.stringify(policy) } }),
    );
    await topics.send(
      new SubscribeCommand({
        TopicArn: topicArn,
        Protocol: 'sqs',
        Endpoint: queueArn,
        Attributes: filter === undefined ? {} : { FilterPolicy: JSON.stringify(filter) },
      }),
    );
    topics.destroy();
    return new Mailbox(queues, queueUrl, to);
  }

  /** Takes what has arrived; returns only the new mails. */
  async collect(waitSeconds = 0): Promise<Mail[]> {
    const fresh: Mail[] = [];
    for (;;) {
      const { Messages = [] } = await this.queues.send(
        new ReceiveMessageCommand({
          QueueUrl: this.queueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: fresh.length === 0 ? waitSeconds : 0,
        }),
      );
      if (Messages.length === 0) break;
      for (const message of Messages) {
        const notification = NotificationSchema.parse(JSON.parse(message.Body ?? '{}'));
        const attributes = Object.fromEntries(
          Object.entries(notification.MessageAttributes).map(([name, { Value }]) => [name, Value]),
        );
        fresh.push({
          to: this.to,
          at: notification.Timestamp,
          subject: notification.Subject ?? '',
          text: notification.Message,
          attributes,
        });
      }
      await this.queues.send(
        new DeleteMessageBatchCommand({
          QueueUrl: this.queueUrl,
          Entries: Messages.map((message, index) => ({
            Id: String(index),
            ReceiptHandle: message.ReceiptHandle,
          })),
        }),
      );
    }
    this.mails.push(...fresh);
    return fresh;
  }

  close(): void {
    this.queues.destroy();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import type { DeliveredMail, LocalCloud } from '../../local-cloud/client.ts';
import type { Mail } from './mailbox.ts';

const TRIES = 100;

/** The mailbox of an approver: a subscription by e-mail that its owner has confirmed, as on AWS. */
export class ApproverMailbox {
  readonly mails: Mail[] = [];
  private readonly cloud: Pick<LocalCloud, 'control'>;
  private readonly topicArn: string;
  private readonly address: string;
  private seen = 0;

  private constructor(cloud: Pick<LocalCloud, 'control'>, topicArn: string, address: string) {
    this.cloud = cloud;
    this.topicArn = topicArn;
    this.address = address;
  }

  static async open(
    cloud: Pick<LocalCloud, 'clientConfig' | 'control'>,
    topicArn: string,
    address: string,
  ): Promise<ApproverMailbox> {
    const sns = new SNSClient(cloud.clientConfig());
    const { SubscriptionArn } = await sns.send(
      new SubscribeCommand({
        TopicArn: topicArn,
        Protocol: 'email',
        Endpoint: address,
        Attributes: { FilterPolicy: JSON.stringify({ approver: [address] }) },
      }),
    );
    sns.destroy();
    const mailbox = new ApproverMailbox(cloud, topicArn, address);
    if (SubscriptionArn?.startsWith('arn:') !== true) await mailbox.confirm();
    return mailbox;
  }

  /** Takes what has arrived; returns only the new mails. */
  async collect(): Promise<Mail[]> {
    const fresh = (await this.read()).map(toMail);
    this.mails.push(...fresh);
    return fresh;
  }

  private async read(): Promise<DeliveredMail[]> {
    const delivered = await this.cloud.control.mails(this.seen);
    this.seen = Math.max(this.seen, ...delivered.map(({ number }) => number));
    return delivered.filter(({ to, topic }) => to === this.address && topic === this.topicArn);
  }

  private async confirm(): Promise<void> {
    for (let round = 0; round < TRIES; round += 1) {
      const link = (await this.read()).map(
        ({ text }) => /http\S+Action=ConfirmSubscription\S+/.exec(text)?.[0],
      );
      const newest = link.findLast((found) => found !== undefined);
      if (newest !== undefined) {
        const answer = await fetch(newest);
        const text = await answer.text();
        // Another reader of this mailbox was faster: a token is good once.
        if (!answer.ok && !text.includes('Invalid token'))
          throw new Error(`${newest} answered ${answer.status}: ${text.slice(0, 200)}`);
        return;
      }
      await sleep(50);
    }
    throw new Error(`${this.address} got no mail to confirm the subscription.`);
  }
}

/** A mail has no attributes: which pipeline it is about stands in its subject. */
function toMail({ to, at, subject, text }: DeliveredMail): Mail {
  const [, pipeline = ''] = /^Approve ([a-z][a-z0-9-]+)\?/.exec(subject) ?? [];
  return { to, at, subject, text, attributes: { kind: pipeline === '' ? '' : 'approval', pipeline } };
}

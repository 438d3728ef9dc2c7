import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';

import type { ProbeContext, Probes } from './context.ts';

async function subscribe({ cloud }: ProbeContext, name: string) {
  const sns = new SNSClient(cloud.clientConfig());
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
  const Endpoint = `${name}@example.com`;
  const subscribed = await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint }));
  const read = async () => (await cloud.control.mails()).filter(({ to }) => to === Endpoint);
  return { sns, TopicArn, subscribed: subscribed.SubscriptionArn, read };
}

export const mailProbes: Probes = {
  async mail_subscriptions_are_confirmed(context) {
    const { sns, TopicArn, subscribed, read } = await subscribe(context, 'confirmed');
    const list = async () => {
      const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
      return Subscriptions[0]?.SubscriptionArn;
    };
    const pending = await list();
    await sns.send(new PublishCommand({ TopicArn, Message: 'too early' }));
    const [mail, ...more] = await read();
    const link = /http\S+ConfirmSubscription\S+/.exec(mail?.text ?? '')?.[0];
    if (link === undefined) return false;
    await (await fetch(link)).arrayBuffer();
    const confirmed = await list();
    return (
      subscribed === 'pending confirmation' &&
      pending === 'PendingConfirmation' &&
      more.length === 0 &&
      confirmed?.startsWith('arn:') === true
    );
  },

  async mails_are_delivered(context) {
    const { sns, TopicArn, read } = await subscribe(context, 'delivered');
    const link = /http\S+ConfirmSubscription\S+/.exec((await read())[0]?.text ?? '')?.[0];
    if (link !== undefined) await (await fetch(link)).arrayBuffer();
    await sns.send(new PublishCommand({ TopicArn, Subject: 'News', Message: 'What happened' }));
    const mail = (await read()).find(({ subject }) => subject === 'News');
    return mail?.text.startsWith('What happened') === true && mail.text.includes('Action=Unsubscribe');
  },
};

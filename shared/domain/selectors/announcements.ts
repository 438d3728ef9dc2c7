/**
 * Topics of Amazon SNS on which AWS announces new images of its own. What a message says is not read: its form is not documented
 * (docs/aws/events.md#announcements-of-images). It only says that the parameters and images of that family are to be resolved again.
 */
import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';

export interface Announcement {
  /** ARN of the topic of SNS, which tells the partition and the owner of the images. */
  readonly announcedOn: string;
  /** How the names of the public parameters begin that lead to these images. */
  readonly parameters: string;
}

export const ANNOUNCEMENTS: readonly Announcement[] = [
  // linux/al2023/ug/receive-update-notification
  {
    announcedOn: 'arn:aws:sns:us-east-1:137112412989:amazon-linux-2023-ami-updates',
    parameters: '/aws/service/ami-amazon-linux-latest/al2023-',
  },
  // linux/al2/ug/linux-ami-notifications
  {
    announcedOn: 'arn:aws:sns:us-east-1:137112412989:amazon-linux-2-ami-updates',
    parameters: '/aws/service/ami-amazon-linux-latest/amzn2-',
  },
  // ec2/latest/windows-ami-reference/windows-ami-notifications, both
  {
    announcedOn: 'arn:aws:sns:us-east-1:801119661308:ec2-windows-ami-update',
    parameters: '/aws/service/ami-windows-latest/',
  },
  {
    announcedOn: 'arn:aws-us-gov:sns:us-gov-west-1:077303321853:ec2-windows-ami-update',
    parameters: '/aws/service/ami-windows-latest/',
  },
];

/** What SNS sends to a queue (sns/latest/dg/sns-message-and-json-formats). */
const Notification = lazyObject(() => ({ Type: z.literal('Notification'), TopicArn: z.string() }));

/** Undefined for what is no notification of SNS; `unknown` for one from a topic that is not in the list. */
export function readAnnouncement(body: unknown): Announcement | 'unknown' | undefined {
  const notification = Notification.safeParse(body);
  if (!notification.success) return undefined;
  return ANNOUNCEMENTS.find(({ announcedOn }) => announcedOn === notification.data.TopicArn) ?? 'unknown';
}

/** Accounts and names by which a lookup finds the announced images. */
export function listAnnouncedOwners({ announcedOn }: Announcement): string[] {
  const [, , , , account = ''] = announcedOn.split(':');
  return [account, 'amazon'];
}

/**
 * Hints come in heaps: every event twice, and many about one thing. What a topic means is read where it is true, so one look answers all hints
 * that were sent before it began. A function that stays warm remembers its last look at each topic, and looks at one topic once at a time.
 */
import type { Clock } from '../../ports.ts';
import { CLOCK_MARGIN_MS } from './notice-ahead.ts';
import { type Noticed, type NoticeTopicsDeps, noticeTopic } from './notice-topics.ts';

interface Look {
  readonly beganAt: number;
  /** Whether it came to its end; undefined while it is under way. */
  readonly ended: Promise<boolean>;
  isUnderWay: boolean;
}

/** The last look at each topic; lives as long as the function's instance. */
export type Looks = Map<string, Look>;

export interface NoticeOnceDeps extends NoticeTopicsDeps {
  readonly clock: Clock;
  /** Without it every hint leads to a look. */
  readonly looks?: Looks;
}

const MOST_TOPICS = 500;
const NOTHING: Noticed = { changes: [], problems: [] };

/** `sentAt`: when the message with the hint was put into the queue, by the queue's clock. What had moved by then is recorded when this returns. */
export async function noticeOnce(
  deps: NoticeOnceDeps,
  topic: string,
  sentAt: Date | undefined,
): Promise<Noticed> {
  const { looks } = deps;
  if (looks === undefined || sentAt === undefined) return await noticeTopic(deps, topic);
  for (let last = looks.get(topic); last !== undefined; last = looks.get(topic)) {
    const isLater = last.beganAt > sentAt.getTime() + CLOCK_MARGIN_MS;
    if (!isLater && !last.isUnderWay) break;
    const hasEnded = await last.ended;
    if (isLater && hasEnded) return NOTHING;
  }
  return await look(deps, looks, topic);
}

async function look(deps: NoticeOnceDeps, looks: Looks, topic: string): Promise<Noticed> {
  const beganAt = deps.clock.now().getTime();
  const noticing = noticeTopic(deps, topic);
  const own: Look = {
    beganAt,
    isUnderWay: true,
    ended: noticing.then(
      () => {
        own.isUnderWay = false;
        return true;
      },
      () => {
        // One that failed answers nobody.
        if (looks.get(topic) === own) looks.delete(topic);
        return false;
      },
    ),
  };
  looks.delete(topic);
  looks.set(topic, own);
  const [oldest] = looks.keys();
  if (looks.size > MOST_TOPICS && oldest !== undefined) looks.delete(oldest);
  return await noticing;
}

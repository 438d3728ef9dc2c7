/** Takes one message of the hint queue: an event of AWS, one of our own, or a list of topics. */
import { hintOf } from '../domain/hints.ts';
import { type Noticed, type NoticeTopicsDeps, noticeTopic } from './notice-topics.ts';

export type NoticeOutcome =
  | ({ readonly kind: 'noticed'; readonly topics: readonly string[] } & Noticed)
  | { readonly kind: 'ignored' | 'malformed'; readonly why: string };

const TOPICS_AT_ONCE = 4;

export async function noticeHint(deps: NoticeTopicsDeps, body: unknown): Promise<NoticeOutcome> {
  const hint = hintOf(body);
  if (hint.kind !== 'topics')
    return { kind: hint.kind === 'nothing' ? 'ignored' : 'malformed', why: hint.why };
  const noticed: Noticed[] = [];
  for (let start = 0; start < hint.topics.length; start += TOPICS_AT_ONCE) {
    const part = hint.topics.slice(start, start + TOPICS_AT_ONCE);
    noticed.push(...(await Promise.all(part.map((topic) => noticeTopic(deps, topic)))));
  }
  return {
    kind: 'noticed',
    topics: hint.topics,
    changes: noticed.flatMap((entry) => entry.changes),
    problems: noticed.flatMap((entry) => entry.problems),
  };
}

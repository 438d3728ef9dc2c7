/** Takes one message of the queue of hints about stores: an event of AWS, or a list of topics. */
import { hintOf } from '../../domain/versions/hints.ts';
import { type NoticeOutcome, noticeTopics } from './notice-hint.ts';
import type { NoticeTopicsDeps } from './notice-topics.ts';

export async function noticeStoreHint(deps: NoticeTopicsDeps, body: unknown): Promise<NoticeOutcome> {
  const hint = hintOf(body);
  if (hint.kind === 'topics') return noticeTopics(deps, hint.topics);
  if (hint.kind === 'malformed') return { kind: 'malformed', why: hint.why };
  return { kind: 'ignored', why: hint.kind === 'nothing' ? hint.why : 'It is about no store.' };
}

/** Handles one message of the queue of store hints: an event of AWS, or a list of topics. */
import { parseHint } from '../../domain/selectors/hints.ts';
import type { DetectTopicsDeps } from './detect-topic.ts';
import { detectTopics, type HintOutcome } from './handle-hint.ts';

export async function handleStoreHint(deps: DetectTopicsDeps, body: unknown): Promise<HintOutcome> {
  const hint = parseHint(body);
  if (hint.kind === 'topics') return detectTopics(deps, hint.topics);
  if (hint.kind === 'malformed') return { kind: 'malformed', why: hint.why };
  return { kind: 'ignored', why: hint.kind === 'nothing' ? hint.why : 'It is about no store.' };
}

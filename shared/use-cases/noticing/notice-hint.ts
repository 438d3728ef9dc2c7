/** Takes one message of the hint queue: an event of AWS, one of our own, or a list of topics. */
import { assertNever } from '../../domain/errors.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import { hintOf } from '../../domain/versions/hints.ts';
import { type IndexInventoryDeps, indexInventory } from './index-inventory.ts';
import { noticeFinding } from './notice-finding.ts';
import { type Noticed, type NoticeTopicsDeps, noticeTopic } from './notice-topics.ts';
import { type ReconcileFindingsDeps, reconcileFindings } from './reconcile-findings.ts';

export interface NoticeHintDeps extends NoticeTopicsDeps, ReconcileFindingsDeps, IndexInventoryDeps {}

export type NoticeOutcome =
  | ({ readonly kind: 'noticed'; readonly topics: readonly string[] } & Noticed)
  | { readonly kind: 'ignored' | 'malformed'; readonly why: string };

const TOPICS_AT_ONCE = 4;

export async function noticeHint(deps: NoticeHintDeps, body: unknown): Promise<NoticeOutcome> {
  const hint = hintOf(body);
  switch (hint.kind) {
    case 'topics':
      return noticeTopics(deps, hint.topics);
    case 'finding':
      return recorded(await noticeFinding(deps, hint.arn, hint.claims));
    case 'findings': {
      const { changes, refused } = await reconcileFindings(deps, hint.after);
      return refused === undefined ? recorded(changes) : { kind: 'ignored', why: refused };
    }
    case 'inventories': {
      const changes: ChangeRecord[] = [];
      for (const channel of hint.channels) changes.push(...(await indexInventory(deps, channel)));
      return recorded(changes);
    }
    case 'nothing':
      return { kind: 'ignored', why: hint.why };
    case 'malformed':
      return { kind: 'malformed', why: hint.why };
    default:
      return assertNever(hint);
  }
}

function recorded(changes: readonly ChangeRecord[]): NoticeOutcome {
  return { kind: 'noticed', topics: [], changes, problems: [] };
}

/**
 * A topic that cannot be looked at now (AWS throttles, a feed is slow) keeps no other from being looked at; the message comes again for it, and
 * looking twice at the others does no harm.
 */
export async function noticeTopics(
  deps: NoticeTopicsDeps,
  topics: readonly string[],
): Promise<NoticeOutcome> {
  const noticed: Noticed[] = [];
  const failures: unknown[] = [];
  for (let start = 0; start < topics.length; start += TOPICS_AT_ONCE) {
    const part = topics.slice(start, start + TOPICS_AT_ONCE);
    for (const result of await Promise.allSettled(part.map((topic) => noticeTopic(deps, topic)))) {
      if (result.status === 'fulfilled') noticed.push(result.value);
      else failures.push(result.reason);
    }
  }
  if (failures.length > 0) throw failures[0];
  return {
    kind: 'noticed',
    topics,
    changes: noticed.flatMap((entry) => entry.changes),
    problems: noticed.flatMap((entry) => entry.problems),
  };
}

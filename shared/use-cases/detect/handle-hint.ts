/** Handles one message of the hint queue: an event of AWS, a list of topics, a page of findings, or inventories to index. */
import { assertNever } from '../../domain/base/errors.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import { parseHint } from '../../domain/selectors/hints.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { type Detection, type DetectTopicsDeps, detectTopic } from './detect-topic.ts';
import { detectVulnerability } from './detect-vulnerability.ts';
import { type IndexInventoryDeps, indexInventory } from './index-inventory.ts';
import { type ResyncVulnerabilitiesDeps, resyncVulnerabilities } from './resync-vulnerabilities.ts';

export interface HandleHintDeps extends DetectTopicsDeps, ResyncVulnerabilitiesDeps, IndexInventoryDeps {}

export type HintOutcome =
  | ({ readonly kind: 'detected'; readonly topics: readonly string[] } & Detection)
  | { readonly kind: 'ignored' | 'malformed'; readonly why: string };

const TOPICS_AT_ONCE = 4;

export async function handleHint(deps: HandleHintDeps, body: unknown): Promise<HintOutcome> {
  const hint = parseHint(body);
  switch (hint.kind) {
    case 'topics':
      return detectTopics(deps, hint.topics);
    case 'finding':
      return toDetectedOutcome(await detectVulnerability(deps, hint.arn, hint.claims));
    case 'findings': {
      const { changes, refused } = await resyncVulnerabilities(deps, hint.after);
      return refused === undefined ? toDetectedOutcome(changes) : { kind: 'ignored', why: refused };
    }
    case 'inventories': {
      const changes: ChangeRecord[] = [];
      for (const channel of hint.channels) changes.push(...(await indexInventory(deps, channel)));
      return toDetectedOutcome(changes);
    }
    case 'nothing':
      return { kind: 'ignored', why: hint.why };
    case 'malformed':
      return { kind: 'malformed', why: hint.why };
    default:
      return assertNever(hint);
  }
}

function toDetectedOutcome(changes: readonly ChangeRecord[]): HintOutcome {
  return { kind: 'detected', topics: [], changes, problems: [] };
}

/**
 * Detects the changes of all topics. A topic that cannot be resolved now (AWS throttles, a feed is slow) keeps no other from it; the message is
 * delivered again, and resolving the others twice changes nothing.
 */
export async function detectTopics(deps: DetectTopicsDeps, topics: readonly string[]): Promise<HintOutcome> {
  const detections = await mapConcurrent(TOPICS_AT_ONCE, topics, (topic) => detectTopic(deps, topic));
  return {
    kind: 'detected',
    topics,
    changes: detections.flatMap((entry) => entry.changes),
    problems: detections.flatMap((entry) => entry.problems),
  };
}

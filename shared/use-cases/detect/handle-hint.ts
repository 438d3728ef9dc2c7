import { assertNever } from '../../domain/base/errors.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import { parseHint } from '../../domain/selectors/hints.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { type Detection, type DetectTopicsDeps, detectTopic } from './detect-topic.ts';
import {
  detectVulnerability,
  type ResyncVulnerabilitiesDeps,
  resyncVulnerabilities,
} from './detect-vulnerability.ts';
import { type IndexInventoryDeps, indexInventory } from './index-inventory.ts';
import { type ResyncAnnouncedDeps, resyncAnnounced } from './resync-announced.ts';

export type HandleHintDeps = DetectTopicsDeps &
  ResyncVulnerabilitiesDeps &
  IndexInventoryDeps &
  ResyncAnnouncedDeps;

export type HintOutcome =
  | ({ readonly kind: 'detected'; readonly topics: readonly string[] } & Detection)
  | { readonly kind: 'ignored' | 'malformed'; readonly why: string };

const TOPICS_AT_ONCE = 4;

/** Handles one message of the hint queue: an event of AWS, a list of topics, a page of findings, inventories to index, or an announcement. */
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
    case 'announcement':
      await resyncAnnounced(deps, hint.announcement);
      return toDetectedOutcome([]);
    case 'nothing':
      return { kind: 'ignored', why: hint.why };
    case 'malformed':
      return { kind: 'malformed', why: hint.why };
    default:
      return assertNever(hint);
  }
}

/** Handles one message of the queue of slow hints: an event of AWS, or a list of topics. */
export async function handleSlowHint(deps: DetectTopicsDeps, body: unknown): Promise<HintOutcome> {
  const hint = parseHint(body);
  if (hint.kind === 'topics') return detectTopics(deps, hint.topics);
  if (hint.kind === 'malformed') return { kind: 'malformed', why: hint.why };
  return { kind: 'ignored', why: hint.kind === 'nothing' ? hint.why : 'It is about no slow selector.' };
}

function toDetectedOutcome(changes: readonly ChangeRecord[]): HintOutcome {
  return { kind: 'detected', topics: [], changes, problems: [] };
}

/**
 * Detects the changes of all topics. A topic that cannot be resolved now (AWS throttles, a feed is slow) keeps no other from it; the message is
 * delivered again, and resolving the others twice changes nothing.
 */
async function detectTopics(deps: DetectTopicsDeps, topics: readonly string[]): Promise<HintOutcome> {
  const detections = await mapConcurrent(TOPICS_AT_ONCE, topics, (topic) => detectTopic(deps, topic));
  return {
    kind: 'detected',
    topics,
    changes: detections.flatMap((entry) => entry.changes),
    problems: detections.flatMap((entry) => entry.problems),
  };
}

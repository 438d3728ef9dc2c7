/**
 * Finds what lost events would have told, every 15 minutes: sends a hint for each topic, and one for the findings. A hint is a message to look
 * again; a topic is what it names: the selectors that one event may change, which are resolved together. It is no SNS topic. The list of
 * selectors has shards; a run that has taken long enough leaves the rest of a shard to the next one.
 */

import * as z from 'zod';
import { keys, lists, SELECTOR_SHARDS } from '../../domain/base/naming.ts';
import { SelectorRecordSchema } from '../../domain/records/selectors.ts';
import type { Ports } from '../../ports/ports.ts';
import type { FindingHints } from '../../ports/vulnerabilities.ts';
import { readRecord } from '../store/read.ts';

export interface ResyncDeps extends Pick<Ports, 'table' | 'clock' | 'hintQueue'> {
  readonly findingHints: Pick<FindingHints, 'sendPage'>;
}

export interface ResyncSummary {
  readonly selectors: number;
  readonly topics: number;
  /** Shards that are left to the next run. */
  readonly unfinished: number;
}

/** One of `of` runs that share the work. */
export interface RunShare {
  readonly part: number;
  readonly of: number;
}

/** Well below the time-out of the function. */
const MAX_SECONDS = 200;

export async function resyncSelectors(
  deps: ResyncDeps,
  share: RunShare = { part: 0, of: 1 },
): Promise<ResyncSummary> {
  const until = new Date(deps.clock.now().getTime() + MAX_SECONDS * 1000);
  if (share.part === 0) await deps.findingHints.sendPage();
  const key = keys.resync(share.part, share.of);
  const left = await readRecord(deps.table, key, CursorSchema);
  const shards = listShards(share, left?.shard);
  const counts = { selectors: 0, topics: 0 };
  for (const [index, shard] of shards.entries()) {
    const walked = await walkShard(deps, { shard, after: index === 0 ? left?.after : undefined }, until);
    counts.selectors += walked.selectors;
    counts.topics += walked.topics;
    if (walked.rest === undefined) continue;
    await deps.table.write([{ put: { ...key, ...walked.rest } }]);
    return { ...counts, unfinished: shards.length - index };
  }
  if (left !== undefined) await deps.table.write([{ delete: key }]);
  return { ...counts, unfinished: 0 };
}

/** The shards of a run, beginning with the one that the last run left: otherwise the last shards would never be reached. */
function listShards({ part, of }: RunShare, first: number | undefined): number[] {
  const own = Array.from({ length: SELECTOR_SHARDS }, (_, shard) => shard).filter(
    (shard) => shard % of === part,
  );
  const from = Math.max(0, own.indexOf(first ?? -1));
  return [...own.slice(from), ...own.slice(0, from)];
}

/** Where the next run goes on. */
const CursorSchema = z.object({ shard: z.number(), after: z.string().optional() });
type Cursor = z.infer<typeof CursorSchema>;

async function walkShard(
  deps: ResyncDeps,
  { shard, after: from }: Cursor,
  until: Date,
): Promise<{ selectors: number; topics: number; rest?: Cursor }> {
  const seen = new Set<string>();
  let selectors = 0;
  let after = from;
  do {
    const start = after === undefined ? {} : { after };
    if (deps.clock.now() >= until) return { selectors, topics: seen.size, rest: { shard, ...start } };
    const page = await deps.table.query({ index: 'list', pk: lists.selectors(shard), ...start });
    const topics = page.items.map((item) => SelectorRecordSchema.parse(item).topic);
    const fresh = [...new Set(topics)].filter((topic) => !seen.has(topic));
    for (const topic of fresh) seen.add(topic);
    if (fresh.length > 0) await deps.hintQueue.send(fresh);
    selectors += topics.length;
    after = page.cursor;
  } while (after !== undefined);
  return { selectors, topics: seen.size };
}

/**
 * The net below events: asks for every distinct selector to be looked at, by the way that an event takes. However many pipelines use a
 * selector, it is resolved once, and selectors of one topic travel together. Findings come page by page, the same way.
 */
import { lists } from '../domain/naming.ts';
import { SelectorRecordSchema } from '../domain/records.ts';
import type { FindingHints, HintQueue, Table } from '../ports.ts';
import { pages } from './store/read.ts';

export interface ReconcileDeps {
  readonly table: Table;
  readonly hintQueue: HintQueue;
  readonly findingHints: Pick<FindingHints, 'sendPage'>;
}

export async function reconcileSelectors(
  deps: ReconcileDeps,
): Promise<{ selectors: number; topics: number }> {
  await deps.findingHints.sendPage();
  const counts = { selectors: 0, topics: 0 };
  const seen = new Set<string>();
  for await (const page of pages(deps.table, { index: 'list', pk: lists.selectors }, SelectorRecordSchema)) {
    counts.selectors += page.length;
    // A pinned image never moves.
    const movable = page.filter((row) => row.selector.kind !== 'ami').map((row) => row.topic);
    const topics = [...new Set(movable)].filter((topic) => !seen.has(topic));
    for (const topic of topics) seen.add(topic);
    counts.topics += topics.length;
    if (topics.length > 0) await deps.hintQueue.send(topics);
  }
  return counts;
}

import { lists, SELECTOR_SHARDS } from '../../domain/base/naming.ts';
import { SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { type Announcement, listAnnouncedOwners } from '../../domain/selectors/announcements.ts';
import { lookupTopic } from '../../domain/selectors/lookup.ts';
import { parameterTopic } from '../../domain/selectors/ssm.ts';
import type { Ports } from '../../ports/ports.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { readAll } from '../store/read.ts';

export interface ResyncAnnouncedDeps extends Pick<Ports, 'hintQueue' | 'home'> {
  readonly table: Pick<Ports['table'], 'query'>;
}

const SHARDS_AT_ONCE = 8;

/** Sends a hint for what may have changed with images that AWS announced: parameters of that family, and lookups of their owner. */
export async function resyncAnnounced(
  { table, hintQueue, home: { region } }: ResyncAnnouncedDeps,
  announcement: Announcement,
): Promise<void> {
  const shards = Array.from({ length: SELECTOR_SHARDS }, (_, shard) => lists.selectors(shard));
  // Keys of these selectors begin with their topic.
  const prefix = parameterTopic({ name: announcement.parameters, region });
  const rows = await mapConcurrent(SHARDS_AT_ONCE, shards, (pk) =>
    readAll(table, { index: 'list', pk, prefix }, SelectorRecordSchema),
  );
  const lookups = listAnnouncedOwners(announcement).map((owner) => lookupTopic({ owner, region }));
  await hintQueue.send([...new Set([...rows.flat().map(({ topic }) => topic), ...lookups])]);
}

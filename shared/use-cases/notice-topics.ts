/**
 * Looks again at every selector of a topic. Whoever brought the topic up (an event, the reconcile, the planner) is not believed: what the
 * selectors mean is read where it is true, and what has moved is recorded once.
 */
import { TryLater } from '../domain/errors.ts';
import { keys } from '../domain/naming.ts';
import {
  BakeRecordSchema,
  type ChangeRecord,
  ChannelRecordSchema,
  type SelectorRecord,
  SelectorRecordSchema,
  TopicSelectorRecordSchema,
} from '../domain/records.ts';
import type { Selector } from '../domain/selectors.ts';
import { isMove } from '../domain/versions.ts';
import { type Resolution, type SelectorResolver, type Table, WriteConflict } from '../ports.ts';
import { type Move, type RecordMovesDeps, recordMoves } from './notice-moves.ts';
import { read, readAll, readMany } from './store/read.ts';

export interface NoticeTopicsDeps extends RecordMovesDeps {
  readonly resolver: SelectorResolver;
}

export interface Noticed {
  readonly changes: readonly ChangeRecord[];
  /** Selectors that mean nothing at the moment; the last known version stays. */
  readonly problems: readonly { readonly selector: string; readonly problem: string }[];
}

const ROUNDS = 5;
/** Calls to AWS at once; one topic seldom has more than a few selectors. */
const RESOLVED_AT_ONCE = 8;

export async function noticeTopic(deps: NoticeTopicsDeps, topic: string): Promise<Noticed> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const rows = await selectorsOf(deps.table, topic);
    try {
      return await noticeSelectors(deps, rows);
    } catch (error) {
      // Somebody else moved one of them meanwhile: look again.
      if (!(error instanceof WriteConflict)) throw error;
    }
  }
  throw new TryLater(`The selectors of ${topic} kept moving while they were recorded.`);
}

/** Selectors of versioned ARNs are listed under their topic; every other topic is the key of its only selector. */
async function selectorsOf(table: Table, topic: string): Promise<SelectorRecord[]> {
  if (!topic.startsWith('arn:')) {
    const row = await read(table, keys.selector(topic), SelectorRecordSchema);
    return row === undefined ? [] : [row];
  }
  const listed = await readAll(
    table,
    { pk: keys.topicSelector(topic, '').pk, prefix: 'SELECTOR#' },
    TopicSelectorRecordSchema,
  );
  const rows = await readMany(
    table,
    listed.map((entry) => keys.selector(entry.key)),
    SelectorRecordSchema,
  );
  return rows.filter((row) => row !== undefined);
}

async function noticeSelectors(deps: NoticeTopicsDeps, rows: readonly SelectorRecord[]): Promise<Noticed> {
  const moves: Move[] = [];
  const problems: { selector: string; problem: string }[] = [];
  for (let start = 0; start < rows.length; start += RESOLVED_AT_ONCE) {
    const part = rows.slice(start, start + RESOLVED_AT_ONCE);
    const found = await Promise.all(part.map((row) => look(deps, row)));
    for (const entry of found) {
      if (entry?.kind === 'move') moves.push(entry.move);
      else if (entry !== undefined) problems.push(entry);
    }
  }
  return { changes: await recordMoves(deps, moves), problems };
}

type Look =
  | { readonly kind: 'move'; readonly move: Move }
  | { readonly kind: 'problem'; readonly selector: string; readonly problem: string };

async function look(deps: NoticeTopicsDeps, row: SelectorRecord): Promise<Look | undefined> {
  const { selector } = row;
  if (selector.kind === 'pipeline') return lookAtChannel(deps.table, row, selector);
  const resolution = await deps.resolver.resolve(selector);
  if (!resolution.found) return lost(deps, row, resolution);
  const kind = selector.kind === 'image' || selector.kind === 'component' ? 'semver' : 'value';
  if (isMove(kind, row.version, resolution.version))
    return { kind: 'move', move: { row, to: resolution.version, detail: resolution.detail } };
  if (row.problem !== undefined) await note(deps, row, undefined);
  return undefined;
}

/** What a `pipeline:` selector means is in our own table: the release that is current in the channel. */
export async function lookAtChannel(
  table: Table,
  row: SelectorRecord,
  selector: Extract<Selector, { kind: 'pipeline' }>,
): Promise<{ kind: 'move'; move: Move } | undefined> {
  const channel = await read(table, keys.channel(selector.pipeline, selector.channel), ChannelRecordSchema);
  if (channel === undefined || channel.release === row.version) return undefined;
  const bake = await read(table, keys.bake(channel.bake), BakeRecordSchema);
  return {
    kind: 'move',
    move: {
      row,
      to: channel.release,
      detail: channel.images,
      release: { id: channel.release, changes: bake?.changes ?? [], causes: bake?.causes ?? [] },
    },
  };
}

async function lost(
  deps: NoticeTopicsDeps,
  row: SelectorRecord,
  resolution: Extract<Resolution, { found: false }>,
): Promise<Look> {
  if (row.problem !== resolution.reason) await note(deps, row, resolution.reason);
  return { kind: 'problem', selector: row.key, problem: resolution.reason };
}

async function note(deps: NoticeTopicsDeps, row: SelectorRecord, problem: string | undefined): Promise<void> {
  await deps.table.write([
    {
      update: keys.selector(row.key),
      set: { checkedAt: deps.clock.now().toISOString(), problem },
      ...(problem === undefined ? { remove: ['problem'] } : {}),
      when: { exists: true, equals: { version: row.version ?? null } },
    },
  ]);
}

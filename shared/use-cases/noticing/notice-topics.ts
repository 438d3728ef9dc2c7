/**
 * Looks again at every selector of a topic. Whoever brought the topic up (an event, the reconcile, the planner) is not believed: what the
 * selectors mean is read where it is true, and what has moved is recorded once.
 */
import { DomainError, TryLater } from '../../domain/errors.ts';
import { due, keys } from '../../domain/naming.ts';
import { BakeRecordSchema } from '../../domain/records/bakes.ts';
import { ChannelRecordSchema } from '../../domain/records/releases.ts';
import {
  type ChangeRecord,
  type SelectorRecord,
  SelectorRecordSchema,
  TopicSelectorRecordSchema,
} from '../../domain/records/selectors.ts';
import { flapOf } from '../../domain/versions/flapping.ts';
import { comparesAs, type Selector } from '../../domain/versions/selectors.ts';
import { isMove } from '../../domain/versions/versions.ts';
import { type Resolution, type SelectorResolver, type Table, WriteConflict } from '../../ports.ts';
import { read, readAll, readMany } from '../store/read.ts';
import { usersOf } from './fan-out-change.ts';
import { type Move, type RecordMovesDeps, recordMoves, USERS_READ, type UserPage } from './notice-moves.ts';

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
    const found = await readTopic(deps.table, topic);
    try {
      return await noticeSelectors(deps, found);
    } catch (error) {
      // Another writer moved one of them meanwhile: look again.
      if (!(error instanceof WriteConflict)) throw error;
    }
  }
  throw new TryLater(`The selectors of ${topic} kept moving while they were recorded.`);
}

/** A selector's row and the first pipelines that use it. */
interface Found {
  readonly row: SelectorRecord;
  readonly users: UserPage;
}

/**
 * The selectors that are listed under a topic. Users are read after the row: a pipeline that begins to use the selector in between is marked,
 * or makes the write lose by the row's count of uses.
 */
async function readTopic(table: Table, topic: string): Promise<Found[]> {
  const { pk, sk: prefix } = keys.topicSelector(topic, '');
  const listed = await readAll(table, { pk, prefix }, TopicSelectorRecordSchema);
  const rows = await readMany(
    table,
    listed.map(({ key }) => keys.selector(key)),
    SelectorRecordSchema,
  );
  return await Promise.all(
    rows
      .filter((row) => row !== undefined)
      .map(async (row) => ({ row, users: await usersOf(table, row.key, { limit: USERS_READ }) })),
  );
}

async function noticeSelectors(deps: NoticeTopicsDeps, found: readonly Found[]): Promise<Noticed> {
  const looks = await lookAll(deps, found);
  const moves = looks.flatMap((entry) => (entry.kind === 'move' ? [entry.move] : []));
  const problems = looks.flatMap((entry) => (entry.kind === 'problem' ? [entry] : []));
  return { changes: await recordMoves(deps, moves), problems };
}

async function lookAll(deps: NoticeTopicsDeps, found: readonly Found[]): Promise<Look[]> {
  const looks: Look[] = [];
  for (let start = 0; start < found.length; start += RESOLVED_AT_ONCE) {
    const part = found.slice(start, start + RESOLVED_AT_ONCE);
    const answers = await Promise.all(part.map((entry) => look(deps, entry)));
    looks.push(...answers.filter((entry) => entry !== undefined));
  }
  return looks;
}

type Look =
  | { readonly kind: 'move'; readonly move: Move }
  | { readonly kind: 'problem'; readonly selector: string; readonly problem: string };

async function look(deps: NoticeTopicsDeps, { row, users }: Found): Promise<Look | undefined> {
  const { selector } = row;
  if (selector.kind === 'pipeline') return lookAtChannel(deps.table, { row, users }, selector);
  const resolution = await resolve(deps, row);
  if (!resolution.found) return lost(deps, row, resolution.reason);
  const { version: to, detail } = resolution;
  const kind = comparesAs(selector);
  if (!isMove(kind, row.version, to)) {
    if (row.problem !== undefined || row.unsettled !== undefined) await note(deps, row, {});
    return undefined;
  }
  const flap = kind === 'value' ? flapOf(row, to, deps.clock.now()) : { kind: 'move' as const, left: [] };
  if (flap.kind === 'wait') {
    const { reason: problem, unsettled } = flap;
    await note(deps, row, { problem, unsettled });
    return { kind: 'problem', selector: row.key, problem };
  }
  return { kind: 'move', move: { row, users, to, detail, left: flap.left } };
}

/** Why it cannot be asked now is written down; the message comes again. */
async function resolve(deps: NoticeTopicsDeps, row: SelectorRecord): Promise<Resolution> {
  try {
    return await deps.resolver.resolve(row.selector);
  } catch (error) {
    await lost(deps, row, wordsFor(error));
    throw error;
  }
}

/** What nobody expected may quote anything, a request with its token included: only its name is shown. */
function wordsFor(error: unknown): string {
  if (error instanceof DomainError) return error.message;
  const name = error instanceof Error ? error.name : 'unknown error';
  return `It could not be resolved: ${name}. The log of the function that notices changes says more.`;
}

/** What a `pipeline:` selector means is in our own table: the release that is current in the channel. */
async function lookAtChannel(
  table: Table,
  { row, users }: Found,
  selector: Extract<Selector, { kind: 'pipeline' }>,
): Promise<{ kind: 'move'; move: Move } | undefined> {
  const channel = await read(table, keys.channel(selector.pipeline, selector.channel), ChannelRecordSchema);
  if (channel === undefined || channel.release === row.version) return undefined;
  const bake = await read(table, keys.bake(channel.bake), BakeRecordSchema);
  return {
    kind: 'move',
    move: {
      row,
      users,
      to: channel.release,
      detail: channel.images,
      release: { id: channel.release, changes: bake?.changes ?? [], causes: bake?.causes ?? [] },
    },
  };
}

async function lost(deps: NoticeTopicsDeps, row: SelectorRecord, problem: string): Promise<Look> {
  // What it stood at cannot be told any more: it begins to stand still anew.
  if (row.problem !== problem || row.unsettled !== undefined) await note(deps, row, { problem });
  return { kind: 'problem', selector: row.key, problem };
}

/** What is said of the selector beside its last known version, which stays. Who goes to and fro is looked at again by the sweep. */
async function note(
  deps: NoticeTopicsDeps,
  row: SelectorRecord,
  { problem, unsettled }: Pick<SelectorRecord, 'problem' | 'unsettled'>,
): Promise<void> {
  if (row.problem === problem && row.unsettled?.until === unsettled?.until) return;
  await deps.table.write([
    {
      update: keys.selector(row.key),
      set: {
        checkedAt: deps.clock.now().toISOString(),
        ...(problem === undefined ? {} : { problem }),
        ...(unsettled === undefined ? {} : { unsettled, duePk: due.selectors, dueSk: unsettled.until }),
      },
      remove: [
        ...(problem === undefined ? ['problem'] : []),
        ...(unsettled === undefined ? ['unsettled', 'duePk', 'dueSk'] : []),
      ],
      when: { exists: true, equals: { version: row.version ?? null } },
    },
  ]);
}

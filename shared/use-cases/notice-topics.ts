/**
 * Looks again at every selector of a topic. Whoever brought the topic up (an event, the reconcile, the planner) is not believed: what the
 * selectors mean is read where it is true, and what has moved is recorded once.
 */
import { TryLater } from '../domain/errors.ts';
import { flapOf } from '../domain/flapping.ts';
import { due, keys } from '../domain/naming.ts';
import {
  BakeRecordSchema,
  type ChangeRecord,
  ChannelRecordSchema,
  type SelectorRecord,
  SelectorRecordSchema,
  SelectorUserRecordSchema,
  TopicSelectorRecordSchema,
} from '../domain/records.ts';
import { comparesAs, type Selector } from '../domain/selectors.ts';
import { isMove } from '../domain/versions.ts';
import { type Resolution, type SelectorResolver, type Table, WriteConflict } from '../ports.ts';
import {
  type Ahead,
  expressUsers,
  type Found,
  isStillGood,
  type Memory,
  readAhead,
  remember,
} from './notice-ahead.ts';
import { readExpress } from './notice-express.ts';
import { type Move, type RecordMovesDeps, recordMoves, USERS_READ } from './notice-moves.ts';
import { read, readAll } from './store/read.ts';

export interface NoticeTopicsDeps extends RecordMovesDeps {
  readonly resolver: SelectorResolver;
  /** What the function's instance read before; without, nothing is read ahead. */
  readonly memory?: Memory;
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
    const remembered = round === 0 ? deps.memory?.get(topic) : undefined;
    const asked = deps.clock.now();
    const reading = selectorsOf(deps.table, topic);
    const early = remembered === undefined ? undefined : readAhead(deps, remembered);
    // Where it is not needed, nobody has to hear that it failed.
    early?.catch(() => {});
    const found = await reading;
    if (deps.memory !== undefined) remember(deps.memory, topic, found);
    const isGood = remembered !== undefined && isStillGood(remembered, found, asked);
    // What failed early is asked for again below, where the reason is written down.
    const ahead = isGood ? await early?.catch(() => undefined) : undefined;
    try {
      const noticed = await noticeSelectors(deps, found, { ahead, express: round === 0 });
      if (deps.memory !== undefined) remember(deps.memory, topic, found, noticed.changes);
      return noticed;
    } catch (error) {
      // Somebody else moved one of them meanwhile, or the short way met something unusual: look again.
      if (!(error instanceof WriteConflict)) throw error;
    }
  }
  throw new TryLater(`The selectors of ${topic} kept moving while they were recorded.`);
}

/** Topics that are the key of their only selector. */
const OF_ONE = /^(?:pipeline|source|ami):/;

/**
 * Selectors are listed under their topic. A parameter's topic is also the key of the selector that names it without a version or label: that
 * one hurries, so it is read beside the list.
 */
async function selectorsOf(table: Table, topic: string): Promise<Found[]> {
  const [own, listed] = await Promise.all([
    OF_ONE.test(topic) || topic.startsWith('ssm:') ? selectorWithUsers(table, topic) : undefined,
    OF_ONE.test(topic) ? [] : listedUnder(table, topic),
  ]);
  const others = listed.filter((key) => key !== own?.row.key);
  const found = await Promise.all(others.map((key) => selectorWithUsers(table, key)));
  return [own, ...found].filter((entry) => entry !== undefined);
}

/** The selector's row is the last of its partition, so reading backwards finds it with the pipelines that use it. */
async function selectorWithUsers(table: Table, key: string): Promise<Found | undefined> {
  const { pk, sk } = keys.selector(key);
  const page = await table.query({ pk, descending: true, limit: USERS_READ + 1 });
  const row = page.items.find((item) => item.sk === sk);
  if (row === undefined) return undefined;
  const users = page.items.filter((item) => item !== row).map((item) => SelectorUserRecordSchema.parse(item));
  return { row: SelectorRecordSchema.parse(row), users: { users, cursor: page.cursor } };
}

async function listedUnder(table: Table, topic: string): Promise<string[]> {
  const query = { pk: keys.topicSelector(topic, '').pk, prefix: 'SELECTOR#' };
  const listed = await readAll(table, query, TopicSelectorRecordSchema);
  return listed.map((entry) => entry.key);
}

async function noticeSelectors(
  deps: NoticeTopicsDeps,
  found: readonly Found[],
  options: { readonly ahead: Ahead | undefined; readonly express: boolean },
): Promise<Noticed> {
  const { ahead } = options;
  const users = options.express ? expressUsers(found) : [];
  const [looks, express] = await Promise.all([
    lookAll(deps, found, ahead),
    ahead?.express ?? readExpress(deps, users),
  ]);
  const moves = looks.flatMap((entry) => (entry.kind === 'move' ? [entry.move] : []));
  const problems = looks.flatMap((entry) => (entry.kind === 'problem' ? [entry] : []));
  return { changes: await recordMoves(deps, moves, express), problems };
}

async function lookAll(
  deps: NoticeTopicsDeps,
  found: readonly Found[],
  ahead: Ahead | undefined,
): Promise<Look[]> {
  const looks: Look[] = [];
  for (let start = 0; start < found.length; start += RESOLVED_AT_ONCE) {
    const part = found.slice(start, start + RESOLVED_AT_ONCE);
    const answers = await Promise.all(part.map((entry) => look(deps, entry, ahead)));
    looks.push(...answers.filter((entry) => entry !== undefined));
  }
  return looks;
}

type Look =
  | { readonly kind: 'move'; readonly move: Move }
  | { readonly kind: 'problem'; readonly selector: string; readonly problem: string };

async function look(
  deps: NoticeTopicsDeps,
  { row, users }: Found,
  ahead: Ahead | undefined,
): Promise<Look | undefined> {
  const { selector } = row;
  if (selector.kind === 'pipeline') return lookAtChannel(deps.table, { row, users }, selector);
  const counted = ahead?.waves.has(row.key) === true ? { wave: ahead.waves.get(row.key) } : undefined;
  const resolution = ahead?.resolutions.get(row.key) ?? (await resolve(deps, row));
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
  return { kind: 'move', move: { row, users, to, detail, counted, left: flap.left } };
}

/** Why it cannot be asked now is written down; the message comes again. */
async function resolve(deps: NoticeTopicsDeps, row: SelectorRecord): Promise<Resolution> {
  try {
    return await deps.resolver.resolve(row.selector);
  } catch (error) {
    if (error instanceof TryLater) await lost(deps, row, error.message);
    throw error;
  }
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

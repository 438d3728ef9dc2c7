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
  SelectorUserRecordSchema,
  type TopicSelectorRecord,
  TopicSelectorRecordSchema,
} from '../../domain/records/selectors.ts';
import { flapOf } from '../../domain/versions/flapping.ts';
import { comparesAs, type Selector } from '../../domain/versions/selectors.ts';
import { isMove } from '../../domain/versions/versions.ts';
import { type Resolution, type SelectorResolver, type Table, WriteConflict } from '../../ports.ts';
import { read, readAll } from '../store/read.ts';
import { usersOf } from './fan-out-change.ts';
import {
  type Ahead,
  type Early,
  expressUsers,
  type Found,
  isComplete,
  isStillGood,
  listingOf,
  type Memory,
  type Remembered,
  readAhead,
  remember,
} from './notice-ahead.ts';
import { readExpress } from './notice-express.ts';
import { type Move, type RecordMovesDeps, recordMoves, USERS_READ } from './notice-moves.ts';

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
    const early = remembered === undefined ? undefined : readAhead(deps, topic, remembered);
    // Where they are not needed, nobody has to hear that they failed.
    early?.ahead.catch(() => {});
    const listed = await listTopic(deps, topic, { asked, remembered, early });
    const { found } = listed;
    if (deps.memory !== undefined) remember(deps.memory, topic, listed);
    const isGood = remembered !== undefined && isStillGood(remembered.found, found, asked);
    // What failed early is asked for again below, where the reason is written down.
    const ahead = isGood ? await early?.ahead.catch(() => undefined) : undefined;
    try {
      const { isBuiltOn, ...noticed } = await noticeSelectors(deps, found, { ahead, express: round === 0 });
      if (deps.memory !== undefined)
        remember(deps.memory, topic, listed, { moves: noticed.changes, isBuiltOn });
      return noticed;
    } catch (error) {
      // Somebody else moved one of them meanwhile, or the short way met something unusual: look again.
      if (!(error instanceof WriteConflict)) throw error;
    }
  }
  throw new TryLater(`The selectors of ${topic} kept moving while they were recorded.`);
}

/** What is listed under the topic: as it is remembered, where its rows and its count say that this is still all, or read anew. */
async function listTopic(
  { table, clock }: Pick<NoticeTopicsDeps, 'table' | 'clock'>,
  topic: string,
  {
    asked,
    remembered,
    early,
  }: {
    readonly asked: Date;
    readonly remembered: Remembered | undefined;
    readonly early: Early | undefined;
  },
): Promise<Pick<Remembered, 'found' | 'listing'>> {
  const at = asked.getTime();
  const isKnown = remembered !== undefined && isComplete(remembered, at);
  const reading = isKnown ? undefined : selectorsOf(table, topic);
  reading?.catch(() => {});
  const again = await early?.again.catch(() => undefined);
  if (isKnown && again !== undefined && again.count === remembered.listing.count?.text)
    return { found: again.found, listing: remembered.listing };
  const now = clock.now().getTime();
  const found = await (reading ?? selectorsOf(table, topic));
  return { found, listing: listingOf(remembered, again?.count, { at, now }) };
}

/** Selectors are listed under their topic, in the partition of the selector whose key it is, where there is one. */
async function selectorsOf(table: Table, topic: string): Promise<Found[]> {
  const { own, others } = await readTopic(table, topic);
  const found = await Promise.all(others.map(async (key) => (await readTopic(table, key)).own));
  return [own, ...found].filter((entry) => entry !== undefined);
}

/** So many selectors of a topic are read with its own one; more are read apart. */
const LISTED_READ = 20;

/**
 * What a partition holds, read backwards: the selectors that are listed under its topic, the row of its own selector and the first pipelines
 * that use that one.
 */
async function readTopic(
  table: Table,
  topic: string,
): Promise<{ readonly own: Found | undefined; readonly others: readonly string[] }> {
  const { pk, sk } = keys.selector(topic);
  const list = keys.topicSelector(topic, '').sk;
  const page = await table.query({ pk, descending: true, limit: USERS_READ + LISTED_READ });
  const listed = page.items.filter((item) => item.sk.startsWith(list));
  const row = page.items.find((item) => item.sk === sk);
  const users = page.items.filter((item) => item !== row && !item.sk.startsWith(list));
  // A page may end anywhere; users go on only after one of them.
  if (page.cursor !== undefined && (row === undefined || users.length === 0))
    return readLongTopic(table, topic);
  return {
    own:
      row === undefined
        ? undefined
        : {
            row: SelectorRecordSchema.parse(row),
            users: { users: users.map((item) => SelectorUserRecordSchema.parse(item)), cursor: page.cursor },
          },
    others: othersOf(
      listed.map((item) => TopicSelectorRecordSchema.parse(item)),
      topic,
    ),
  };
}

async function readLongTopic(table: Table, topic: string): ReturnType<typeof readTopic> {
  const { pk, sk: prefix } = keys.topicSelector(topic, '');
  const [row, users, listed] = await Promise.all([
    read(table, keys.selector(topic), SelectorRecordSchema),
    usersOf(table, topic, { limit: USERS_READ, descending: true }),
    readAll(table, { pk, prefix }, TopicSelectorRecordSchema),
  ]);
  return { own: row === undefined ? undefined : { row, users }, others: othersOf(listed, topic) };
}

function othersOf(listed: readonly TopicSelectorRecord[], topic: string): string[] {
  return listed.flatMap(({ key }) => (key === topic ? [] : [key]));
}

async function noticeSelectors(
  deps: NoticeTopicsDeps,
  found: readonly Found[],
  options: { readonly ahead: Ahead | undefined; readonly express: boolean },
): Promise<Noticed & { readonly isBuiltOn: boolean }> {
  const { ahead } = options;
  const users = options.express ? expressUsers(found) : [];
  const [looks, express] = await Promise.all([
    lookAll(deps, found, ahead),
    ahead?.express ?? readExpress(deps, users),
  ]);
  const moves = looks.flatMap((entry) => (entry.kind === 'move' ? [entry.move] : []));
  const problems = looks.flatMap((entry) => (entry.kind === 'problem' ? [entry] : []));
  const changes = await recordMoves(deps, moves, express);
  const isBuiltOn = found.some(({ users: { users } }) =>
    users.some(({ pipeline }) => !express.leaves.has(pipeline)),
  );
  return { changes, problems, isBuiltOn };
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

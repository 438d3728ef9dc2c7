/**
 * Resolves every selector of a topic again and records each change once. The hint that named the topic is not believed: versions are read where
 * they are defined.
 */

import { DomainError } from '../../domain/base/errors.ts';
import { due, keys } from '../../domain/base/naming.ts';
import {
  type ChangeRecord,
  type SelectorRecord,
  SelectorRecordSchema,
  TopicSelectorRecordSchema,
} from '../../domain/records/selectors.ts';
import { detectFlapping } from '../../domain/selectors/flapping.ts';
import { comparesAs } from '../../domain/selectors/selectors.ts';
import { isChange } from '../../domain/selectors/versions.ts';
import type { Resolution, SelectorResolver } from '../../ports/selector-resolver.ts';
import type { Table } from '../../ports/table.ts';
import { readSelectorUsers } from '../graph/dependents.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { readAll, readMany } from '../store/read.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import {
  type DetectedChange,
  type RecordChangesDeps,
  recordChanges,
  USERS_READ,
  type UserPage,
} from './record-changes.ts';

export interface DetectTopicsDeps extends RecordChangesDeps {
  readonly resolver: SelectorResolver;
}

export interface Detection {
  readonly changes: readonly ChangeRecord[];
  /** Selectors that do not resolve now; their last version stays. */
  readonly problems: readonly { readonly selector: string; readonly problem: string }[];
}

/** Calls to AWS at once; one topic seldom has more than a few selectors. */
const RESOLVED_AT_ONCE = 8;

export async function detectTopic(deps: DetectTopicsDeps, topic: string): Promise<Detection> {
  return retryOnConflict(`The selectors of ${topic} kept changing while they were recorded.`, async () => {
    const found = await readTopic(deps.table, topic);
    return detectSelectorChanges(deps, found);
  });
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
      .map(async (row) => ({ row, users: await readSelectorUsers(table, row.key, { limit: USERS_READ }) })),
  );
}

async function detectSelectorChanges(deps: DetectTopicsDeps, found: readonly Found[]): Promise<Detection> {
  const looks = await checkSelectors(deps, found);
  const changes = looks.flatMap((entry) => (entry.kind === 'move' ? [entry.move] : []));
  const problems = looks.flatMap((entry) => (entry.kind === 'problem' ? [entry] : []));
  return { changes: await recordChanges(deps, changes), problems };
}

async function checkSelectors(deps: DetectTopicsDeps, found: readonly Found[]): Promise<CheckedSelector[]> {
  const answers = await mapConcurrent(RESOLVED_AT_ONCE, found, (entry) => checkSelector(deps, entry));
  return answers.filter((entry) => entry !== undefined);
}

type CheckedSelector =
  | { readonly kind: 'move'; readonly move: DetectedChange }
  | { readonly kind: 'problem'; readonly selector: string; readonly problem: string };

async function checkSelector(
  deps: DetectTopicsDeps,
  { row, users }: Found,
): Promise<CheckedSelector | undefined> {
  const { selector } = row;
  const resolution = await resolveOrRecordProblem(deps, row);
  if (!resolution.found) return recordUnresolved(deps, row, resolution.reason);
  const { version: to, detail } = resolution;
  const kind = comparesAs(selector);
  if (!isChange(kind, row.version, to)) {
    if (row.problem !== undefined || row.unsettled !== undefined) await recordSelectorProblem(deps, row, {});
    return undefined;
  }
  const flap =
    kind === 'value'
      ? detectFlapping(row, to, deps.clock.now())
      : { kind: 'move' as const, leftVersions: [] };
  if (flap.kind === 'wait') {
    const { reason: problem, unsettled } = flap;
    await recordSelectorProblem(deps, row, { problem, unsettled });
    return { kind: 'problem', selector: row.key, problem };
  }
  return { kind: 'move', move: { row, users, to, detail, left: flap.leftVersions } };
}

/** Records why a selector cannot be resolved now, and throws: the message is delivered again. */
async function resolveOrRecordProblem(deps: DetectTopicsDeps, row: SelectorRecord): Promise<Resolution> {
  try {
    return await deps.resolver.resolve(row.selector);
  } catch (error) {
    await recordUnresolved(deps, row, describeError(error));
    throw error;
  }
}

/** The message of an error of ours; of any other only the name, since its message may quote a request with its token. */
function describeError(error: unknown): string {
  if (error instanceof DomainError) return error.message;
  const name = error instanceof Error ? error.name : 'unknown error';
  return `It could not be resolved: ${name}. The log of the function that detects changes says more.`;
}

async function recordUnresolved(
  deps: DetectTopicsDeps,
  row: SelectorRecord,
  problem: string,
): Promise<CheckedSelector> {
  // A flapping selector has to stand still anew: its version in between is not known.
  if (row.problem !== problem || row.unsettled !== undefined)
    await recordSelectorProblem(deps, row, { problem });
  return { kind: 'problem', selector: row.key, problem };
}

/** Records what is wrong with a selector beside its last version, which stays. The sweep has a flapping selector resolved again. */
async function recordSelectorProblem(
  deps: DetectTopicsDeps,
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

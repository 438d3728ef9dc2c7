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
import type { Ports } from '../../ports/ports.ts';
import type { Resolution } from '../../ports/selector-resolver.ts';
import type { Table } from '../../ports/table.ts';
import { readSelectorDependents } from '../graph/dependents.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { readAll, readFound } from '../store/read.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import {
  DEPENDENTS_READ,
  type DetectedChange,
  type RecordChangesDeps,
  recordChanges,
} from './record-changes.ts';

export type DetectTopicsDeps = RecordChangesDeps & Pick<Ports, 'resolver'>;

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
    const checked = await mapConcurrent(RESOLVED_AT_ONCE, found, (entry) => checkSelector(deps, entry));
    const changes = checked.flatMap((entry) => (entry?.kind === 'move' ? [entry.move] : []));
    const problems = checked.flatMap((entry) => (entry?.kind === 'problem' ? [entry] : []));
    return { changes: await recordChanges(deps, changes), problems };
  });
}

/** A selector's row and the first pipelines that use it. */
type Found = Pick<DetectedChange, 'row' | 'dependents'>;

/**
 * The selectors that are listed under a topic. Dependents are read after the row: a pipeline that begins to use the selector in between is marked,
 * or makes the write lose by the row's count of uses.
 */
async function readTopic(table: Table, topic: string): Promise<Found[]> {
  const { pk, sk: prefix } = keys.topicSelector(topic, '');
  const listed = await readAll(table, { pk, prefix }, TopicSelectorRecordSchema);
  const named = listed.map(({ key }) => keys.selector(key));
  const rows = await readFound(table, named, SelectorRecordSchema);
  return await Promise.all(
    rows.map(async (row) => ({
      row,
      dependents: await readSelectorDependents(table, row.key, { limit: DEPENDENTS_READ }),
    })),
  );
}

type CheckedSelector =
  | { readonly kind: 'move'; readonly move: DetectedChange }
  | { readonly kind: 'problem'; readonly selector: string; readonly problem: string };

async function checkSelector(
  deps: DetectTopicsDeps,
  { row, dependents }: Found,
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
  return { kind: 'move', move: { row, dependents, to, detail, left: flap.leftVersions } };
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
        problem,
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

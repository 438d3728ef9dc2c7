/** Everything about one bake in one answer: a bake's partition is read once, its changes and approval beside it. */
import { type BakeDetails, BakeDetailsSchema, type Change, ChangeSchema } from '../../domain/api/shapes.ts';
import { approvalId } from '../../domain/approval/approval-id.ts';
import { BakeNotFound } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { STEP_NAMES } from '../../domain/records/attempt-states.ts';
import {
  type BakeRecord,
  BakeRecordSchema,
  type StepRecord,
  StepRecordSchema,
} from '../../domain/records/bakes.ts';
import type { Digest } from '../../ports/ids.ts';
import type { Item } from '../../ports/table.ts';
import { readItems } from '../store/read.ts';
import type { ListDeps } from './list-pages.ts';

export interface ShowBakeDeps extends ListDeps {
  readonly digest: Digest;
}

/** The changes of a bake that came together are many at most in a storm; the newest are enough for people. */
const CHANGES_SHOWN = 100;

export async function showBake(deps: ShowBakeDeps, id: string): Promise<BakeDetails> {
  const item = await deps.table.get(keys.bake(id));
  if (item === undefined) throw new BakeNotFound(id);
  const bake = BakeRecordSchema.parse(item);
  const [rows, changeDetails, approval] = await Promise.all([
    readItems(deps.table, { pk: keys.bake(id).pk }),
    readChangesWithCause(deps, bake),
    deps.table.get(keys.approval(approvalId(deps.digest, { bake: id, attempt: bake.attempt }))),
  ]);
  const of = (prefix: string) => rows.filter((row) => row.sk.startsWith(prefix));
  return BakeDetailsSchema.parse({
    ...bake,
    attempts: of('ATTEMPT#'),
    steps: sortSteps(of('STEP#')),
    images: of('ARTIFACT#'),
    tests: of('TEST#'),
    gates: of('GATE#'),
    targets: of('TARGET#'),
    changeDetails,
    ...(approval === undefined ? {} : { approval }),
  });
}

/** Attempt by attempt, and there in the order in which steps are done, whatever their names. */
function sortSteps(steps: readonly Item[]): StepRecord[] {
  const place = (step: StepRecord) => step.attempt * 100 + STEP_NAMES.indexOf(step.name);
  return steps.map((step) => StepRecordSchema.parse(step)).sort((a, b) => place(a) - place(b));
}

async function readChangesWithCause(
  deps: ShowBakeDeps,
  bake: BakeRecord,
): Promise<(Change & { first?: Change })[]> {
  const own = await readChangesById(deps, bake.changes.slice(-CHANGES_SHOWN));
  const first = await readChangesById(deps, [
    ...new Set(own.map((change) => change.cause).filter((cause) => !bake.changes.includes(cause))),
  ]);
  return own.map((change) => {
    const cause = [...own, ...first].find((candidate) => candidate.id === change.cause);
    return cause === undefined || cause.id === change.id ? change : { ...change, first: cause };
  });
}

async function readChangesById(deps: ShowBakeDeps, ids: readonly string[]): Promise<Change[]> {
  if (ids.length === 0) return [];
  const items = await deps.table.getMany(ids.map((id) => keys.change(id)));
  return items.flatMap((item) => (item === undefined ? [] : [ChangeSchema.parse(item)]));
}

/** Everything about one bake in one answer: a bake's partition is read once, its changes and approval beside it. */

import * as z from 'zod';
import { type BakeDetails, BakeDetailsSchema, type Change, ChangeSchema } from '../../domain/api/shapes.ts';
import { approvalId } from '../../domain/approval/approval-id.ts';
import { keys } from '../../domain/base/naming.ts';
import { STEP_NAMES } from '../../domain/records/attempt-states.ts';
import { type BakeRecord, type StepRecord, StepRecordSchema } from '../../domain/records/bakes.ts';
import type { Ports } from '../../ports/ports.ts';
import { readBake } from '../store/bakes.ts';
import { readAll, readFound } from '../store/read.ts';
import type { ListDeps } from './list-pages.ts';

export type ShowBakeDeps = ListDeps & Pick<Ports, 'digest'>;

/** The changes of a bake that came together are many at most in a storm; the newest are enough for people. */
const CHANGES_SHOWN = 100;
/** A bake's partition holds records of many kinds. */
const RowSchema = z.looseObject({ sk: z.string() });

export async function showBake(deps: ShowBakeDeps, id: string): Promise<BakeDetails> {
  const bake = await readBake(deps, id);
  const [rows, changeDetails, approval] = await Promise.all([
    readAll(deps.table, { pk: keys.bake(id).pk }, RowSchema),
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
function sortSteps(steps: readonly unknown[]): StepRecord[] {
  const place = (step: StepRecord) => step.attempt * 100 + STEP_NAMES.indexOf(step.name);
  return steps.map((step) => StepRecordSchema.parse(step)).sort((a, b) => place(a) - place(b));
}

async function readChangesWithCause(
  deps: ShowBakeDeps,
  bake: BakeRecord,
): Promise<(Change & { first?: Change })[]> {
  const own = await readFound(deps.table, bake.changes.slice(-CHANGES_SHOWN).map(keys.change), ChangeSchema);
  const others = own.map(({ cause }) => cause).filter((cause) => !bake.changes.includes(cause));
  const first = await readFound(deps.table, [...new Set(others)].map(keys.change), ChangeSchema);
  return own.map((change) => {
    const cause = [...own, ...first].find((candidate) => candidate.id === change.cause);
    return cause === undefined || cause.id === change.id ? change : { ...change, first: cause };
  });
}

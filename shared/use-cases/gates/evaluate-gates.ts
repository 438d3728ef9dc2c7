/**
 * Asks every gate about the images of an attempt and records each verdict with its evidence. May be repeated: a verdict that has been given
 * stands, a gate that waited is asked again. A closed gate is an answer, not an error.
 */

import type * as z from 'zod';
import type { BakeRef, GatesAnswerSchema } from '../../domain/bakes/payloads.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { keys } from '../../domain/base/naming.ts';
import { combine, endWait, type GateKind, type GateSubject } from '../../domain/gates/gate.ts';
import { GATES } from '../../domain/gates/registry.ts';
import { evidenceKeys } from '../../domain/packages/inventory.ts';
import { ArtifactRecordSchema, StepRecordSchema } from '../../domain/records/bakes.ts';
import { type GateRecord, GateRecordSchema } from '../../domain/records/gates.ts';
import type { Ports } from '../../ports/ports.ts';
import { beginStep, endStep, type StepDeps } from '../bakes/steps.ts';
import { readBakeAndRevision } from '../store/bakes.ts';
import { readRecord } from '../store/read.ts';
import { tryWrite } from '../store/try-write.ts';
import { COLLECTORS, type GatePorts } from './collectors.ts';

export type EvaluateGatesDeps = StepDeps & GatePorts & Pick<Ports, 'documents' | 'digest'>;
type Gate = GateKind<unknown, unknown>;

export async function evaluateGates(
  deps: EvaluateGatesDeps,
  ref: BakeRef,
): Promise<z.input<typeof GatesAnswerSchema>> {
  await beginStep(deps, ref, 'Gate');
  const { revision } = await readBakeAndRevision(deps, ref.bake);
  const { variants, gates } = revision.definition;
  const { startedAt } = StepRecordSchema.parse(
    await deps.table.get(keys.step(ref.bake, ref.attempt, 'Gate')),
  );
  const images: GateSubject['images'][number][] = [];
  for (const { name } of variants)
    images.push(ArtifactRecordSchema.parse(await deps.table.get(keys.artifact(ref.bake, name))));
  const subject = { ...ref, images };

  const settings: Readonly<Record<string, unknown>> = gates;
  const kinds: readonly Gate[] = GATES;
  const records: GateRecord[] = [];
  for (const kind of kinds)
    records.push(await settleVerdict(deps, { kind, subject, settings: settings[kind.name], startedAt }));

  const outcome = combine(records);
  const reasons = records.filter((record) => record.outcome === outcome).flatMap((record) => record.reasons);
  if (outcome === 'waiting') return { outcome, reasons, ...describeWait(ref, records, deps.clock.now()) };
  await endStep(deps, ref, 'Gate', {
    state: outcome === 'passed' ? 'succeeded' : 'failed',
    summary: outcome === 'passed' ? 'All gates are open' : reasons.join('; '),
  });
  return { outcome, reasons };
}

interface Question {
  readonly kind: Gate;
  readonly subject: GateSubject;
  readonly settings: unknown;
  /** When the step began. */
  readonly startedAt: string;
}

/** The verdict that is recorded of the gate, or a new one where none is or the recorded one was to wait. */
async function settleVerdict(deps: EvaluateGatesDeps, question: Question): Promise<GateRecord> {
  const { kind, subject, settings, startedAt } = question;
  const { bake, attempt } = subject;
  const key = keys.gate(bake, attempt, kind.name);
  const known = await readRecord(deps.table, key, GateRecordSchema);
  if (known !== undefined && known.outcome !== 'waiting') return known;

  const collector = COLLECTORS[kind.name];
  const facts = collector === undefined ? subject : await collector.collect(deps, subject, settings);
  const now = deps.clock.now();
  const { outcome, reasons, ...rest } = endWait(kind.judge(facts, settings, now), startedAt, now);
  const record: GateRecord = {
    bake,
    attempt,
    name: kind.name,
    outcome,
    reasons: [...reasons],
    judgedAt: now.toISOString(),
    ...('evidence' in rest ? await storeEvidence(deps, question, rest.evidence) : rest),
  };
  const when =
    known === undefined ? { exists: false } : { equals: { outcome: 'waiting', judgedAt: known.judgedAt } };
  const isWritten = await tryWrite(deps.table, [{ put: { ...key, ...record }, when }]);
  return isWritten ? record : GateRecordSchema.parse(await deps.table.get(key));
}

/** The document first, then the row: a row that names a document leads to one. */
async function storeEvidence(
  deps: EvaluateGatesDeps,
  { kind, subject }: Question,
  judged: unknown,
): Promise<{ evidence: string; evidenceDigest: string }> {
  const text = canonical(judged);
  const evidence = evidenceKeys.gate(subject.bake, subject.attempt, kind.name);
  await deps.documents.put(evidence, text, 'application/json');
  return { evidence, evidenceDigest: deps.digest(text) };
}

/** The machine sleeps until the earliest gate that waits is to be asked again. */
function describeWait(ref: BakeRef, records: readonly GateRecord[], now: Date) {
  const times = records.flatMap(({ lookAgainAt }) => (lookAgainAt === undefined ? [] : [lookAgainAt]));
  const lookAgainAt = times.sort()[0] ?? now.toISOString();
  return {
    resource: `${ref.bake}:${String(ref.attempt)}`,
    lookAgainAt,
    timeoutSeconds: Math.max(60, Math.ceil((Date.parse(lookAgainAt) - now.getTime()) / 1000)),
  };
}

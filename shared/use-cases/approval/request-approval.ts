/**
 * Asks the approvers whether a tested image may be released: freezes the evidence, records the request under the digests of images, evidence
 * and targets, and sends each approver a link of their own. May be repeated: a request is recorded and a link is sent once.
 */

import type * as z from 'zod';
import { approvalId } from '../../domain/approval/approval-id.ts';
import {
  type Evidence,
  EvidenceSchema,
  evidenceDigest,
  imagesDigest,
  targetsDigest,
} from '../../domain/approval/evidence.ts';
import { approverReference, formatLink, linkExpiry, linkStatement } from '../../domain/approval/links.ts';
import type { BakeRef, RequestApprovalAnswerSchema } from '../../domain/bakes/payloads.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { AttemptEnded, PreflightFailed } from '../../domain/base/errors.ts';
import { keys, lists } from '../../domain/base/naming.ts';
import { describeTime, joinWords } from '../../domain/base/text.ts';
import { durationSeconds } from '../../domain/definitions/definition.ts';
import { composeApprovalNotification } from '../../domain/notifications/messages.ts';
import type { ApprovalRecord } from '../../domain/records/approvals.ts';
import { AttemptRecordSchema, type BakeRecord } from '../../domain/records/bakes.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import { approvalRequestedEvent } from '../../events/approval-requested.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Documents } from '../../ports/documents.ts';
import type { Digest, Ids } from '../../ports/ids.ts';
import type { Mac } from '../../ports/mac.ts';
import type { Notifier } from '../../ports/notifier.ts';
import { type Table, WriteConflict } from '../../ports/table.ts';
import { beginStep, endStep } from '../bakes/steps.ts';
import { readBakeAndRevision, readImages } from '../store/bakes.ts';
import { outboxWrite } from '../store/outbox.ts';
import { readMany } from '../store/read.ts';
import { gatherEvidence } from './gather-evidence.ts';
import { findApproval, readVotes } from './read-approval.ts';

export interface RequestApprovalDeps {
  readonly table: Table;
  readonly documents: Documents;
  readonly notifier: Pick<Notifier, 'askApprover' | 'confirmedApprovers'>;
  readonly mac: Pick<Mac, 'generate'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly digest: Digest;
  /** Public base URL of the approval pages. */
  readonly apiUrl: string;
}

export type ApprovalRequested = z.output<typeof RequestApprovalAnswerSchema>;

/** Approvals that a request needs. */
const QUORUM = 1;

export async function requestApproval(deps: RequestApprovalDeps, ref: BakeRef): Promise<ApprovalRequested> {
  await beginStep(deps, ref, 'Approve');
  const { bake, revision } = await readBakeAndRevision(deps, ref.bake);
  const { approval } = revision.definition;
  const answer = {
    approval: approvalId(deps.digest, ref),
    timeoutSeconds: durationSeconds(approval.expiresAfter),
  };
  if (!approval.required) {
    await endStep(deps, ref, 'Approve', {
      state: 'skipped',
      summary: 'The definition asks for no approval.',
    });
    return { ...answer, waiting: false, outcome: { decision: 'not-required' } };
  }

  const record =
    (await findApproval(deps.table, answer.approval)) ?? (await openRequest(deps, ref, bake, revision));
  if (record.decision !== undefined && record.state === 'approved') {
    const { by, comment } = record.decision;
    return { ...answer, waiting: false, outcome: { decision: 'approved', by, comment } };
  }
  if (record.state === 'open') await notifyApprovers(deps, record);
  return { ...answer, waiting: true, outcome: { decision: 'expired' } };
}

/** Writes the request, or takes over the one of an earlier attempt whose approval stands because its digests are the same. */
async function openRequest(
  deps: RequestApprovalDeps,
  ref: BakeRef,
  bake: BakeRecord,
  revision: RevisionRecord,
): Promise<ApprovalRecord> {
  const { definition } = revision;
  const evidence = await gatherEvidence(deps, ref, bake, revision);
  const now = deps.clock.now();
  const seconds = durationSeconds(definition.approval.expiresAfter);
  const record: ApprovalRecord = {
    id: approvalId(deps.digest, ref),
    bake: ref.bake,
    attempt: ref.attempt,
    pipeline: bake.pipeline,
    approvers: [...definition.approval.approvers],
    quorum: QUORUM,
    barred: await findRequesters(deps, bake, ref),
    imageDigest: imagesDigest(deps.digest, await readImages(deps, ref.bake)),
    evidenceDigest: evidenceDigest(deps.digest, evidence),
    targetsDigest: targetsDigest(deps.digest, definition.distribution),
    evidence: `bakes/${ref.bake}/evidence-${String(ref.attempt).padStart(3, '0')}.json`,
    state: 'open',
    requestedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + seconds * 1000).toISOString(),
    notified: [],
    voteCount: 0,
  };
  const standing = await findStandingDecision(deps, record);
  if (standing !== undefined) return await reuseDecision(deps, record, standing);

  const unconfirmed = await findUnconfirmedApprovers(deps, record.approvers);
  if (unconfirmed.length === record.approvers.length)
    throw new PreflightFailed(
      `No approver can be asked: ${joinWords(unconfirmed)} ${unconfirmed.length === 1 ? 'has' : 'have'} no confirmed subscription to the approval topic. Subscribe the address with the filter policy {"approver": ["<address>"]}, confirm it by the mail that AWS sends, then: ovenbird retry ${ref.bake}`,
      { unconfirmed },
    );
  // The document first: a row that is there leads to it.
  await deps.documents.put(record.evidence, canonical(evidence), 'application/json');
  await writeRequest(deps, record, evidence, unconfirmed);
  return (await findApproval(deps.table, record.id)) ?? record;
}

/** Requesters of the bake and of its attempts up to this one. */
async function findRequesters(deps: RequestApprovalDeps, bake: BakeRecord, ref: BakeRef): Promise<string[]> {
  const rows = Array.from({ length: ref.attempt }, (_, index) => keys.attempt(ref.bake, index + 1));
  const attempts = await readMany(deps.table, rows, AttemptRecordSchema);
  const requesters = [bake, ...attempts].flatMap((asked) => asked?.requestedBy ?? []);
  return [...new Set(requesters)];
}

async function findStandingDecision(
  deps: RequestApprovalDeps,
  record: ApprovalRecord,
): Promise<ApprovalRecord | undefined> {
  for (let attempt = record.attempt - 1; attempt >= 1; attempt -= 1) {
    const earlier = await findApproval(deps.table, approvalId(deps.digest, { bake: record.bake, attempt }));
    const same =
      earlier?.imageDigest === record.imageDigest &&
      earlier.evidenceDigest === record.evidenceDigest &&
      earlier.targetsDigest === record.targetsDigest;
    if (same && earlier.state === 'approved') return earlier;
  }
  return undefined;
}

/** The earlier request under the new attempt's id: with its policy and its votes, which amount to the same. */
async function reuseDecision(
  deps: RequestApprovalDeps,
  { id, attempt, requestedAt }: ApprovalRecord,
  earlier: ApprovalRecord,
): Promise<ApprovalRecord> {
  const retained: ApprovalRecord = { ...earlier, id, attempt, requestedAt, notified: [] };
  const votes = await readVotes(deps.table, earlier.id);
  await putIfAbsent(deps, [
    { put: toApprovalItem(retained), when: { exists: false } },
    ...votes.map((vote) => ({ put: { ...keys.vote(id, vote.approver), ...vote } })),
  ]);
  await endStep(deps, retained, 'Approve', {
    state: 'succeeded',
    summary: `Approved by ${earlier.decision?.by} in attempt ${earlier.attempt}; image, evidence and targets are the same.`,
  });
  return retained;
}

async function findUnconfirmedApprovers(
  deps: RequestApprovalDeps,
  approvers: readonly string[],
): Promise<string[]> {
  const confirmed = new Set(
    (await deps.notifier.confirmedApprovers()).map((address) => address.toLowerCase()),
  );
  return approvers.filter((address) => !confirmed.has(address.toLowerCase()));
}

async function writeRequest(
  deps: RequestApprovalDeps,
  record: ApprovalRecord,
  evidence: Evidence,
  unconfirmed: readonly string[],
): Promise<void> {
  const asked = `Waiting for ${joinWords(record.approvers)} until ${describeTime(record.expiresAt)}.`;
  const warning =
    unconfirmed.length === 0
      ? ''
      : ` ${joinWords(unconfirmed)} ${unconfirmed.length === 1 ? 'has' : 'have'} not confirmed the subscription and will get no mail.`;
  const event = approvalRequestedEvent({
    bake: record.bake,
    attempt: record.attempt,
    pipeline: record.pipeline,
    team: evidence.team,
    approval: record.id,
    approvers: record.approvers,
    expiresAt: record.expiresAt,
    reason: evidence.reason,
    startsAt: evidence.retained?.startsAt ?? 'Build',
    changes: evidence.changes.map(({ id, selector, from, to }) => ({
      id,
      selector,
      ...(from === undefined ? {} : { from }),
      to,
    })),
  });
  await putIfAbsent(deps, [
    { put: toApprovalItem(record), when: { exists: false } },
    {
      check: keys.attempt(record.bake, record.attempt),
      when: { equals: { state: 'awaiting-approval', endRequested: null } },
    },
    {
      update: keys.step(record.bake, record.attempt, 'Approve'),
      set: { summary: `${asked}${warning}`, links: { evidence: record.evidence } },
      when: { equals: { state: 'running' } },
    },
    outboxWrite(deps.ids, event, record.requestedAt),
  ]);
}

function toApprovalItem(record: ApprovalRecord) {
  return {
    ...keys.approval(record.id),
    ...record,
    listPk: lists.approvals,
    listSk: `${record.requestedAt}#${record.id}`,
  };
}

/** Writes nothing when a repeat of the call wrote the request first. Throws AttemptEnded when the attempt has ended. */
async function putIfAbsent(deps: RequestApprovalDeps, writes: Parameters<Table['write']>[0]): Promise<void> {
  try {
    await deps.table.write(writes);
  } catch (error) {
    if (!(error instanceof WriteConflict)) throw error;
    if (error.index !== 0) throw new AttemptEnded('The attempt ended while its approval was asked for.');
  }
}

async function notifyApprovers(deps: RequestApprovalDeps, record: ApprovalRecord): Promise<void> {
  const missing = record.approvers.filter((approver) => !record.notified.includes(approver));
  if (missing.length === 0) return;
  const evidence = EvidenceSchema.parse(JSON.parse((await deps.documents.get(record.evidence)) ?? 'null'));
  const expires = linkExpiry(record);
  for (const approver of missing) {
    const { mac, keyId } = await deps.mac.generate(linkStatement(record, approver, expires));
    const proof = {
      a: approverReference(deps.digest, record.id, approver),
      e: String(expires),
      k: keyId,
      s: mac,
    };
    const link = formatLink(deps.apiUrl, record.id, proof);
    await deps.notifier.askApprover(approver, composeApprovalNotification(evidence, { link, record }));
    await deps.table.write([
      { update: keys.approval(record.id), append: { notified: [approver] }, when: { exists: true } },
    ]);
  }
}

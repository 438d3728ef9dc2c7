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
import { describeWithdrawal } from '../../domain/approval/rounds.ts';
import type { BakeRef, RequestApprovalAnswerSchema } from '../../domain/bakes/payloads.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { AttemptEnded, PreflightFailed } from '../../domain/base/errors.ts';
import { keys, lists } from '../../domain/base/naming.ts';
import { describeTime, joinWords } from '../../domain/base/text.ts';
import { listAddresses, listPrincipals } from '../../domain/definitions/approvers.ts';
import { durationSeconds } from '../../domain/definitions/definition.ts';
import { composeApprovalNotification } from '../../domain/notifications/messages.ts';
import type { ApprovalRecord } from '../../domain/records/approvals.ts';
import type { BakeRecord } from '../../domain/records/bakes.ts';
import type { RevisionRecord } from '../../domain/records/pipelines.ts';
import { approvalRequestedEvent } from '../../events/approval-requested.ts';
import type { Mac } from '../../ports/mac.ts';
import type { Notifier } from '../../ports/notifier.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Table, type WriteCondition, WriteConflict } from '../../ports/table.ts';
import { beginStep, endStep } from '../bakes/steps.ts';
import { readBakeAndRevision, readImages } from '../store/bakes.ts';
import { outboxWrite } from '../store/outbox.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { tryWrite } from '../store/try-write.ts';
import { gatherEvidence } from './gather-evidence.ts';
import { describeExposed, isReached, type Reach, readReach } from './reach-approvers.ts';
import { findApproval, readVotes, voteKey } from './read-approval.ts';
import { listBarred, readApprovalRevision } from './read-policy.ts';

export interface RequestApprovalDeps extends Pick<Ports, 'table' | 'documents' | 'clock' | 'ids' | 'digest'> {
  readonly notifier: Pick<Notifier, 'askApprover' | 'readSubscriptions'>;
  readonly mac: Pick<Mac, 'generate'>;
  /** Public base URL of the approval pages. */
  readonly apiUrl: string;
}

export type ApprovalRequested = z.output<typeof RequestApprovalAnswerSchema>;

/** Approvals that a request needs. */
const QUORUM = 1;

export async function requestApproval(deps: RequestApprovalDeps, ref: BakeRef): Promise<ApprovalRequested> {
  await beginStep(deps, ref, 'Approve');
  const { bake, revision } = await readBakeAndRevision(deps, ref.bake);
  const id = approvalId(deps.digest, ref);
  const failure = `The definition of ${bake.pipeline} kept changing while its approvers were asked.`;
  const record = await retryOnConflict(failure, async () => {
    const found = await findApproval(deps.table, id);
    if (found !== undefined && found.state !== 'withdrawn') return found;
    return await openRound(deps, { ref, id, bake, revision, withdrawn: found });
  });
  if (record === undefined) {
    await endStep(deps, ref, 'Approve', {
      state: 'skipped',
      summary: 'The definition asks for no approval.',
    });
    const timeoutSeconds = durationSeconds(revision.definition.approval.expiresAfter);
    return { approval: id, timeoutSeconds, waiting: false, outcome: { decision: 'not-required' } };
  }
  const answer = { approval: id, timeoutSeconds: countSeconds(record.requestedAt, record.expiresAt) };
  if (record.decision !== undefined && record.state === 'approved') {
    const { by, comment } = record.decision;
    return { ...answer, waiting: false, outcome: { decision: 'approved', by, comment } };
  }
  if (record.state === 'open') await notifyApprovers(deps, record);
  return { ...answer, waiting: true, outcome: { decision: 'expired' } };
}

function countSeconds(from: string, to: string): number {
  return Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
}

interface Asking {
  readonly ref: BakeRef;
  readonly id: string;
  readonly bake: BakeRecord;
  /** The bake's own. */
  readonly revision: RevisionRecord;
  /** The request of before, where its approvers have changed. */
  readonly withdrawn: ApprovalRecord | undefined;
}

/**
 * Writes the request, or asks again one that was withdrawn, or takes over the one of an earlier attempt whose approval stands because its digests are
 * the same. Undefined when no approval is asked for. Throws WriteConflict when a newer revision was applied meanwhile.
 */
async function openRound(deps: RequestApprovalDeps, asking: Asking): Promise<ApprovalRecord | undefined> {
  const { ref, id, bake, revision, withdrawn } = asking;
  const { asked, isNewest } = await readApprovalRevision(deps.table, bake);
  if (asked === undefined) return undefined;
  const { approval } = asked.definition;
  const evidence = await gatherEvidence(deps, ref, bake, revision);
  const now = deps.clock.now();
  const round = withdrawn === undefined ? 1 : withdrawn.round + 1;
  const name = `evidence-${String(ref.attempt).padStart(3, '0')}${round === 1 ? '' : `-${round}`}`;
  const record: ApprovalRecord = {
    id,
    bake: ref.bake,
    attempt: ref.attempt,
    pipeline: bake.pipeline,
    approvers: listAddresses(approval),
    principals: listPrincipals(approval),
    round,
    revision: asked.revision,
    earlierRounds: withdrawn?.earlierRounds ?? [],
    quorum: QUORUM,
    barred: await listBarred(deps.table, bake, ref),
    imageDigest: imagesDigest(deps.digest, await readImages(deps, ref.bake)),
    evidenceDigest: evidenceDigest(deps.digest, evidence),
    targetsDigest: targetsDigest(deps.digest, revision.definition.distribution),
    evidence: `bakes/${ref.bake}/${name}.json`,
    state: 'open',
    requestedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + durationSeconds(approval.expiresAfter) * 1000).toISOString(),
    notified: [],
    voteCount: 0,
  };
  const standing = withdrawn === undefined ? await findStandingDecision(deps, record) : undefined;
  if (standing !== undefined) return await reuseDecision(deps, record, standing);

  const reach = await readReach(deps, record.approvers);
  const isAskable = record.approvers.some(
    (address) => isReached(reach, address) || record.principals[address] !== undefined,
  );
  // One that is asked again stays open: another revision can still name somebody, and the image is not lost.
  if (!isAskable && withdrawn === undefined) throw toNobodyReached(ref, reach);
  // The document first: a row that is there leads to it.
  await deps.documents.put(record.evidence, canonical(evidence), 'application/json');
  await writeRequest(deps, { record, evidence, reach, isNewest });
  return (await findApproval(deps.table, record.id)) ?? record;
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
  const votes = await readVotes(deps.table, earlier);
  await putIfAbsent(deps, [
    { put: toApprovalItem(retained), when: { exists: false } },
    ...votes.map((vote) => ({ put: { ...voteKey(retained, vote), ...vote } })),
  ]);
  await endStep(deps, retained, 'Approve', {
    state: 'succeeded',
    summary: `Approved by ${earlier.decision?.by} in attempt ${earlier.attempt}; image, evidence and targets are the same.`,
  });
  return retained;
}

function toNobodyReached({ bake }: BakeRef, reach: Reach): PreflightFailed {
  const { unconfirmed } = reach;
  const reasons = [
    ...(unconfirmed.length === 0
      ? []
      : [
          `${joinWords(unconfirmed)} ${unconfirmed.length === 1 ? 'has' : 'have'} no confirmed subscription to the approval topic. Subscribe the address with the filter policy {"approver": ["<address>"]}, and confirm it by the mail that AWS sends.`,
        ]),
    ...describeExposed(reach),
  ];
  return new PreflightFailed(`No approver can be asked: ${reasons.join(' ')} Then: ovenbird retry ${bake}`, {
    unconfirmed,
    exposed: reach.exposed,
  });
}

async function writeRequest(
  deps: RequestApprovalDeps,
  {
    record,
    evidence,
    reach,
    isNewest,
  }: {
    readonly record: ApprovalRecord;
    readonly evidence: Evidence;
    readonly reach: Reach;
    readonly isNewest: WriteCondition;
  },
): Promise<void> {
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
    {
      put: toApprovalItem(record),
      when:
        record.round === 1 ? { exists: false } : { equals: { state: 'withdrawn', round: record.round - 1 } },
    },
    { check: keys.pipeline(record.pipeline), when: isNewest },
    {
      check: keys.attempt(record.bake, record.attempt),
      when: { equals: { state: 'awaiting-approval', endRequested: null } },
    },
    {
      update: keys.step(record.bake, record.attempt, 'Approve'),
      set: { summary: describeAsked(record, reach), links: { evidence: record.evidence } },
      when: { equals: { state: 'running' } },
    },
    outboxWrite(deps.ids, event, record.requestedAt),
  ]);
}

function describeAsked({ approvers, expiresAt, earlierRounds }: ApprovalRecord, reach: Reach): string {
  const { unconfirmed } = reach;
  return [
    ...earlierRounds.slice(-1).map(describeWithdrawal),
    `Waiting for ${joinWords(approvers)} until ${describeTime(expiresAt)}.`,
    ...(unconfirmed.length === 0
      ? []
      : [
          `${joinWords(unconfirmed)} ${unconfirmed.length === 1 ? 'has' : 'have'} not confirmed the subscription and will get no mail.`,
        ]),
    ...describeExposed(reach),
  ].join(' ');
}

function toApprovalItem(record: ApprovalRecord) {
  return {
    ...keys.approval(record.id),
    ...record,
    listPk: lists.approvals,
    listSk: `${record.requestedAt}#${record.id}`,
  };
}

/**
 * Writes nothing when a repeat of the call wrote the request first. Throws AttemptEnded when the attempt has ended, and WriteConflict when a newer
 * revision was applied.
 */
async function putIfAbsent(deps: RequestApprovalDeps, writes: Parameters<Table['write']>[0]): Promise<void> {
  try {
    await deps.table.write(writes);
  } catch (error) {
    if (!(error instanceof WriteConflict) || error.key.pk.startsWith(keys.pipeline('').pk)) throw error;
    if (error.index !== 0) throw new AttemptEnded('The attempt ended while its approval was asked for.');
  }
}

async function notifyApprovers(deps: RequestApprovalDeps, record: ApprovalRecord): Promise<void> {
  const missing = record.approvers.filter((approver) => !record.notified.includes(approver));
  if (missing.length === 0) return;
  const { exposed } = await readReach(deps, missing);
  const evidence = EvidenceSchema.parse(JSON.parse((await deps.documents.get(record.evidence)) ?? 'null'));
  const expires = linkExpiry(record);
  for (const approver of missing) {
    if (exposed.some((entry) => entry.approver === approver)) continue;
    const { mac, keyId } = await deps.mac.generate(linkStatement(record, approver, expires));
    const proof = {
      a: approverReference(deps.digest, record.id, approver),
      e: String(expires),
      k: keyId,
      s: mac,
    };
    const link = formatLink(deps.apiUrl, record.id, proof);
    await deps.notifier.askApprover(approver, composeApprovalNotification(evidence, { link, record }));
    await recordNotified(deps, record, approver);
  }
}

/** Each round has its own evidence, and its own list of who was sent a link. */
async function recordNotified(
  { table }: RequestApprovalDeps,
  { id, evidence }: ApprovalRecord,
  approver: string,
): Promise<void> {
  await tryWrite(table, [
    { update: keys.approval(id), append: { notified: [approver] }, when: { equals: { evidence } } },
  ]);
}

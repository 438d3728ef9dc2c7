import * as z from 'zod';
import { canonical } from '../base/canonical.ts';
import { type Definition, TargetSchema } from '../definitions/definition.ts';
import type { ApprovalRecord } from '../records/approvals.ts';
import type { ArtifactRecord } from '../records/bakes.ts';
import { LockSchema } from '../records/locks.ts';
import { SuiteResultSchema } from '../records/tests.ts';

/**
 * What people are asked, and how a link proves that it is theirs. Pure: the signature itself is made and checked by the port `Mac`.
 */

const ChangeSchema = z.object({
  id: z.string(),
  selector: z.string(),
  from: z.string().optional(),
  to: z.string(),
  at: z.string(),
});

export const PackageDiffSchema = z.object({
  added: z.array(z.object({ name: z.string(), version: z.string() })),
  removed: z.array(z.object({ name: z.string(), version: z.string() })),
  changed: z.array(z.object({ name: z.string(), from: z.string(), to: z.string() })),
});
export type PackageDiff = z.infer<typeof PackageDiffSchema>;

/**
 * What the decision is about, frozen when it is asked for and stored as one document. It holds nothing that differs between two attempts
 * with equal content, so that a decision stands while it is unchanged.
 */
export const EvidenceSchema = z.object({
  version: z.literal(1),
  pipeline: z.string(),
  description: z.string(),
  team: z.string().optional(),
  channel: z.string(),
  revision: z.number().int().positive(),
  bake: z.string(),
  /** Sentence that says why the bake was started. */
  reason: z.string(),
  requestedBy: z.string().optional(),
  /** What moved since the bake before, each with the first change of its chain where that is another one. */
  changes: z.array(ChangeSchema.extend({ cause: ChangeSchema.optional() })),
  lock: LockSchema,
  images: z.array(
    z.object({ variant: z.string(), imageId: z.string(), account: z.string(), region: z.string() }),
  ),
  tests: z.array(
    z.object({ variant: z.string(), instanceType: z.string(), results: z.array(SuiteResultSchema) }),
  ),
  gates: z.array(z.object({ name: z.string(), passed: z.boolean(), detail: z.string() })),
  /** Against the release that is current in the channel; without one there is nothing to compare with. */
  packages: z.array(
    z.object({ variant: z.string(), total: z.number().int(), against: z.string().optional() }).extend({
      diff: PackageDiffSchema,
    }),
  ),
  /** Where it would go; of an image that is released already, the new places alone. */
  targets: z.array(TargetSchema),
  /** Of an image that was not built for this bake: who built it, what is done with it now, and where its release is already. */
  retained: z
    .object({
      bake: z.string(),
      startsAt: z.enum(['Test', 'Approve', 'Distribute']),
      targets: z.array(z.string()).default([]),
    })
    .optional(),
});
export type Evidence = z.infer<typeof EvidenceSchema>;

type DigestText = (text: string) => string;

/** One approval per attempt, found again by whoever asks a second time; it tells nothing to whoever reads it. */
export function approvalId(digest: DigestText, ref: { bake: string; attempt: number }): string {
  return digest(canonical({ approval: ref.bake, attempt: ref.attempt })).slice(0, 32);
}

export function evidenceDigest(digest: DigestText, evidence: Evidence): string {
  return digest(canonical(evidence));
}

export function imagesDigest(digest: DigestText, images: readonly ArtifactRecord[]): string {
  const claims = images
    .map(({ variant, account, region, imageId, snapshotIds, digest: own }) => ({
      variant,
      account,
      region,
      imageId,
      snapshotIds,
      digest: own,
    }))
    .sort((a, b) => (a.variant < b.variant ? -1 : 1));
  return digest(canonical(claims));
}

export function targetsDigest(digest: DigestText, distribution: Definition['distribution']): string {
  return digest(canonical({ targets: distribution.targets, parameter: distribution.parameter }));
}

/** Links live no longer than the request, and at most a week whatever the definition says; the CLI and the API decide after that. */
const LONGEST_LINK_SECONDS = 7 * 86_400;

export function linkExpiry(record: Pick<ApprovalRecord, 'requestedAt' | 'expiresAt'>): number {
  const week = Date.parse(record.requestedAt) / 1000 + LONGEST_LINK_SECONDS;
  return Math.floor(Math.min(Date.parse(record.expiresAt) / 1000, week));
}

/** Names an approver in a link without telling their address to whoever sees the URL. */
export function approverReference(digest: DigestText, approval: string, approver: string): string {
  return digest(canonical({ approval, approver: approver.toLowerCase() })).slice(0, 16);
}

/** The signed statement of a link. KMS takes at most 4096 bytes (kms GenerateMacRequest.Message); this is under 600. */
export function linkStatement(
  record: Pick<
    ApprovalRecord,
    'id' | 'bake' | 'attempt' | 'imageDigest' | 'evidenceDigest' | 'targetsDigest'
  >,
  approver: string,
  expires: number,
): string {
  const { id, bake, attempt, imageDigest, evidenceDigest, targetsDigest } = record;
  return canonical({
    purpose: 'ovenbird-approval-link',
    version: 1,
    approval: id,
    bake,
    attempt,
    imageDigest,
    evidenceDigest,
    targetsDigest,
    approver: approver.toLowerCase(),
    expires,
  });
}

/** What a link carries, and what the cookie carries in its place once the link was opened. */
export const LinkProofSchema = z.object({
  /** The approver's reference. */
  a: z.string().regex(/^[0-9a-f]{16}$/),
  /** When it ends, in seconds since 1970. */
  e: z.string().regex(/^[0-9]{10,11}$/),
  /** Id of the key that signed. */
  k: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  /** The signature. */
  s: z.string().regex(/^[A-Za-z0-9_-]{20,128}$/),
});
export type LinkProof = z.infer<typeof LinkProofSchema>;

export function formatLink(apiUrl: string, approval: string, proof: LinkProof): string {
  return `${approvalPageUrl(apiUrl, approval)}?${new URLSearchParams(proof).toString()}`;
}

/** The page without any secret. `apiUrl` may have a path of its own (a stage, a custom domain's mapping). */
export function approvalPageUrl(apiUrl: string, approval: string): string {
  return `${apiUrl.replace(/\/+$/, '')}/approvals/${encodeURIComponent(approval)}`;
}

export function formatCookie({ a, e, k, s }: LinkProof): string {
  return [a, e, k, s].join('.');
}

export function parseCookie(value: string | undefined): LinkProof | undefined {
  const [a, e, k, s, more] = (value ?? '').split('.');
  if (more !== undefined) return undefined;
  const parsed = LinkProofSchema.safeParse({ a, e, k, s });
  return parsed.success ? parsed.data : undefined;
}

/** Ties a form to the cookie: who cannot read the cookie cannot make it, and it decides nothing by itself. */
export function formToken(digest: DigestText, approval: string, proof: LinkProof): string {
  return digest(canonical({ purpose: 'ovenbird-approval-form', approval, proof: formatCookie(proof) }));
}

export type ApprovalDecision = 'approved' | 'rejected';

/** What a decision that arrives now means for the request as it stands. */
export function judgeDecision(
  record: Pick<ApprovalRecord, 'state' | 'expiresAt'>,
  decision: ApprovalDecision,
  now: Date,
): 'record' | 'repeat' | 'opposite' | 'closed' {
  switch (record.state) {
    case 'open':
      return Date.parse(record.expiresAt) > now.getTime() ? 'record' : 'closed';
    case 'approved':
    case 'rejected':
      return record.state === decision ? 'repeat' : 'opposite';
    case 'expired':
    case 'void':
      return 'closed';
  }
}

/**
 * Whether the one who decides is the one who asked. A caller is an IAM ARN or a mail address; an assumed role's session name often is the
 * address of the person behind it (`.../assumed-role/Operator/ada@example.com`).
 */
export function isSamePerson(one: string | undefined, other: string): boolean {
  if (one === undefined) return false;
  const names = (identity: string) => {
    const lower = identity.toLowerCase();
    return lower.includes(':assumed-role/') ? [lower, lower.slice(lower.lastIndexOf('/') + 1)] : [lower];
  };
  const theirs = names(other);
  return names(one).some((name) => theirs.includes(name));
}

interface NamedVersion {
  readonly name: string;
  readonly version: string;
}

/** What differs between two inventories, by package name, in the order of names. */
export function diffPackages(before: readonly NamedVersion[], after: readonly NamedVersion[]): PackageDiff {
  const old = new Map(before.map(({ name, version }) => [name, version]));
  const fresh = new Map(after.map(({ name, version }) => [name, version]));
  const names = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  const diff: PackageDiff = { added: [], removed: [], changed: [] };
  for (const name of names) {
    const from = old.get(name);
    const to = fresh.get(name);
    if (from === undefined && to !== undefined) diff.added.push({ name, version: to });
    else if (from !== undefined && to === undefined) diff.removed.push({ name, version: from });
    else if (from !== undefined && to !== undefined && from !== to) diff.changed.push({ name, from, to });
  }
  return diff;
}

/** Links to the approval page: what is signed, what a link and its cookie carry. The port `Mac` makes and checks the signature. */
import * as z from 'zod';
import { canonical, type Digest } from '../base/canonical.ts';
import type { ApprovalRecord } from '../records/approvals.ts';

/** A link ends with its request, and after a week at the latest: a leaked mail is of no use for long. The CLI and the API decide until the end. */
const MAX_LINK_SECONDS = 7 * 86_400;

/** When links to the request end, in seconds since 1970. */
export function linkExpiry(record: Pick<ApprovalRecord, 'requestedAt' | 'expiresAt'>): number {
  const week = Date.parse(record.requestedAt) / 1000 + MAX_LINK_SECONDS;
  return Math.floor(Math.min(Date.parse(record.expiresAt) / 1000, week));
}

/** Stands for an approver in a link, so that the URL shows no address. */
export function approverReference(digest: Digest, approval: string, approver: string): string {
  return digest(canonical({ approval, approver: approver.toLowerCase() })).slice(0, 16);
}

/** The signed statement of a link. KMS takes at most 4096 bytes (kms GenerateMacRequest.Message); this is under 600. */
export function linkStatement(
  record: Pick<
    ApprovalRecord,
    'id' | 'bake' | 'attempt' | 'round' | 'imageDigest' | 'evidenceDigest' | 'targetsDigest'
  >,
  approver: string,
  expires: number,
): string {
  const { id, bake, attempt, round, imageDigest, evidenceDigest, targetsDigest } = record;
  return canonical({
    purpose: 'ovenbird-approval-link',
    version: 1,
    approval: id,
    bake,
    attempt,
    // Links that were sent before there were rounds are of the first.
    ...(round === 1 ? {} : { round }),
    imageDigest,
    evidenceDigest,
    targetsDigest,
    approver: approver.toLowerCase(),
    expires,
  });
}

/** The query of a link, and the value of the cookie that replaces it once the link was opened. */
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

/** The page's address without a proof. `apiUrl` may have a path of its own (a stage, a custom domain's mapping). */
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

/** Hidden field that ties a form to the cookie: only the page that was given the cookie can send it. It decides nothing by itself. */
export function formToken(digest: Digest, approval: string, proof: LinkProof): string {
  return digest(canonical({ purpose: 'ovenbird-approval-form', approval, proof: formatCookie(proof) }));
}

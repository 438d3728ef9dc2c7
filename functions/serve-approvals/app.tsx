/**
 * The pages behind approvers' links. A GET changes nothing, because mail scanners open every link; a POST votes. The link's proof moves into a
 * cookie at once, so that no secret stays in an address bar, a history or an access log.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { EvidenceSchema } from '../../shared/domain/approval/evidence.ts';
import {
  approvalPageUrl,
  approverReference,
  formatCookie,
  formToken,
  type LinkProof,
  LinkProofSchema,
  linkStatement,
  parseCookie,
} from '../../shared/domain/approval/links.ts';
import { DecisionConflict, DomainError } from '../../shared/domain/base/errors.ts';
import type { ApprovalRecord } from '../../shared/domain/records/approvals.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Documents } from '../../shared/ports/documents.ts';
import type { Digest } from '../../shared/ports/ids.ts';
import type { Mac } from '../../shared/ports/mac.ts';
import type { Table } from '../../shared/ports/table.ts';
import { castVote } from '../../shared/use-cases/approval/cast-vote.ts';
import { findApproval, readApproval } from '../../shared/use-cases/approval/read-approval.ts';
import { ApprovalPage, DecidedPage, FailedPage, NeutralPage, WithdrawnPage } from './pages.tsx';
import { STYLE } from './style.ts';

export interface ApprovalPagesDeps {
  readonly table: Table;
  readonly documents: Pick<Documents, 'get'>;
  /** Only the checking half: this function cannot make a link. */
  readonly mac: Pick<Mac, 'verify'>;
  readonly clock: Clock;
  readonly digest: Digest;
  /** Public base URL; may have a path of its own. */
  readonly apiUrl: string;
  readonly onDecided?: (record: ApprovalRecord) => void;
  readonly onError?: (error: unknown) => void;
}

const COOKIE = 'ovenbird-approval';
const SESSION_SECONDS = 3600;
const BODY_BYTES = 20_000;

const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
  'cross-origin-opener-policy': 'same-origin',
  'strict-transport-security': 'max-age=31536000',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
};

export function createApprovalPages(deps: ApprovalPagesDeps): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  });
  app.get('/approvals/:id', (c) => showPage(deps, c, c.req.param('id')));
  app.post('/approvals/:id', bodyLimit({ maxSize: BODY_BYTES, onError: renderNeutralPage }), (c) =>
    handleVote(deps, c, c.req.param('id')),
  );
  app.notFound(renderNeutralPage);
  app.onError((error, c) => {
    deps.onError?.(error);
    return renderHtml(c, <FailedPage />, 500);
  });
  return app;
}

interface AdmittedApprover {
  readonly record: ApprovalRecord;
  readonly approver: string;
  readonly proof: LinkProof;
  /** The link is of a round that was withdrawn since: it shows that, and decides nothing. */
  readonly isWithdrawn: boolean;
}

async function showPage(deps: ApprovalPagesDeps, c: Context, id: string): Promise<Response> {
  const query = c.req.query();
  const byLink = Object.keys(query).length > 0;
  const proof = byLink ? parseLink(query) : parseCookie(readCookie(c));
  const admitted = proof === undefined ? undefined : await verifyProof(deps, id, proof);
  if (admitted?.isWithdrawn === true) return renderWithdrawnPage(c, admitted);
  if (admitted === undefined || !isOpen(deps, admitted.record)) return renderNeutralPage(c);
  if (byLink) return startSession(deps, c, admitted);
  return await renderPage(deps, c, admitted);
}

function startSession(deps: ApprovalPagesDeps, c: Context, { record, proof }: AdmittedApprover): Response {
  const url = approvalPageUrl(deps.apiUrl, record.id);
  const secondsLeft = Number(proof.e) - Math.floor(deps.clock.now().getTime() / 1000);
  const attributes = [
    `${COOKIE}=${formatCookie(proof)}`,
    `Path=${new URL(url).pathname}`,
    `Max-Age=${Math.min(SESSION_SECONDS, secondsLeft)}`,
    'HttpOnly',
    'Secure',
    'SameSite=Lax',
  ];
  c.header('set-cookie', attributes.join('; '));
  return c.redirect(url, 303);
}

async function renderPage(
  deps: ApprovalPagesDeps,
  c: Context,
  { record, approver, proof }: AdmittedApprover,
  again: { status: 200 | 422; comment?: string; problem?: string } = { status: 200 },
): Promise<Response> {
  const text = await deps.documents.get(record.evidence);
  if (text === undefined) throw new Error(`The evidence ${record.evidence} is missing.`);
  const { status, ...shown } = again;
  return renderHtml(
    c,
    <ApprovalPage
      record={record}
      evidence={EvidenceSchema.parse(JSON.parse(text))}
      approver={approver}
      action={approvalPageUrl(deps.apiUrl, record.id)}
      token={formToken(deps.digest, record.id, proof)}
      {...shown}
    />,
    status,
  );
}

async function handleVote(deps: ApprovalPagesDeps, c: Context, id: string): Promise<Response> {
  const proof = parseCookie(readCookie(c));
  const admitted = proof === undefined ? undefined : await verifyProof(deps, id, proof);
  if (admitted === undefined || proof === undefined || !isOwnForm(deps, c)) return renderNeutralPage(c);
  if (admitted.isWithdrawn) return renderWithdrawnPage(c, admitted);
  const form = await c.req.parseBody();
  const field = (name: string) => {
    const value = form[name];
    return typeof value === 'string' ? value : '';
  };
  if (!isEqualText(field('token'), formToken(deps.digest, id, proof))) return renderNeutralPage(c);
  const answer = field('decision');
  if (answer !== 'approve' && answer !== 'reject') return renderNeutralPage(c);

  try {
    const { approver } = admitted;
    const record = await castVote(deps, {
      approval: id,
      approver,
      answer,
      comment: field('comment'),
      via: 'link',
    });
    deps.onDecided?.(record);
    return renderHtml(c, <DecidedPage record={record} conflict={false} />, 200);
  } catch (error) {
    return await renderRefusal(deps, c, admitted, field('comment'), error);
  }
}

async function renderRefusal(
  deps: ApprovalPagesDeps,
  c: Context,
  admitted: AdmittedApprover,
  comment: string,
  error: unknown,
): Promise<Response> {
  if (error instanceof DecisionConflict) {
    const record = await readApproval(deps.table, admitted.record.id);
    if (record.state === 'withdrawn' || record.round !== admitted.record.round)
      return renderWithdrawnPage(c, admitted);
    const decided = record.state === 'approved' || record.state === 'rejected';
    return decided ? renderHtml(c, <DecidedPage record={record} conflict />, 409) : renderNeutralPage(c);
  }
  if (error instanceof DomainError && error.status < 500)
    return await renderPage(deps, c, admitted, { status: 422, comment, problem: error.message });
  throw error;
}

/** The request and the approver that a proof was made for. Undefined alike for a wrong signature, an unknown id and another attempt. */
async function verifyProof(
  deps: ApprovalPagesDeps,
  id: string,
  proof: LinkProof,
): Promise<AdmittedApprover | undefined> {
  if (Number(proof.e) * 1000 <= deps.clock.now().getTime()) return undefined;
  const record = /^[0-9a-f]{32}$/.test(id) ? await findApproval(deps.table, id) : undefined;
  if (record === undefined) return undefined;
  const withdrawn = record.earlierRounds.map((round) => ({ ...record, ...round, isWithdrawn: true }));
  const rounds = [{ ...record, isWithdrawn: record.state === 'withdrawn' }, ...withdrawn];
  for (const { isWithdrawn, ...asked } of rounds) {
    const approver = asked.approvers.find(
      (candidate) => approverReference(deps.digest, id, candidate) === proof.a,
    );
    if (approver === undefined) continue;
    const statement = linkStatement(asked, approver, Number(proof.e));
    if (await deps.mac.verify(statement, proof.s, proof.k)) return { record, approver, proof, isWithdrawn };
  }
  return undefined;
}

function isOpen(deps: ApprovalPagesDeps, record: ApprovalRecord): boolean {
  return record.state === 'open' && Date.parse(record.expiresAt) > deps.clock.now().getTime();
}

function parseLink(query: Record<string, string>): LinkProof | undefined {
  const parsed = LinkProofSchema.safeParse(query);
  return parsed.success ? parsed.data : undefined;
}

function readCookie(c: Context): string | undefined {
  const pairs = (c.req.header('cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

/** Under `no-referrer` browsers send `Origin: null` with our own form (fetch, "append a request Origin header"); another site's name is refused. */
function isOwnForm(deps: ApprovalPagesDeps, c: Context): boolean {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const sameSite = site === undefined || site === 'same-origin' || site === 'none';
  const sameOrigin = origin === undefined || origin === 'null' || origin === new URL(deps.apiUrl).origin;
  return sameSite && sameOrigin;
}

function isEqualText(one: string, other: string): boolean {
  const left = Buffer.from(one);
  const right = Buffer.from(other);
  return left.length === right.length && timingSafeEqual(left, right);
}

function renderNeutralPage(c: Context): Response {
  return renderHtml(c, <NeutralPage />, 404);
}

/** For who holds a link that was right once: nobody else is told anything. */
function renderWithdrawnPage(c: Context, { record, approver }: AdmittedApprover): Response {
  return renderHtml(c, <WithdrawnPage record={record} approver={approver} />, 410);
}

type Element = ReturnType<typeof NeutralPage>;
function renderHtml(c: Context, element: Element, status: 200 | 404 | 409 | 410 | 422 | 500): Response {
  c.header('content-type', 'text/html; charset=utf-8');
  return c.body(`<!doctype html>${String(element)}`, status);
}

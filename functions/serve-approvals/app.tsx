/**
 * The pages behind the links that approvers are sent. A GET shows and never changes anything, because mail scanners open every link; a POST
 * decides. The link's proof moves into a cookie at once, so that no secret stays in an address bar, a history or a log of addresses.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import {
  approvalPageUrl,
  approverReference,
  EvidenceSchema,
  formatCookie,
  formToken,
  type LinkProof,
  LinkProofSchema,
  linkStatement,
  parseCookie,
} from '../../shared/domain/approving/approval.ts';
import { ApprovalNotFound, DecisionConflict, DomainError } from '../../shared/domain/errors.ts';
import type { ApprovalRecord } from '../../shared/domain/records/approvals.ts';
import type { Clock, Digest, Documents, Mac, Table } from '../../shared/ports.ts';
import { decideApproval, readApproval } from '../../shared/use-cases/approving/decide-approval.ts';
import { ApprovalPage, DecidedPage, FailedPage, NeutralPage } from './pages.tsx';
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
  app.get('/approvals/:id', (c) => show(deps, c, c.req.param('id')));
  app.post('/approvals/:id', bodyLimit({ maxSize: BODY_BYTES, onError: neutral }), (c) =>
    decide(deps, c, c.req.param('id')),
  );
  app.notFound(neutral);
  app.onError((error, c) => {
    deps.onError?.(error);
    return html(c, <FailedPage />, 500);
  });
  return app;
}

interface Admitted {
  readonly record: ApprovalRecord;
  readonly approver: string;
  readonly proof: LinkProof;
}

async function show(deps: ApprovalPagesDeps, c: Context, id: string): Promise<Response> {
  const query = c.req.query();
  const byLink = Object.keys(query).length > 0;
  const proof = byLink ? parseLink(query) : parseCookie(cookieOf(c));
  const admitted = proof === undefined ? undefined : await admit(deps, id, proof);
  if (admitted === undefined || !isOpen(deps, admitted.record)) return neutral(c);
  if (byLink) return enter(deps, c, admitted);
  return await page(deps, c, admitted);
}

function enter(deps: ApprovalPagesDeps, c: Context, { record, proof }: Admitted): Response {
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

async function page(
  deps: ApprovalPagesDeps,
  c: Context,
  { record, approver, proof }: Admitted,
  again: { status: 200 | 422; comment?: string; problem?: string } = { status: 200 },
): Promise<Response> {
  const text = await deps.documents.get(record.evidence);
  if (text === undefined) throw new Error(`The evidence ${record.evidence} is missing.`);
  const { status, ...shown } = again;
  return html(
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

async function decide(deps: ApprovalPagesDeps, c: Context, id: string): Promise<Response> {
  const proof = parseCookie(cookieOf(c));
  const admitted = proof === undefined ? undefined : await admit(deps, id, proof);
  if (admitted === undefined || proof === undefined || !isOwnForm(deps, c)) return neutral(c);
  const form = await c.req.parseBody();
  const field = (name: string) => {
    const value = form[name];
    return typeof value === 'string' ? value : '';
  };
  if (!equal(field('token'), formToken(deps.digest, id, proof))) return neutral(c);
  const decision = { approve: 'approved', reject: 'rejected' } as const;
  const wanted = field('decision');
  if (wanted !== 'approve' && wanted !== 'reject') return neutral(c);

  try {
    const { approver: by } = admitted;
    const input = {
      approval: id,
      decision: decision[wanted],
      comment: field('comment'),
      by,
      via: 'link',
    } as const;
    const record = await decideApproval(deps, input);
    deps.onDecided?.(record);
    return html(c, <DecidedPage record={record} conflict={false} />, 200);
  } catch (error) {
    return await refused(deps, c, admitted, field('comment'), error);
  }
}

async function refused(
  deps: ApprovalPagesDeps,
  c: Context,
  admitted: Admitted,
  comment: string,
  error: unknown,
): Promise<Response> {
  if (error instanceof DecisionConflict) {
    const record = await readApproval(deps, admitted.record.id);
    const decided = record.state === 'approved' || record.state === 'rejected';
    return decided ? html(c, <DecidedPage record={record} conflict />, 409) : neutral(c);
  }
  if (error instanceof DomainError && error.status < 500)
    return await page(deps, c, admitted, { status: 422, comment, problem: error.message });
  throw error;
}

/** The request and the person that a proof was made for, or nothing: a wrong signature, an unknown id and another attempt look the same. */
async function admit(deps: ApprovalPagesDeps, id: string, proof: LinkProof): Promise<Admitted | undefined> {
  if (Number(proof.e) * 1000 <= deps.clock.now().getTime()) return undefined;
  const record = await find(deps, id);
  const approver = record?.approvers.find(
    (candidate) => approverReference(deps.digest, id, candidate) === proof.a,
  );
  if (record === undefined || approver === undefined) return undefined;
  const statement = linkStatement(record, approver, Number(proof.e));
  return (await deps.mac.verify(statement, proof.s, proof.k)) ? { record, approver, proof } : undefined;
}

async function find(deps: ApprovalPagesDeps, id: string): Promise<ApprovalRecord | undefined> {
  if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
  try {
    return await readApproval(deps, id);
  } catch (error) {
    if (error instanceof ApprovalNotFound) return undefined;
    throw error;
  }
}

function isOpen(deps: ApprovalPagesDeps, record: ApprovalRecord): boolean {
  return record.state === 'open' && Date.parse(record.expiresAt) > deps.clock.now().getTime();
}

function parseLink(query: Record<string, string>): LinkProof | undefined {
  const parsed = LinkProofSchema.safeParse(query);
  return parsed.success ? parsed.data : undefined;
}

function cookieOf(c: Context): string | undefined {
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

function equal(one: string, other: string): boolean {
  const left = Buffer.from(one);
  const right = Buffer.from(other);
  return left.length === right.length && timingSafeEqual(left, right);
}

function neutral(c: Context): Response {
  return html(c, <NeutralPage />, 404);
}

type Element = ReturnType<typeof NeutralPage>;
function html(c: Context, element: Element, status: 200 | 404 | 409 | 422 | 500): Response {
  c.header('content-type', 'text/html; charset=utf-8');
  return c.body(`<!doctype html>${String(element)}`, status);
}

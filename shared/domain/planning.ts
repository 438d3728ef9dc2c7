/**
 * Whether a pipeline bakes now, and if not, why not. Pure: the caller reads the rows and carries out the decision. Everything is computed
 * from what selectors mean now, never from marks, so that a base and its child that share a changed component see the same truth.
 */
import { bitsDigest } from './fingerprint.ts';
import { type AttemptState, SUPERSEDABLE_STATES } from './lifecycle.ts';
import type {
  ChangeRecord,
  ChannelRecord,
  FingerprintRecord,
  HoldReason,
  Lock,
  LockEntry,
  PipelineRecord,
  PlanningRecord,
  SelectorRecord,
} from './records.ts';
import { type Selector, selectorKey } from './selectors.ts';
import { count, describeMove, describeSelector, describeVersion } from './wording.ts';

type DigestOf = (text: string) => string;

/** What was read of one pipeline. */
export interface Seen {
  readonly pipeline: PipelineRecord;
  readonly planning: PlanningRecord;
  /** In the order of the plan: base, then components. */
  readonly selectors: readonly (SelectorRecord | undefined)[];
  /** What is current in the channel that it releases into. */
  readonly channel: ChannelRecord | undefined;
  /** What is current in the channel that it is built on, when its base is a pipeline. */
  readonly parentChannel: ChannelRecord | undefined;
}

export interface Wanted {
  readonly lock: Lock;
  readonly bits: string;
  readonly proof: string;
}

export type Wish =
  | { readonly known: true; readonly wanted: Wanted }
  | { readonly known: false; readonly missing: readonly { key: string; problem: string }[] };

/** The lock that the pipeline would have now, with its fingerprint. */
export function wishOf(digest: DigestOf, seen: Seen): Wish {
  const { plan } = seen.pipeline;
  const wanted: Selector[] = [plan.base, ...plan.components];
  const entries = wanted.map((selector, index) => entryOf(selector, seen, index));
  const missing = entries.flatMap((entry) => ('problem' in entry ? [entry] : []));
  const [base, ...components] = entries.flatMap((entry) => ('problem' in entry ? [] : [entry]));
  if (missing.length > 0 || base === undefined) return { known: false, missing };
  const lock: Lock = { base, components };
  const bits = bitsDigest(digest, { recipe: plan.recipe, lock, salt: seen.planning.salt });
  return { known: true, wanted: { lock, bits, proof: plan.proof } };
}

function entryOf(
  selector: Selector,
  seen: Seen,
  index: number,
): LockEntry | { key: string; problem: string } {
  const key = selectorKey(selector);
  if (selector.kind === 'pipeline') {
    // The channel is the truth; the selector's row follows it.
    const channel = seen.parentChannel;
    if (channel === undefined) return { key, problem: `${selector.pipeline} has no release yet` };
    return { key, selector, version: channel.release };
  }
  const row = seen.selectors[index];
  if (row?.version === undefined) return { key, problem: row?.problem ?? 'it has not been resolved yet' };
  const { version, detail } = row;
  return { key, selector, version, ...(detail === undefined ? {} : { detail }) };
}

export function isSame(
  one: { readonly bits: string; readonly proof: string } | undefined,
  other: { readonly bits: string; readonly proof: string },
): boolean {
  return one?.bits === other.bits && one.proof === other.proof;
}

/** An ancestor, and what its fingerprint's row says if it is stale. */
export interface Ancestor {
  readonly seen: Seen;
  readonly wish: Wish;
  readonly fingerprint: FingerprintRecord | undefined;
}

/** The bake that the pipeline runs now. */
export interface ActiveBake {
  readonly id: string;
  readonly attempt: number;
  readonly state: AttemptState;
  readonly bits: string;
  readonly proof: string;
  readonly isEnding: boolean;
  /** The approval has been decided, whether the machine knows it yet or not. */
  readonly isApproved: boolean;
}

export interface Situation {
  readonly seen: Seen;
  readonly wish: Wish;
  /** Of the wanted fingerprint. */
  readonly fingerprint: FingerprintRecord | undefined;
  readonly ancestors: readonly Ancestor[];
  readonly active: ActiveBake | undefined;
  /** Changes that wait to be taken up, oldest first. */
  readonly changes: readonly ChangeRecord[];
  readonly now: Date;
}

export type Decision =
  | { readonly kind: 'current'; readonly reason: HoldReason }
  /** `settled`: nothing will start by itself, so nobody has to wait for this pipeline. */
  | { readonly kind: 'hold'; readonly reasons: readonly HoldReason[]; readonly settled: boolean }
  /** The running bake has what is wanted; the changes are its own. */
  | { readonly kind: 'taken-up'; readonly reason: HoldReason; readonly bake: string }
  | { readonly kind: 'supersede'; readonly active: ActiveBake; readonly reason: HoldReason }
  | { readonly kind: 'start'; readonly wanted: Wanted; readonly reason: string };

const MOST_SUPERSEDED_IN_ROW = 2;
const FIRST_BACK_OFF_SECONDS = 60;
const LONGEST_BACK_OFF_SECONDS = 6 * 3600;

/** One minute after the first failure, then four times as long each time: 1 min, 4 min, 16 min, about an hour, at most six. */
export function backOffSeconds(failures: number): number {
  if (failures === 0) return 0;
  return Math.min(FIRST_BACK_OFF_SECONDS * 4 ** (failures - 1), LONGEST_BACK_OFF_SECONDS);
}

/** When the pipeline first had something to do, as far as is known. */
export function dirtySince(situation: Pick<Situation, 'seen' | 'changes' | 'now'>): string {
  const { planning } = situation.seen;
  return planning.dirtySince ?? situation.changes[0]?.at ?? situation.now.toISOString();
}

export function decide(situation: Situation): Decision {
  const { seen, wish, active } = situation;
  if (!wish.known) return unresolved(situation, wish.missing);
  const { wanted } = wish;

  // 1. Is there anything to do at all?
  if (isSame(active, wanted) && active !== undefined && !active.isEnding)
    return {
      kind: 'taken-up',
      bake: active.id,
      reason: { code: 'bake-running', message: `Bake ${active.id} already builds what is wanted.` },
    };
  if (active === undefined && isSame(seen.channel, wanted)) return current(seen);

  // 2. May it start by itself, or does a person ask?
  const asked = seen.planning.request !== undefined;
  const settled = reasonsToRest(situation, wanted, asked);
  if (settled.length > 0) return { kind: 'hold', reasons: settled, settled: active === undefined };

  // 3. Is now the time?
  const waiting = reasonsToWait(situation, wanted, asked);
  if (waiting.length > 0) return { kind: 'hold', reasons: waiting, settled: false };

  // 4. One bake at a time.
  if (active !== undefined) return besideRunning(situation, active);
  const ancestor = ancestorReason(situation);
  if (ancestor !== undefined) return { kind: 'hold', reasons: [ancestor], settled: false };
  return { kind: 'start', wanted, reason: reasonToStart(situation) };
}

function current(seen: Seen): Decision {
  const release = seen.channel?.release ?? '';
  const message = `Release ${release} in ${seen.pipeline.plan.channel} has exactly what is wanted.`;
  return { kind: 'current', reason: { code: 'up-to-date', message } };
}

function unresolved(
  situation: Situation,
  missing: readonly { readonly key: string; readonly problem: string }[],
): Decision {
  const ancestor = ancestorReason(situation);
  const reasons = missing.map(
    ({ key, problem }): HoldReason => ({
      code: 'unresolved',
      message: `${describeSelector(key)}: ${problem}`,
    }),
  );
  return {
    kind: 'hold',
    reasons: ancestor === undefined ? reasons : [ancestor, ...reasons],
    settled: situation.active === undefined,
  };
}

/** Reasons that only somebody's doing ends. */
function reasonsToRest(situation: Situation, wanted: Wanted, asked: boolean): HoldReason[] {
  const { seen, fingerprint } = situation;
  const { plan, name, enabled } = seen.pipeline;
  const reasons: HoldReason[] = [];
  const { consecutiveFailures } = seen.planning;
  if (asked) return reasons;
  if (!enabled)
    reasons.push({
      code: 'disabled',
      message: `${name} is disabled; enable it, or bake it once with: ovenbird bake ${name}`,
    });
  else if (consecutiveFailures >= plan.maxFailures)
    reasons.push({
      code: 'disabled',
      message: `${count(consecutiveFailures, 'bake')} in a row failed, so nothing starts by itself any more. Mend the cause, then: ovenbird bake ${name}`,
    });
  if (plan.mode === 'manual')
    reasons.push({ code: 'manual', message: `${name} starts when somebody asks: ovenbird bake ${name}` });
  if (isSame(fingerprint, wanted) && fingerprint?.state === 'refused')
    reasons.push({
      code: 'refused',
      message: `These versions were refused${fingerprint.reason === undefined ? '' : ` (${fingerprint.reason})`}. A newer version starts a bake, or: ovenbird bake ${name}`,
    });
  if (isSame(fingerprint, wanted) && fingerprint?.state === 'released' && !isSame(seen.channel, wanted))
    reasons.push({
      code: 'up-to-date',
      message: `Bake ${fingerprint.bake} made a release of exactly these versions, which is kept but not current. To make it anew: ovenbird bake ${name}`,
    });
  return reasons;
}

/** Reasons that time ends. A person who asks does not wait for them. */
function reasonsToWait(situation: Situation, wanted: Wanted, asked: boolean): HoldReason[] {
  if (asked) return [];
  const { seen, now } = situation;
  const { debounceUntil } = seen.planning;
  const reasons: HoldReason[] = [];
  if (debounceUntil !== undefined && debounceUntil > now.toISOString())
    reasons.push({
      code: 'debounce',
      message: 'Changes come in groups; this one waits for others.',
      until: debounceUntil,
    });
  const until = backOffEnd(situation.fingerprint, wanted);
  if (until !== undefined && until > now.toISOString())
    reasons.push({
      code: 'back-off',
      message: `These versions failed ${count(situation.fingerprint?.failures ?? 0, 'time')}; the next try waits.`,
      until,
    });
  return reasons;
}

function backOffEnd(fingerprint: FingerprintRecord | undefined, wanted: Wanted): string | undefined {
  if (!isSame(fingerprint, wanted) || fingerprint?.lastFailureAt === undefined) return undefined;
  if (fingerprint.state !== 'failed') return undefined;
  return later(fingerprint.lastFailureAt, backOffSeconds(fingerprint.failures));
}

function later(iso: string, seconds: number): string {
  return new Date(new Date(iso).getTime() + seconds * 1000).toISOString();
}

/** Before approval a newer lock supersedes the bake that runs, at most twice in a row; after approval it follows it. */
function besideRunning(situation: Situation, active: ActiveBake): Decision {
  const hold = (code: HoldReason['code'], message: string): Decision => ({
    kind: 'hold',
    reasons: [{ code, message }],
    settled: false,
  });
  if (active.isEnding) return hold('bake-running', `Bake ${active.id} is being ended.`);
  const supersedable = (SUPERSEDABLE_STATES as readonly AttemptState[]).includes(active.state);
  if (!supersedable || active.isApproved)
    return hold(
      'after-approval',
      `Bake ${active.id} is approved and is released first; the newer versions follow it.`,
    );
  if (situation.seen.planning.supersededInRow >= MOST_SUPERSEDED_IN_ROW)
    return hold(
      'superseded-twice',
      `Two bakes in a row gave way to newer versions, so bake ${active.id} is finished first.`,
    );
  const message = `Newer versions came before bake ${active.id} was approved: ${reasonToStart(situation)}`;
  return { kind: 'supersede', active, reason: { code: 'bake-running', message } };
}

/** The nearest ancestor that is moving, while waiting for it is within maxHold. */
function ancestorReason(situation: Situation): HoldReason | undefined {
  const until = later(dirtySince(situation), situation.seen.pipeline.plan.maxHoldSeconds);
  if (until <= situation.now.toISOString()) return undefined;
  for (const ancestor of situation.ancestors) {
    const why = whyMoving(ancestor, until);
    if (why !== undefined) return { code: 'ancestor-moving', message: why, until };
  }
  return undefined;
}

/** Why an ancestor counts as moving: it bakes, or it is stale and due to start before `limit`. */
function whyMoving({ seen, wish, fingerprint }: Ancestor, limit: string): string | undefined {
  const { name, plan, enabled } = seen.pipeline;
  const { planning } = seen;
  if (planning.activeBake !== undefined) return `${name} is baking (${planning.activeBake}).`;
  if (!wish.known || isSame(seen.channel, wish.wanted)) return undefined;
  const message = `${name} is about to bake.`;
  if (planning.request !== undefined) return message;
  if (!enabled || plan.mode === 'manual' || planning.consecutiveFailures >= plan.maxFailures)
    return undefined;
  const known = isSame(fingerprint, wish.wanted) ? fingerprint : undefined;
  if (known?.state === 'refused' || known?.state === 'released') return undefined;
  const starts = [planning.debounceUntil, backOffEnd(known, wish.wanted)];
  return starts.every((at) => at === undefined || at < limit) ? message : undefined;
}

const MOVES_NAMED = 3;

/** One sentence for people. */
function reasonToStart({ seen, changes, wish, fingerprint }: Situation): string {
  const { request } = seen.planning;
  const moves = changes.filter((change) => !change.selector.startsWith('request:'));
  const named = moves.slice(-MOVES_NAMED).map((change) => sayMove(change));
  const unread = Math.max(0, seen.planning.changes.length - changes.length);
  const more = moves.length - named.length + unread;
  const what = [...named, ...(more > 0 ? [`${more} more`] : [])].join('; ');
  if (request !== undefined) {
    const asked = `${request.by} asked for it${request.force ? ' by force' : ''}`;
    return what === '' ? `${asked}.` : `${asked}; ${what}.`;
  }
  const again = wish.known && isSame(fingerprint, wish.wanted) && (fingerprint?.failures ?? 0) > 0;
  const tried = again ? ` (try ${(fingerprint?.failures ?? 0) + 1})` : '';
  if (what !== '') return `${what}${tried}.`;
  return seen.channel === undefined ? `First bake${tried}.` : `Its versions moved${tried}.`;
}

function sayMove(change: ChangeRecord): string {
  if (change.selector.startsWith('definition:'))
    return `its definition is now revision ${describeVersion(change.to)}`;
  return describeMove(change);
}

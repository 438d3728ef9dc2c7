/**
 * The rules of approval, told from the design alone: this file imports nothing. It is shown each change of a row, each answer to a vote and
 * each outcome that a machine is given, and says what breaks a rule.
 */

export interface Row {
  readonly pk: string;
  readonly sk: string;
  readonly [field: string]: unknown;
}

interface VoteRow {
  readonly approver: string;
  readonly answer: string;
  readonly at: string;
  readonly via: string;
  readonly round: number;
}

export interface GivenVote {
  readonly approval: string;
  readonly approver: string;
  readonly answer: 'approve' | 'reject';
  readonly via: 'link' | 'api';
  readonly hasComment: boolean;
}

/** What the world knows without the product. */
export interface Facts {
  readonly quorum: number;
  now(): string;
  image(bake: string, attempt: number): string;
}

/** An address, or one that also decides by API. */
type Approver = string | { readonly email: string };

interface RevisionRow extends Row {
  readonly revision: number;
  readonly appliedBy: string;
  readonly definition: { readonly approval: { readonly approvers: readonly Approver[] } };
}

interface Request {
  row: Row;
  readonly votes: Map<string, VoteRow>;
  requesters: readonly string[];
  /** Whom it asks, each as the definition of then names them. */
  approvers: readonly Approver[];
  readonly image: string;
  /** The approval of an earlier attempt stands for it. */
  readonly isTakenOver: boolean;
}

export class Judge {
  readonly broken: string[] = [];
  readonly #facts: Facts;
  readonly #requests = new Map<string, Request>();
  readonly #attempts = new Map<string, Row>();
  readonly #bakes = new Map<string, Row>();
  readonly #waits = new Map<string, Row>();
  readonly #revisions: RevisionRow[] = [];
  #channel: Row | undefined;
  readonly #outcomes = new Map<string, unknown>();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** The rows that one transaction changed, as they are afterwards. */
  seeWrites(changes: readonly { readonly before?: Row; readonly after?: Row }[]): void {
    const touched = new Set<string>();
    const begun = new Set<string>();
    for (const { after } of changes) {
      if (after?.sk.startsWith('REVISION#') === true) this.#revisions.push(after as RevisionRow);
      if (after?.sk.startsWith('CHANNEL#') === true) this.#channel = after;
    }
    for (const { after } of changes) {
      if (after?.pk.startsWith('BAKE#') === true && after.sk === 'META')
        this.#bakes.set(String(after.id), after);
      if (after?.sk.startsWith('ATTEMPT#') === true) this.#attempts.set(toAttemptKey(after), after);
      if (after?.pk.startsWith('WAIT#') === true) this.#waits.set(after.pk, after);
      if (after?.pk.startsWith('APPROVAL#') === true && after.sk === 'META' && !this.#requests.has(after.pk))
        begun.add(this.#begin(after));
    }
    for (const { before, after } of changes) {
      this.#checkSuperseded(before, after);
      const row = after ?? before;
      if (row?.pk.startsWith('APPROVAL#') !== true) continue;
      touched.add(row.pk);
      if (after === undefined) this.#break('votes are kept', `${row.pk} ${row.sk} is gone`);
      else if (row.sk === 'META') this.#seeState(before, after);
      else this.#seeVote(before, after, begun.has(after.pk));
    }
    for (const pk of touched) this.#checkTally(pk);
    for (const request of this.#requests.values()) this.#checkAsked(request);
  }

  /** At no moment is a request open for others than the definition of now names. */
  #checkAsked({ row, approvers }: Request): void {
    const attempt = this.#attempts.get(toAttemptKey(row));
    const isOpen = row.state === 'open' && String(row.expiresAt) > this.#facts.now();
    if (!isOpen || attempt?.state !== 'awaiting-approval' || attempt.endRequested !== undefined) return;
    const now = this.#revisions.at(-1)?.definition.approval.approvers ?? [];
    if (toNames(approvers) !== toNames(now))
      this.#break(
        'the approvers of now are asked',
        `${row.pk} asks ${toNames(approvers)}, not ${toNames(now)}`,
      );
  }

  #begin(row: Row): string {
    const [bake, attempt] = [String(row.bake), Number(row.attempt)];
    const image = this.#facts.image(bake, attempt);
    const earlier = [...this.#requests.values()].findLast(
      (one) => one.row.bake === bake && one.row.state === 'approved' && one.image === image,
    );
    const requesters = earlier?.requesters ?? this.#listBarred(bake, attempt);
    const approvers = earlier?.approvers ?? this.#revisions.at(-1)?.definition.approval.approvers ?? [];
    this.#requests.set(row.pk, {
      row,
      votes: new Map(),
      requesters,
      approvers,
      image,
      isTakenOver: earlier !== undefined,
    });
    if (earlier !== undefined && row.state !== 'approved')
      this.#break('a decision stands', `attempt ${attempt} asks again for ${image}`);
    if (earlier === undefined && row.state !== 'open')
      this.#break('a decision is for its digests', `attempt ${attempt} with ${image} begins as ${row.state}`);
    return row.pk;
  }

  /** Requesters of the bake and of its attempts up to this one, and who applied a revision since the current release. */
  #listBarred(bake: string, upTo: number): string[] {
    const attempts = [...this.#attempts.values()].filter(
      (row) => row.bake === bake && Number(row.attempt) <= upTo,
    );
    const released = Number(this.#bakes.get(String(this.#channel?.bake))?.revision ?? 0);
    return [
      ...[this.#bakes.get(bake), ...attempts].map((row) => row?.requestedBy),
      ...this.#revisions.filter(({ revision }) => revision > released).map(({ appliedBy }) => appliedBy),
    ].flatMap((identity) => (identity === undefined ? [] : [String(identity)]));
  }

  /** After approval a bake runs to its end; only a person may cancel it. */
  #checkSuperseded(before: Row | undefined, after: Row | undefined): void {
    if (after?.sk.startsWith('ATTEMPT#') !== true || before?.endRequested !== undefined) return;
    const end = after.endRequested as { readonly as: string } | undefined;
    const request = [...this.#requests.values()].find(({ row }) => toAttemptKey(row) === toAttemptKey(after));
    if (end?.as === 'superseded' && request?.row.state === 'approved')
      this.#break('approved bakes are not superseded', toAttemptKey(after));
  }

  #seeState(before: Row | undefined, after: Row): void {
    const request = this.#requests.get(after.pk);
    if (request !== undefined) request.row = after;
    if (request !== undefined && before?.state === 'withdrawn' && after.state === 'open') {
      request.approvers = this.#revisions.at(-1)?.definition.approval.approvers ?? [];
      request.requesters = this.#listBarred(String(after.bake), Number(after.attempt));
      return;
    }
    if (request !== undefined && after.state === 'withdrawn' && before?.state === 'open') {
      const now = this.#revisions.at(-1)?.definition.approval.approvers ?? [];
      if (toNames(request.approvers) === toNames(now))
        this.#break('a request is withdrawn for other approvers', `${after.pk} asked ${toNames(now)}`);
    }
    if (before === undefined || before.state === 'open') return;
    if (before.state === 'withdrawn' && after.state === 'void') return;
    const [was, is] = [before, after].map(({ state, decision }) => JSON.stringify([state, decision]));
    if (was !== is) this.#break('terminal states are immutable', `${was} became ${is}`);
  }

  #seeVote(before: Row | undefined, after: Row, isTakenOver: boolean): void {
    const request = this.#requests.get(after.pk);
    if (request === undefined) return;
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(after))
      this.#break('votes are written once', `${after.sk} became ${JSON.stringify(after)}`);
    request.votes.set(after.sk, after as unknown as VoteRow);
    const { row } = request;
    // An approval of an earlier attempt brings its votes along.
    if (isTakenOver) return;
    const attempt = this.#attempts.get(toAttemptKey(row));
    if (attempt?.state !== 'awaiting-approval' || attempt.endRequested !== undefined)
      this.#break('ended attempts take no vote', `${after.sk} for an attempt that is ${attempt?.state}`);
    if (row.state === 'void' || row.state === 'expired' || row.state === 'withdrawn')
      this.#break('closed requests take no vote', `${after.sk} for a request that is ${row.state}`);
    if (String(after.at) >= String(row.expiresAt)) this.#break('expired requests take no vote', after.sk);
  }

  /** The state of the row is what its votes amount to. A request whose time is over may be open until its wait is looked at. */
  #checkTally(pk: string): void {
    const request = this.#requests.get(pk);
    if (request === undefined) return;
    const { state } = request.row;
    const amounts = this.#count(request);
    const isUndecided = state === 'open' || state === 'void' || state === 'withdrawn';
    const isRight = state === amounts || (isUndecided && (amounts === 'expired' || amounts === 'open'));
    if (!isRight) this.#break('the state is the tally', `${pk} is ${state}, its votes amount to ${amounts}`);
  }

  #count({ row, votes, requesters, approvers }: Request): string {
    const heard = new Set<string>();
    let yes = 0;
    const ofRound = [...votes.values()].filter(({ round }) => round === row.round);
    for (const vote of ofRound.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) {
      const voter = findVoter(approvers, vote.approver, vote.via);
      if (voter === undefined) {
        this.#break('only approvers vote', `${vote.approver} by ${vote.via}`);
        continue;
      }
      if (heard.has(voter)) continue;
      heard.add(voter);
      if (vote.at >= String(row.expiresAt)) continue;
      if (vote.answer === 'reject') return 'rejected';
      if (!isBarred(approvers, requesters, voter)) yes += 1;
      if (yes === this.#facts.quorum) return 'approved';
    }
    return String(row.expiresAt) <= this.#facts.now() ? 'expired' : 'open';
  }

  /** What a vote that comes alone has to be answered with: the request's state, or the name of the error. */
  expectAnswer({ approval, approver, answer, via, hasComment }: GivenVote): string {
    const request = this.#requests.get(`APPROVAL#${approval}`);
    if (request === undefined) return 'ApprovalNotFound';
    const { row, requesters, approvers } = request;
    const settled = row.state === 'open' ? this.#count(request) : String(row.state);
    const same = answer === 'approve' ? 'approved' : 'rejected';
    if (settled !== 'open') return settled === same ? same : 'DecisionConflict';
    const voter = findVoter(approvers, approver, via);
    if (voter === undefined) return 'NotAnApprover';
    const votes = [...request.votes.values()].filter(({ round }) => round === row.round);
    const own = votes.find((vote) => findVoter(approvers, vote.approver, vote.via) === voter);
    if (own !== undefined) return own.answer === answer ? 'open' : 'DecisionConflict';
    if (answer === 'approve' && isBarred(approvers, requesters, voter)) return 'SelfApprovalRefused';
    if (answer === 'reject' && !hasComment) return 'InvalidRequest';
    const attempt = this.#attempts.get(toAttemptKey(row));
    if (attempt?.state !== 'awaiting-approval' || attempt.endRequested !== undefined)
      return 'DecisionConflict';
    if (answer === 'reject') return 'rejected';
    return votes.length + 1 >= this.#facts.quorum ? 'approved' : 'open';
  }

  seeAnswer(vote: GivenVote, expected: string, answered: string): void {
    if (expected !== answered)
      this.#break('votes are answered', `${JSON.stringify(vote)} was answered ${answered}, not ${expected}`);
  }

  /** A machine goes on with this outcome. */
  seeOutcome(attempt: string, approval: string, decision: string | undefined): void {
    const row = this.#requests.get(`APPROVAL#${approval}`)?.row;
    if (decision === 'asked-again') {
      if (row === undefined || (row.state !== 'withdrawn' && row.round === 1))
        this.#break('outcomes are true', `${attempt} was told ${decision}; the request is ${row?.state}`);
      return;
    }
    if (this.#outcomes.has(attempt)) this.#break('one outcome', `${attempt} was told twice`);
    this.#outcomes.set(attempt, decision);
    const state = row?.state;
    const isTrue = decision === undefined ? state === 'void' : state === decision;
    if (!isTrue) this.#break('outcomes are true', `${attempt} was told ${decision}; the request is ${state}`);
  }

  /** At rest: nothing waits, and each end follows from the request. */
  checkRest(): void {
    for (const [pk, { row }] of this.#requests) {
      if (row.state === 'open' || row.state === 'withdrawn') this.#break('requests end', `${pk} is open`);
      const end = this.#attempts.get(toAttemptKey(row))?.state;
      if ((end === 'rejected' || end === 'expired') && row.state !== end)
        this.#break('outcomes are true', `the attempt is ${end}, its request ${row.state}`);
      if (end === 'released' && row.state !== 'approved')
        this.#break('only what is approved is released', `${pk} is ${row.state}`);
    }
    for (const [pk, row] of this.#waits)
      if (row.state !== 'delivered') this.#break('waits end', `${pk} is ${row.state}`);
  }

  /** How the requests ended, for a look at what the worlds come to. */
  listEnds(): string[] {
    return [...this.#requests.values()].map(({ row, isTakenOver, votes }) => {
      const again = Number(row.round) > 1 ? 'asked again' : '';
      const way = isTakenOver ? 'taken over' : votes.size > 1 ? 'by several votes' : again;
      return `${row.state} ${way}`.trim();
    });
  }

  #break(rule: string, text: string): void {
    this.broken.push(`${rule}: ${text}`);
  }
}

function toAttemptKey({ bake, attempt }: Row): string {
  return `${bake}/${attempt}`;
}

function toNames(approvers: readonly Approver[]): string {
  return approvers
    .map((approver) => (typeof approver === 'string' ? approver : approver.email))
    .sort()
    .join(' ');
}

/** The address of the approver who votes. By API only those do who name their identities; the name of an Operator's session says nothing. */
function findVoter(approvers: readonly Approver[], identity: string, via: string): string | undefined {
  if (via === 'api' && identity.includes('assumed-role/Operator/')) return undefined;
  const person = toSuspect(identity);
  const found = approvers.find(
    (approver) => (typeof approver === 'string' ? approver : approver.email) === person,
  );
  return found === undefined || (via === 'api' && typeof found === 'string') ? undefined : person;
}

/** An IAM user is known to be an approver only where the definition says so. */
function isBarred(approvers: readonly Approver[], requesters: readonly string[], voter: string): boolean {
  const isNamed = !approvers.includes(voter);
  return requesters.some(
    (identity) => toSuspect(identity) === voter && (isNamed || !identity.includes(':user/')),
  );
}

/** The person who may be behind an identity: a mail address, an IAM user, or a session that carries an address. */
function toSuspect(identity: string): string {
  const name = identity.toLowerCase();
  if (name.includes(':user/')) return `${name.split('/').at(-1)}@example.com`;
  return name.includes(':assumed-role/') ? (name.split('/').at(-1) ?? name) : name;
}

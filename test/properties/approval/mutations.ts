/** Faults to plant into approval, as those of the engine (engine/mutations.ts). */
import type { Mutation } from '../planting.ts';

const TALLY = 'shared/domain/approval/tally.ts';
const READ_APPROVAL = 'shared/use-cases/approval/read-approval.ts';
const READ_POLICY = 'shared/use-cases/approval/read-policy.ts';
const CAST_VOTE = 'shared/use-cases/approval/cast-vote.ts';

export const APPROVAL_MUTATIONS = {
  /** A requester's approval counts. */
  'count-barred-vote': {
    file: TALLY,
    find: "return answer === 'approve' && barred.some(",
    replace: "return answer === 'approve' && [...barred].slice(0, 0).some(",
  },
  /** A rejection is a vote like any other that does not approve. */
  'ignore-rejection': {
    file: TALLY,
    find: "if (vote.answer === 'reject') return { state: 'rejected', approvals, decision: vote };",
    replace: "if (vote.answer === 'reject') continue;",
  },
  /** The last vote of a person counts. */
  'overwrite-vote': [
    {
      file: TALLY,
      find: "if (own !== undefined) return own.answer === vote.answer ? 'repeat' : 'opposite';",
      replace: '',
    },
    {
      file: CAST_VOTE,
      find: '...vote }, when: { exists: false } },',
      replace: '...vote } },',
    },
  ],
  /** One person under two names is two. */
  'count-person-twice': [
    { file: TALLY, find: 'heard.has(voter.email)', replace: 'heard.has(vote.approver)' },
    { file: TALLY, find: 'heard.add(voter.email);', replace: 'heard.add(vote.approver);' },
    {
      file: TALLY,
      find: 'findVoter(request, given)?.email === voter.email',
      replace: 'given.approver === vote.approver',
    },
    {
      file: READ_APPROVAL,
      find: 'findVoter(request, vote)?.email ?? vote.approver',
      replace: 'vote.approver',
    },
  ],
  /** A link for an address that is not named decides. */
  'count-stranger': {
    file: TALLY,
    find: "via === 'link' ? person.email === lower : hasPrincipal(person, identity)",
    replace: "via === 'link' || hasPrincipal(person, identity)",
  },
  /** Votes count for ever. */
  'ignore-expiry': {
    file: TALLY,
    find: 'const expiresAt = Date.parse(policy.expiresAt);',
    replace: 'const expiresAt = Number.POSITIVE_INFINITY;',
  },
  /** Two votes at once are each judged as if the other had not come. */
  'lost-vote': {
    file: CAST_VOTE,
    find: 'voteCount: votes.length,',
    replace: '',
  },
  /** A vote is written for an attempt that ends in the same moment. */
  'vote-for-ended-attempt': {
    file: CAST_VOTE,
    find: "when: { equals: { state: 'awaiting-approval', endRequested: null } },",
    replace: 'when: { exists: true },',
  },
  /** A bake that is approved in the same moment is superseded. */
  'supersede-approved': {
    file: 'shared/use-cases/reconcile/supersede-bake.ts',
    find: '...approvalChecks(deps, read),',
    replace: '...approvalChecks(deps, read).slice(0, 0),',
  },
  /** Withdrawing takes settled requests back too. */
  'void-decision': {
    file: 'shared/use-cases/approval/void-approvals.ts',
    find: "when: { exists: true, oneOf: { state: ['open', 'withdrawn'] } },",
    replace: 'when: { exists: true },',
  },
  /** An approval stands for another image. */
  'approve-other-image': [
    {
      file: 'shared/use-cases/approval/request-approval.ts',
      find: 'earlier?.imageDigest === record.imageDigest &&',
      replace: 'earlier !== undefined &&',
    },
    {
      file: 'shared/use-cases/approval/request-approval.ts',
      find: 'earlier.evidenceDigest === record.evidenceDigest &&',
      replace: '',
    },
  ],
  /** Each attempt asks again. */
  'forget-decision': {
    file: 'shared/use-cases/approval/request-approval.ts',
    find: "if (same && earlier.state === 'approved') return earlier;",
    replace: '',
  },
  /** A machine whose completion was lost waits on. */
  'completion-not-repaired': {
    file: 'shared/use-cases/waits/sweep-waits.ts',
    find: 'if (!(await postponeWait(deps, wait.id, wait.state))) continue;',
    replace: "if (wait.state !== 'pending' || !(await postponeWait(deps, wait.id, wait.state))) continue;",
  },
  /** The wait is decided by the vote, and the machine not told what was decided. */
  'untrue-outcome': {
    file: CAST_VOTE,
    find: 'decision: OUTCOMES[decision.answer],',
    replace: 'decision: OUTCOMES.approve,',
  },
  /** A revision with other approvers leaves the open request as it is. */
  'keep-old-approvers': {
    file: 'shared/use-cases/definitions/apply-definition.ts',
    find: '...withdrawal.writes',
    replace: '...withdrawal.writes.slice(0, 0)',
  },
  /** The approvers of the bake's own revision are asked, whoever was taken off the list since. */
  'ask-old-approvers': {
    file: READ_POLICY,
    find: 'const newest = pipeline?.revision ?? bake.revision;',
    replace: 'const newest = pipeline === undefined ? bake.revision : bake.revision;',
  },
  /** A request is written beside a revision that comes in the same moment. */
  'request-beside-revision': {
    file: 'shared/use-cases/approval/request-approval.ts',
    find: '{ check: keys.pipeline(record.pipeline), when: isNewest },',
    replace: '...(isNewest.exists === true ? [] : []),',
  },
  /** A revision is written beside a request that comes in the same moment. */
  'revision-beside-request': {
    file: 'shared/use-cases/approval/withdraw-approval.ts',
    find: '{ check: keys.approval(id), when: { exists: false } }]',
    replace: ']',
  },
  /** Votes of a withdrawn round count in the next one. */
  'count-withdrawn-votes': [
    {
      file: READ_APPROVAL,
      find: 'return votes.filter((vote) => vote.round === round);',
      replace: 'return votes.filter(() => round > 0);',
    },
    {
      file: CAST_VOTE,
      find: 'if (record.voteCount !== votes.length) return AGAIN;',
      replace: 'if (record.voteCount > votes.length) return AGAIN;',
    },
    { file: CAST_VOTE, find: 'voteCount: votes.length,', replace: 'voteCount: record.voteCount,' },
  ],
  /** The machine is not told that it has to ask again. */
  'wait-for-withdrawn': {
    file: 'shared/use-cases/waits/kinds/approval.ts',
    find: "return toSuccess({ decision: 'asked-again' });",
    replace: 'return undefined;',
  },
  /** Who applied a revision approves it. */
  'applier-approves': {
    file: READ_POLICY,
    find: 'return [...new Set([...requesters, ...appliers])];',
    replace: 'return [...new Set([...requesters, ...appliers.slice(0, 0)])];',
  },
  /** A name that a caller gave the session of a role makes another person of them. */
  'made-up-session-name': {
    file: 'shared/domain/approval/identity.ts',
    find: 'return IDENTITY_CENTER_ROLE.test(role)',
    replace: 'return IDENTITY_CENTER_ROLE.test(role) || session.length > 0',
  },
} as const satisfies Readonly<Record<string, Mutation>>;

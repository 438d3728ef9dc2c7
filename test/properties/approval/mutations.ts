/** Faults to plant into approval, as those of the engine (engine/mutations.ts). */
import type { Mutation } from '../planting.ts';

const TALLY = 'shared/domain/approval/tally.ts';
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
  'count-person-twice': {
    file: TALLY,
    find: 'return listNames(one).some((name) => names.includes(name));',
    replace: 'return names.includes(one.toLowerCase());',
  },
  /** A link for an address that is not named decides. */
  'count-stranger': {
    file: TALLY,
    find: "return via === 'api' ||",
    replace: "return via === 'api' || via === 'link' ||",
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
    find: "when: { exists: true, equals: { state: 'open' } },",
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
    find: 'output: { decision: OUTCOMES[decision.answer],',
    replace: 'output: { decision: OUTCOMES.approve,',
  },
} as const satisfies Readonly<Record<string, Mutation>>;

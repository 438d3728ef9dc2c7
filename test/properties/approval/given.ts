/** What one run of the world `approval` is given: a policy, and what approvers, machines and time do, some of it at once. */
import fc from 'fast-check';

export const APPROVERS = ['ada@example.com', 'ben@example.com', 'cleo@example.com'] as const;
const person = fc.constantFrom(...APPROVERS, 'eve@example.com');
/** How a person votes: by the link in a mail, or by the API: as a user of Identity Center or of IAM, or under a name that they gave a role's session. */
const identity = fc.record({ person, as: fc.constantFrom('mail', 'mail', 'MAIL', 'sso', 'session', 'user') });
export type Identity = typeof identity extends fc.Arbitrary<infer Value> ? Value : never;

/** Who asks for a bake or applies a revision: an approver now and then. */
const author = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ person: 'eve@example.com', as: 'user' } satisfies Identity) },
  { weight: 1, arbitrary: identity },
);

const vote = fc.record({
  kind: fc.constant('vote' as const),
  by: identity,
  answer: fc.constantFrom('approve' as const, 'approve' as const, 'reject' as const),
  hasComment: fc.oneof(
    { weight: 4, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  /** Of all requests that there are, the newest in most cases. */
  which: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4) }),
});

/** The link in the mail of the newest request, followed. */
const approval = fc.record({
  kind: fc.constant('vote' as const),
  by: fc.record({ person: fc.constantFrom(...APPROVERS), as: fc.constant('mail' as const) }),
  answer: fc.constant('approve' as const),
  hasComment: fc.constant(true),
  which: fc.constant(0),
});

/** A revision that may name other approvers. */
const revise = fc.record({
  kind: fc.constant('revise' as const),
  approvers: fc.subarray([...APPROVERS], { minLength: 1 }),
  by: author,
});

const advance = fc.record({ kind: fc.constant('machine' as const), which: fc.nat(4) });

/** Newer versions come. */
const newer = fc.record({ kind: fc.constant('newer' as const) });

const task = fc.oneof(
  {
    weight: 9,
    arbitrary: vote,
  },
  { weight: 8, arbitrary: advance },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'stream' as const,
        'wake' as const,
        'sweep' as const,
        'plan' as const,
        'plan' as const,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      seconds: fc.constantFrom(1, 61, 3600, 'before' as const, 'at' as const, 'after' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const) }) },
  { weight: 2, arbitrary: newer },
  { weight: 6, arbitrary: revise },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('end' as const, 'fail' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('retry' as const), by: author }),
  },
);
export type Task = typeof task extends fc.Arbitrary<infer Value> ? Value : never;

const action = fc.record({
  /** Done at the same time, call by call in any order. */
  tasks: fc.oneof(
    { weight: 3, arbitrary: fc.tuple(task) },
    { weight: 2, arbitrary: fc.array(task, { minLength: 2, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.tuple(vote, task) },
    { weight: 1, arbitrary: fc.tuple(revise, fc.oneof(vote, advance)) },
    {
      weight: 3,
      arbitrary: fc.tuple(fc.constantFrom({ kind: 'plan' as const }, { kind: 'newer' as const }), approval),
    },
  ),
  /** Where the process of the first task ends. */
  crash: fc.option(
    fc.record({
      call: fc.oneof(fc.nat(8), fc.nat(40)),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
    { freq: 3 },
  ),
});

export const approvalGiven = fc.record({
  approvers: fc.oneof(fc.subarray([...APPROVERS], { minLength: 1 }), fc.constant([...APPROVERS])),
  quorum: fc.constantFrom(1, 1, 1, 2, 2, 3),
  requestedBy: author,
  /** How far the first attempt is before anything else happens. */
  begins: fc.constantFrom(
    'new' as const,
    'asked' as const,
    'asked' as const,
    'asked-again' as const,
    'approved' as const,
  ),
  actions: fc.array(action, { maxLength: 25, size: 'max' }),
  /** Per cent of the stream's and the wake queue's messages that are lost, and that come twice. */
  lost: fc.oneof(fc.constantFrom(0, 100), fc.nat(100)),
  doubled: fc.oneof(fc.constantFrom(0, 100), fc.nat(100)),
  /** Decides whatever else is left to chance. */
  chance: fc.nat(),
});
export type ApprovalGiven = typeof approvalGiven extends fc.Arbitrary<infer Value> ? Value : never;

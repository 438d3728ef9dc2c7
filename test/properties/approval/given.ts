/** What one run of the world `approval` is given: a policy, and what approvers, machines and time do, some of it at once. */
import fc from 'fast-check';

export const APPROVERS = ['ada@example.com', 'ben@example.com', 'cleo@example.com'] as const;
const person = fc.constantFrom(...APPROVERS, 'eve@example.com');
/** How a person votes: by the link in a mail, or by the API as the session of a role or as a user. */
const identity = fc.record({ person, as: fc.constantFrom('mail', 'mail', 'MAIL', 'session', 'user') });
export type Identity = typeof identity extends fc.Arbitrary<infer Value> ? Value : never;

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

const task = fc.oneof(
  {
    weight: 9,
    arbitrary: vote,
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('machine' as const), which: fc.nat(4) }) },
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
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('newer' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('end' as const, 'fail' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('retry' as const), by: identity }),
  },
);
export type Task = typeof task extends fc.Arbitrary<infer Value> ? Value : never;

const action = fc.record({
  /** Done at the same time, call by call in any order. */
  tasks: fc.oneof(
    { weight: 3, arbitrary: fc.tuple(task) },
    { weight: 2, arbitrary: fc.array(task, { minLength: 2, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.tuple(vote, task) },
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
  approvers: fc.subarray([...APPROVERS], { minLength: 1 }),
  quorum: fc.constantFrom(1, 1, 2, 2, 3),
  requestedBy: identity,
  /** How far the first attempt is before anything else happens. */
  begins: fc.constantFrom('new' as const, 'asked' as const, 'asked' as const, 'approved' as const),
  actions: fc.array(action, { maxLength: 25, size: 'max' }),
  /** Per cent of the stream's and the wake queue's messages that are lost, and that come twice. */
  lost: fc.oneof(fc.constantFrom(0, 100), fc.nat(100)),
  doubled: fc.oneof(fc.constantFrom(0, 100), fc.nat(100)),
  /** Decides whatever else is left to chance. */
  chance: fc.nat(),
});
export type ApprovalGiven = typeof approvalGiven extends fc.Arbitrary<infer Value> ? Value : never;

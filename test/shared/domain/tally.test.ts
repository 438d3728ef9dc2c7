import { describe, expect, it } from '@jest/globals';
import { type ApprovalPolicy, judgeVote, tally } from '../../../shared/domain/approval/tally.ts';
import type { Vote } from '../../../shared/domain/records/approvals.ts';

const [ADA, BEN, CLEO] = ['ada@example.com', 'ben@example.com', 'cleo@example.com'] as const;
const assumed = (role: string, session: string) =>
  `arn:aws:sts::111122223333:assumed-role/${role}/${session}`;
/** A session of IAM Identity Center. */
const sso = (name: string) => assumed('AWSReservedSSO_PowerUser_0123456789abcdef', name);
const policy: ApprovalPolicy = {
  approvers: [ADA, BEN, CLEO],
  principals: {
    [ADA]: ['sso:ada', 'arn:aws:iam::111122223333:user/people/ada'],
    [BEN]: ['arn:aws:iam::111122223333:role/teams/Images'],
  },
  quorum: 2,
  barred: [],
  expiresAt: '2026-03-02T12:00:00.000Z',
};
const at = (hour: number) => `2026-03-02T${String(hour).padStart(2, '0')}:00:00.000Z`;
const vote = (approver: string, answer: Vote['answer'], hour: number, via: Vote['via'] = 'link'): Vote => ({
  approver,
  answer,
  at: at(hour),
  comment: '',
  via,
  round: 1,
});
const state = (votes: readonly Vote[], hour = 11, given: Partial<ApprovalPolicy> = {}) =>
  tally({ ...policy, ...given }, votes, new Date(at(hour))).state;

describe('tally', () => {
  it('is open without votes, and expired from its end on', () => {
    expect([state([]), state([], 12)]).toEqual(['open', 'expired']);
  });

  it('is approved by as many approvers as the quorum, whatever comes later', () => {
    const votes = [vote(ADA, 'approve', 9), vote(BEN, 'approve', 10), vote(CLEO, 'reject', 11)];

    expect(state(votes.slice(0, 1))).toBe('open');
    expect(tally(policy, votes, new Date(at(20)))).toEqual({
      state: 'approved',
      approvals: votes.slice(0, 2),
      decision: votes[1],
    });
  });

  it('is rejected by the first rejection, in the order of time', () => {
    const votes = [vote(BEN, 'approve', 11), vote(CLEO, 'reject', 10), vote(ADA, 'approve', 9)];

    expect(tally(policy, votes, new Date(at(11)))).toMatchObject({ state: 'rejected', decision: votes[1] });
  });

  it.each([
    ['a second vote of one person', [vote(ADA, 'approve', 9), vote(ADA.toUpperCase(), 'approve', 10)]],
    ['a second vote by API', [vote(ADA, 'approve', 9), vote(sso('ada'), 'approve', 10, 'api')]],
    [
      'two sessions of one role',
      [
        vote(assumed('Images', 'ben'), 'approve', 9, 'api'),
        vote(assumed('Images', 'eve'), 'approve', 10, 'api'),
      ],
    ],
    ['a changed mind', [vote(ADA, 'approve', 9), vote(ADA, 'reject', 10)]],
    ['a link of an address that is not named', [vote('eve@x.io', 'approve', 9), vote(ADA, 'approve', 10)]],
  ])('does not count %s', (_, votes) => {
    expect(state(votes)).toBe('open');
  });

  it('does not count votes after the end', () => {
    expect(state([vote(ADA, 'approve', 9), vote(BEN, 'approve', 12)], 13)).toBe('expired');
    expect(state([vote(ADA, 'reject', 12)], 13)).toBe('expired');
  });

  it.each([
    ['the user of Identity Center', sso('Ada')],
    ['the IAM user, whatever the path', 'arn:aws:iam::111122223333:user/ada'],
    ['any session of the role, which the path does not tell', assumed('Images', 'anything')],
  ])('counts %s that an approver names', (_, caller) => {
    expect(state([vote(caller, 'approve', 9, 'api')], 11, { quorum: 1 })).toBe('approved');
  });

  it.each([
    ['a role that nobody names', assumed('Admin', 'x')],
    ['a session that is called like a user of Identity Center', assumed('Admin', 'ada')],
    ['a session that is called like an approver', assumed('Admin', ADA)],
    ['a role that only looks like one of Identity Center', assumed('AWSReservedSSO_Mine', 'ada')],
    ['the role of that name in another account', 'arn:aws:sts::999988887777:assumed-role/Images/x'],
    ['the root user', 'arn:aws:iam::111122223333:root'],
    ['an approver who names no principal, by the address', CLEO],
  ])('counts neither approval nor rejection of %s by API', (_, caller) => {
    expect(state([vote(caller, 'approve', 9, 'api')], 11, { quorum: 1 })).toBe('open');
    expect(state([vote(caller, 'reject', 9, 'api')])).toBe('open');
    const judged = judgeVote(
      { ...policy, state: 'open' },
      [],
      vote(caller, 'approve', 9, 'api'),
      new Date(at(9)),
    );
    expect(judged).toBe('not-asked');
  });

  it.each([
    ['by the same name', ADA, ADA, 'link'],
    ['as a user of Identity Center', sso('ada'), ADA, 'link'],
    ['as a user of Identity Center that is called by the address', sso(CLEO), CLEO, 'link'],
    ['under another session name of one role', assumed('Images', 'one'), assumed('Images', 'two'), 'api'],
    ['by a session that carries the address', assumed('Admin', CLEO), CLEO, 'link'],
  ] as const)('counts no approval of who is barred %s, but a rejection', (_, barred, voter, via) => {
    const given = { quorum: 1, barred: [barred] };

    expect(state([vote(voter, 'approve', 9, via)], 11, given)).toBe('open');
    expect(state([vote(voter, 'reject', 9, via)], 11, given)).toBe('rejected');
  });
});

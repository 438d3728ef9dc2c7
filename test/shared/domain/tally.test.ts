import { describe, expect, it } from '@jest/globals';
import { type ApprovalPolicy, tally } from '../../../shared/domain/approval/tally.ts';
import type { Vote } from '../../../shared/domain/records/approvals.ts';

const [ADA, BEN, CLEO] = ['ada@example.com', 'ben@example.com', 'cleo@example.com'] as const;
const policy: ApprovalPolicy = {
  approvers: [ADA, BEN, CLEO],
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
    [
      'a second vote under the name of a role session',
      [vote(ADA, 'approve', 9), vote(`arn:aws:sts::1:assumed-role/Ops/${ADA}`, 'approve', 10, 'api')],
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

  it('counts callers whom IAM admits', () => {
    expect(state([vote('arn:aws:iam::1:user/ops', 'approve', 9, 'api')], 11, { quorum: 1 })).toBe('approved');
  });

  it('counts no approval of a barred person, but their rejection', () => {
    const barred = { quorum: 1, barred: [`arn:aws:sts::1:assumed-role/Ops/${ADA}`] };

    expect(state([vote(ADA, 'approve', 9)], 11, barred)).toBe('open');
    expect(state([vote(ADA, 'reject', 9)], 11, barred)).toBe('rejected');
  });
});

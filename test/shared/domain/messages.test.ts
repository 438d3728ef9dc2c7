import { describe, expect, it } from '@jest/globals';
import { messageFor } from '../../../shared/domain/telling/messages.ts';
import { describeMove, describeSeconds, wrap } from '../../../shared/domain/telling/wording.ts';

const arn = (version: string) =>
  `arn:aws:imagebuilder:eu-west-1:111122223333:component/a-component-with-a-rather-long-name/${version}`;
const detail = {
  version: 1,
  bake: '01JTESTBAKE0000000000000AA',
  attempt: 2,
  pipeline: 'a-pipeline-with-a-name-of-forty-letters-x',
  team: 'security',
  channel: 'stable',
  reason: `Component ${arn('1.x.x')} moved, and so did a number of other things that take a while to tell.`,
  changes: [{ id: '1', selector: `component:${arn('1.x.x')}`, from: arn('1.0.0/1'), to: arn('1.1.0/1') }],
  causes: [],
  approval: 'a'.repeat(32),
  approvers: ['ada@example.com'],
  expiresAt: '2026-11-24T08:00:00.000Z',
  step: 'Test',
  name: 'TestsFailed',
  log: 'https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/a/b/c/d/e/f',
  targets: [
    { account: '444455556666', region: 'eu-west-1', imageId: 'ami-0bbbbbbbbbbbbbbbb', parameter: '/p' },
  ],
};
const event = (detailType: string, more = {}) => ({
  id: '1',
  detailType,
  detail: { ...detail, ...more },
  at: '2026-11-21T08:00:00.000Z',
});

const KINDS = [
  ['Ovenbird Bake Started', 'bake-started', 'STARTED'],
  ['Ovenbird Approval Requested', 'approval-requested', 'PENDING_APPROVAL'],
  ['Ovenbird Image Released', 'released', 'AVAILABLE'],
  ['Ovenbird Bake Failed', 'failed', 'FAILED'],
  ['Ovenbird Bake Cancelled', 'cancelled', 'CANCELLED'],
  ['Ovenbird Bake Superseded', 'superseded', 'SUPERSEDED'],
] as const;

describe('messageFor', () => {
  it.each(KINDS)('says %s in a subject and lines that mail can carry', (detailType, kind, state) => {
    const message = messageFor(event(detailType));

    expect(message?.attributes).toEqual({ kind, state, pipeline: detail.pipeline, team: 'security' });
    expect(message?.json).toMatchObject({ kind, state, bake: detail.bake });
    expect(message?.subject).toMatch(/^[^\r\n]{5,99}$/);
    expect(message?.text).toContain(detail.bake);
    for (const line of (message?.text ?? '').split('\n'))
      if (/^\s*\S+\s+\S/.test(line)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('names step, error, reason and log of a failure', () => {
    const { text = '' } = messageFor(event('Ovenbird Bake Failed', { reason: 'suite boots failed' })) ?? {};

    for (const part of ['Test', 'TestsFailed', 'suite boots failed', detail.log])
      expect(text).toContain(part);
  });

  it('calls a rejected bake rejected', () => {
    const message = messageFor(event('Ovenbird Bake Failed', { state: 'rejected', step: 'Approve' }));

    expect(message?.attributes).toMatchObject({ kind: 'failed', state: 'REJECTED' });
    expect(message?.subject).toContain('REJECTED at Approve');
  });

  it('has nothing to say to people about events for machines', () => {
    expect(messageFor(event('Ovenbird Change Noticed'))).toBeUndefined();
  });
});

describe('wording', () => {
  it('shortens selectors and versions to what tells them apart', () => {
    expect(
      describeMove({ selector: `component:${arn('1.x.x')}`, from: arn('1.0.0/1'), to: arn('1.1.0/2') }),
    ).toBe('component a-component-with-a-rather-long-name/1.x.x: 1.0.0/1 -> 1.1.0/2');
    expect(describeMove({ selector: 'ssm:eu-west-1:/aws/service/ami', to: 'ami-0a' })).toBe(
      'parameter /aws/service/ami: ami-0a',
    );
  });

  it('says lengths of time in two units', () => {
    expect([0, 59, 200, 7500, 100_000].map(describeSeconds)).toEqual([
      '0 s',
      '59 s',
      '3 min 20 s',
      '2 h 5 min',
      '1 d 3 h',
    ]);
  });

  it('gives a word that is too long a line of its own', () => {
    expect(wrap(`see ${'x'.repeat(90)} there`, 80)).toEqual(['see', 'x'.repeat(90), 'there']);
  });
});

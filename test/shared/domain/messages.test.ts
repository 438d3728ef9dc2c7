import { describe, expect, it } from '@jest/globals';
import { describeSeconds, wrap } from '../../../shared/domain/base/text.ts';
import { composeNotification, listChangesToDescribe } from '../../../shared/domain/notifications/messages.ts';
import { describeChange } from '../../../shared/domain/selectors/describe.ts';
import { approvalRequestedEvent } from '../../../shared/events/approval-requested.ts';
import {
  bakeCancelledEvent,
  bakeFailedEvent,
  bakeSupersededEvent,
} from '../../../shared/events/bake-ended.ts';
import { bakeStartedEvent } from '../../../shared/events/bake-started.ts';
import { imageReleasedEvent } from '../../../shared/events/image-released.ts';
import { waveWaitingEvent } from '../../../shared/events/wave-waiting.ts';

const NAME = 'a-component-with-a-rather-long-name';
const arn = (version: string) => `arn:aws:imagebuilder:eu-west-1:111122223333:component/${NAME}/${version}`;
/** The rows of as many changes of one component. */
const buildChanges = (number: number) =>
  Array.from({ length: number }, (_, index) => ({
    id: `change-${index}`,
    selector: `component:${arn('1.x.x')}`,
    from: arn(`1.${index}.0/1`),
    to: arn(`1.${index + 1}.0/1`),
  }));
const [CHANGE] = buildChanges(1) as [ReturnType<typeof buildChanges>[number]];

const bake = {
  bake: '01JTESTBAKE0000000000000AA',
  attempt: 2,
  pipeline: 'a-pipeline-with-a-name-of-forty-letters-x',
  team: 'security',
};
const told = {
  ...bake,
  reason: `Component ${arn('1.x.x')} moved, and so did a number of other things that take a while to tell.`,
  changes: [CHANGE.id],
  causes: [CHANGE.id],
};
const ended = {
  ...told,
  step: 'Test',
  name: 'TestsFailed',
  reason: 'suite boots failed',
};
const EXECUTION = `arn:aws:states:eu-west-1:111122223333:execution:ovenbird-dev-bake:${bake.bake}_002_bake`;
const LOG = '/aws/imagebuilder/ovenbird-web-x86-64:1.0.0/3';
const CONSOLE = 'https://eu-west-1.console.aws.amazon.com';
const started = (changes: readonly string[] = told.changes) =>
  bakeStartedEvent({ ...told, changes: [...changes] });
const asked = approvalRequestedEvent({
  ...bake,
  reason: told.reason,
  approval: 'a'.repeat(32),
  approvers: ['ada@example.com'],
  expiresAt: '2026-11-24T08:00:00.000Z',
  changes: [CHANGE],
});
const released = imageReleasedEvent({
  ...told,
  channel: 'stable',
  release: '01JTESTRELEASE00000000000A',
  images: { 'x86-64': 'ami-0aaaaaaaaaaaaaaaa' },
  targets: [
    {
      account: '444455556666',
      region: 'eu-west-1',
      variant: 'x86-64',
      imageId: 'ami-0bbbbbbbbbbbbbbbb',
      parameter: '/p',
    },
  ],
});
const failed = (more: Partial<Parameters<typeof bakeFailedEvent>[0]> = {}) =>
  bakeFailedEvent({ ...ended, state: 'failed', ...more });

const buildMessage = (
  event: { detailType: string; detail: Readonly<Record<string, unknown>> },
  changes: Parameters<typeof composeNotification>[1] = [CHANGE],
) => composeNotification({ id: '1', at: '2026-11-21T08:00:00.000Z', ...event }, changes);
const buildText = (...given: Parameters<typeof buildMessage>) => buildMessage(...given)?.text ?? '';

const KINDS = [
  [started(), 'bake-started', 'STARTED'],
  [asked, 'approval-requested', 'PENDING_APPROVAL'],
  [released, 'released', 'AVAILABLE'],
  [failed(), 'failed', 'FAILED'],
  [bakeCancelledEvent({ ...ended, state: 'cancelled' }), 'cancelled', 'CANCELLED'],
  [bakeSupersededEvent({ ...ended, state: 'superseded' }), 'superseded', 'SUPERSEDED'],
] as const;
const kindCases = KINDS.map(([event, kind, state]) => ({ event, kind, state }));

describe('messageFor', () => {
  it.each(kindCases)('says $kind in a subject and lines that mail can carry', ({ event, kind, state }) => {
    const message = buildMessage(event);

    expect(message?.attributes).toEqual({ kind, state, pipeline: bake.pipeline, team: 'security' });
    expect(message?.json).toMatchObject({ kind, state, bake: bake.bake, changes: event.detail.changes });
    expect(message?.subject).toMatch(/^[^\r\n]{5,99}$/);
    expect(message?.text).toContain(bake.bake);
    for (const line of (message?.text ?? '').split('\n'))
      if (/^\s*\S+\s+\S/.test(line)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each(kindCases)('says in the mail of $kind what changed, from what to what', ({ event }) => {
    expect(listChangesToDescribe(event)).toEqual([CHANGE.id]);
    expect(buildText(event)).toContain(`What changed\n  component ${NAME}/1.x.x: 1.0.0/1 -> 1.1.0/1\n`);
  });

  it('says in the subject of a started bake what moved last', () => {
    const short = { id: '2', selector: 'ssm:eu-west-1:/base', from: 'ami-0a', to: 'ami-0b' };

    expect(buildMessage(bakeStartedEvent({ ...told, pipeline: 'web' }), [CHANGE, short])?.subject).toBe(
      'web: bake started, parameter /base: ami-0a -> ami-0b',
    );
  });

  it('says of a finding which package it is fixed in', () => {
    const finding = {
      id: '3',
      selector: 'finding:deb/openssl',
      from: '3.0.1',
      to: '3.0.2',
      finding: { package: 'openssl', vulnerability: 'CVE-2026-1' },
    };

    expect(buildText(released, [finding])).toContain(
      '  CVE-2026-1 in openssl: fixed in 3.0.2, found 3.0.1\n',
    );
  });

  it('names the newest of many changes and counts the others', () => {
    const many = buildChanges(200);
    const event = started(many.map(({ id }) => id));
    const named = listChangesToDescribe(event);
    const text = buildText(
      event,
      many.filter(({ id }) => named.includes(id)),
    );

    expect(named).toEqual(many.slice(-10).map(({ id }) => id));
    expect(text).toContain('-> 1.200.0/1\n');
    expect(text).not.toContain('1.189.0/1 ->');
    expect(text).toContain('  and 190 more\n');
  });

  it('is silent about changes that nothing is known of', () => {
    expect(buildText(started(), [])).not.toContain('What changed');
  });

  it('says why an image was released', () => {
    expect(buildText(imageReleasedEvent({ ...released.detail, reason: 'ada asked for it.' }))).toContain(
      '\nWhy\n  ada asked for it.\n',
    );
  });

  it('names step, error and reason of a failure', () => {
    for (const part of ['Test', 'TestsFailed', 'suite boots failed'])
      expect(buildText(failed())).toContain(part);
  });

  it('links to the log of a failed build', () => {
    const text = buildText(failed({ step: 'Build', log: LOG, execution: EXECUTION }));

    expect(text).toContain(`\nLog\n  ${CONSOLE}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/`);
    expect(text).not.toContain('states/home');
  });

  it('links to the execution of a failure that has no log', () => {
    expect(buildText(failed({ execution: EXECUTION }))).toContain(
      `\nExecution\n  ${CONSOLE}/states/home?region=eu-west-1#/v2/executions/details/${EXECUTION}\n`,
    );
  });

  it('names the log where there is no link to it, and says nothing of an execution', () => {
    expect(buildText(failed({ log: LOG }))).toContain(`\nLog\n  ${LOG}\n`);
    expect(buildText(failed())).not.toMatch(/Log|Execution|https/);
  });

  it('calls a rejected bake rejected', () => {
    const message = buildMessage(failed({ state: 'rejected', step: 'Approve' }));

    expect(message?.attributes).toMatchObject({ kind: 'failed', state: 'REJECTED' });
    expect(message?.subject).toContain('REJECTED at Approve');
  });

  it('asks about a wave in words that need no other row', () => {
    const { id: change, ...move } = CHANGE;
    const wave = waveWaitingEvent({ change, ...move, images: 12, isMore: false });

    expect(listChangesToDescribe(wave)).toEqual([]);
    expect(buildMessage(wave, [])?.subject).toContain('Confirm 12 images?');
  });

  it('has nothing to say to people about events for machines', () => {
    const event = { ...started(), detailType: 'Ovenbird Change Detected' };

    expect(listChangesToDescribe(event)).toEqual([]);
    expect(buildMessage(event)).toBeUndefined();
  });
});

describe('wording', () => {
  it('shortens selectors and versions to what tells them apart', () => {
    expect(
      describeChange({ selector: `component:${arn('1.x.x')}`, from: arn('1.0.0/1'), to: arn('1.1.0/2') }),
    ).toBe('component a-component-with-a-rather-long-name/1.x.x: 1.0.0/1 -> 1.1.0/2');
    expect(describeChange({ selector: 'ssm:eu-west-1:/aws/service/ami', to: 'ami-0a' })).toBe(
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

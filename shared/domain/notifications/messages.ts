import * as z from 'zod';
import type { Evidence } from '../approval/evidence.ts';
import { lazyObject } from '../base/schemas.ts';
import { count, describeTime, joinWords, truncate, wrap } from '../base/text.ts';
import type { ApprovalRecord } from '../records/approvals.ts';
import type { OutboxRecord } from '../records/outbox.ts';
import { describeChange } from '../selectors/describe.ts';
import { executionLink, logLink } from './console-links.ts';

/**
 * What people are told by mail, and machines by the same message as JSON. SNS sends plain text by mail: a subject of fewer than 100
 * characters without line breaks (sns PublishInput.Subject), lines of at most 80 columns; a link has a line of its own, whatever its length.
 */
export interface Notification {
  readonly subject: string;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, string>>;
}

const SUBJECT_LENGTH = 99;
const CHANGES_SHOWN = 10;

/** Events name changes by their ids, alone or with what moved. */
const NamedChange = z.lazy(() =>
  z.union([z.string(), z.object({ id: z.string() }).transform((change) => change.id)]),
);
/** The parts of our events that are said to people. An event says more; what it lacks is left out of the text. */
const NotifiedEventSchema = lazyObject(() => ({
  pipeline: z.string(),
  bake: z.string(),
  attempt: z.number().optional(),
  team: z.string(),
  channel: z.string().optional(),
  reason: z.string().optional(),
  /** Newest last. */
  changes: z.array(NamedChange).default([]),
  step: z.string().optional(),
  /** Error name. */
  name: z.string().optional(),
  log: z.string().optional(),
  execution: z.string().optional(),
  requestedBy: z.string().optional(),
  approval: z.string().optional(),
  approvers: z.array(z.string()).default([]),
  expiresAt: z.string().optional(),
  state: z.string().optional(),
  newerBake: z.string().optional(),
  startsAt: z.string().optional(),
  targets: z
    .array(
      z.object({
        account: z.string(),
        region: z.string(),
        imageId: z.string(),
        parameter: z.string().optional(),
      }),
    )
    .default([]),
}));
type DescribedChange = Parameters<typeof describeChange>[0];
type NotifiedEvent = z.output<typeof NotifiedEventSchema> & {
  /** The newest of its changes. */
  readonly describedChanges: readonly DescribedChange[];
};

/** How the sentence begins that tells of an approval, by where the bake began. */
const APPROVAL_SUBJECTS: Readonly<Record<string, string>> = {
  Test: 'A retained image of',
  Approve: 'For new targets: a released image of',
};

interface Wording {
  readonly kind: string;
  readonly state: string;
  readonly subject: (told: NotifiedEvent) => string;
  readonly lines: (told: NotifiedEvent) => readonly string[];
}

/** One entry for each event that people care for; `state` is the word that subscribers filter on. */
const WORDINGS: Readonly<Record<string, Wording>> = {
  'Ovenbird Bake Started': {
    kind: 'bake-started',
    state: 'STARTED',
    subject: ({ pipeline, describedChanges: moves }) => `${pipeline}: bake started${headline(moves)}`,
    lines: (told) => [
      ...wrap(`A bake of ${told.pipeline} has started. ${told.reason ?? ''}`),
      ...(told.requestedBy === undefined ? [] : wrap(`Asked for by ${told.requestedBy}.`)),
      ...changeLines(told.describedChanges, told.changes.length),
    ],
  },
  'Ovenbird Approval Requested': {
    kind: 'approval-requested',
    state: 'PENDING_APPROVAL',
    subject: ({ pipeline }) => `${pipeline}: waiting for approval`,
    lines: (told) => [
      ...wrap(
        `${APPROVAL_SUBJECTS[told.startsAt ?? ''] ?? 'A new image of'} ${told.pipeline} is built and tested and waits for approval${told.expiresAt === undefined ? '' : ` until ${describeTime(told.expiresAt)}`}.`,
      ),
      ...wrap(`Asked: ${joinWords(told.approvers)}.`),
      ...changeLines(told.describedChanges, told.changes.length),
      '',
      'Each approver has got a link of their own. On the command line:',
      `  ovenbird approve ${told.approval ?? told.bake}`,
      `  ovenbird reject ${told.approval ?? told.bake} --comment "why"`,
    ],
  },
  'Ovenbird Image Released': {
    kind: 'released',
    state: 'AVAILABLE',
    subject: ({ pipeline, channel = 'stable' }) => `${pipeline}: new image AVAILABLE in ${channel}`,
    lines: (told) => [
      ...wrap(
        `${told.startsAt === undefined || told.startsAt === 'Build' ? 'A new image' : 'A retained image'} of ${told.pipeline} is AVAILABLE: it is approved, copied, verified and current in the channel ${told.channel ?? 'stable'}.`,
      ),
      ...changeLines(told.describedChanges, told.changes.length),
      ...(told.reason === undefined ? [] : whyLines(told.reason)),
      ...targetLines(told.targets),
    ],
  },
  'Ovenbird Bake Failed': {
    kind: 'failed',
    state: 'FAILED',
    subject: ({ pipeline, step, state = 'failed' }) =>
      `${pipeline}: bake ${state.toUpperCase()}${step === undefined ? '' : ` at ${step}`}`,
    lines: (told) => [
      ...wrap(`The bake of ${told.pipeline} ended as ${(told.state ?? 'failed').toUpperCase()}.`),
      ...failureLines(told),
      ...changeLines(told.describedChanges, told.changes.length),
      '',
      'What it made has been removed. To try the same once more:',
      `  ovenbird retry ${told.bake}`,
    ],
  },
  'Ovenbird Bake Cancelled': {
    kind: 'cancelled',
    state: 'CANCELLED',
    subject: ({ pipeline }) => `${pipeline}: bake cancelled`,
    lines: (told) => [
      ...wrap(`The bake of ${told.pipeline} was cancelled. ${told.reason ?? ''}`),
      'What it made has been removed.',
      ...changeLines(told.describedChanges, told.changes.length),
    ],
  },
  'Ovenbird Bake Superseded': {
    kind: 'superseded',
    state: 'SUPERSEDED',
    subject: ({ pipeline }) => `${pipeline}: bake superseded by a newer one`,
    lines: (told) => [
      ...wrap(
        `While ${told.pipeline} was baking, something it is made of moved again, so a newer bake takes its place. ${told.reason ?? ''}`,
      ),
      ...(told.newerBake === undefined ? [] : [`Newer bake  ${told.newerBake}`]),
      ...changeLines(told.describedChanges, told.changes.length),
    ],
  },
};

const NotifiedWaveSchema = lazyObject(() => ({
  change: z.string(),
  selector: z.string(),
  from: z.string().optional(),
  to: z.string(),
  images: z.number(),
  isMore: z.boolean(),
}));

/** Of no pipeline alone: a change would bake more images than may start by themselves. */
function composeWaveNotification(event: NotifiableEvent): Notification {
  const told = NotifiedWaveSchema.parse(event.detail);
  const images = `${told.isMore ? 'more than ' : ''}${count(told.images, 'image')}`;
  const text = [
    ...wrap(`A change would bake ${images}. None of them starts before somebody confirms it.`),
    '',
    'What changed',
    ...wrap(describeChange(told), 80, '  '),
    '',
    'To list waves that wait, and to let this one start:',
    '  ovenbird waves',
    `  ovenbird confirm ${told.change}`,
    '',
    `Change      ${told.change}`,
    `Time        ${describeTime(event.at)}`,
  ];
  const kind = 'wave-waiting';
  const state = 'PENDING_CONFIRMATION';
  return {
    subject: truncate(toOneLine(`Confirm ${images}? ${describeChange(told)}`), SUBJECT_LENGTH),
    text: text.join('\n'),
    json: { id: event.id, kind, state, at: event.at, ...told },
    attributes: { kind, state },
  };
}

type NotifiableEvent = Omit<OutboxRecord, 'published'>;

/** The ids of the changes that the message for an event says in words: the newest of those that it names, newest last. */
export function listChangesToDescribe(event: Pick<NotifiableEvent, 'detailType' | 'detail'>): string[] {
  if (WORDINGS[event.detailType] === undefined) return [];
  return NotifiedEventSchema.parse(event.detail).changes.slice(-CHANGES_SHOWN);
}

/** The message for an event of ours and the changes that `changesToTell` names, or undefined for those that only machines care for. */
export function composeNotification(
  event: NotifiableEvent,
  changes: readonly DescribedChange[],
): Notification | undefined {
  if (event.detailType === 'Ovenbird Wave Waiting') return composeWaveNotification(event);
  const wording = WORDINGS[event.detailType];
  if (wording === undefined) return undefined;
  const told: NotifiedEvent = { ...NotifiedEventSchema.parse(event.detail), describedChanges: changes };
  // A bake that was rejected or expired is told by the same event as a failed one, under its own word.
  const state = wording.kind === 'failed' ? (told.state ?? 'failed').toUpperCase() : wording.state;
  const text = [
    ...wording.lines(told),
    '',
    `Bake        ${told.bake}${told.attempt === undefined || told.attempt === 1 ? '' : ` (attempt ${told.attempt})`}`,
    `Time        ${describeTime(event.at)}`,
    `Details     ovenbird status --bake ${told.bake}`,
  ];
  return {
    subject: truncate(toOneLine(wording.subject(told)), SUBJECT_LENGTH),
    text: text.join('\n'),
    json: { ...event.detail, id: event.id, kind: wording.kind, state, at: event.at },
    attributes: { kind: wording.kind, state, pipeline: told.pipeline, team: told.team },
  };
}

/** What one approver is sent. Everything that matters is in the mail; the page shows all of it. */
export function composeApprovalNotification(
  evidence: Evidence,
  request: { record: ApprovalRecord; link: string },
): Notification {
  const { record, link } = request;
  const accounts = new Set(evidence.targets.map((target) => target.account)).size;
  const regions = new Set(evidence.targets.flatMap((target) => target.regions)).size;
  const text = [
    ...wrap(`${describeApprovalQuestion(evidence)} The request ends ${describeTime(record.expiresAt)}.`),
    ...changeLines(evidence.changes.slice(-CHANGES_SHOWN), evidence.changes.length),
    ...whyLines(evidence.reason),
    '',
    `Tests       ${summarizeTests(evidence)}`,
    `Gates       ${summarizeGates(evidence)}`,
    `Packages    ${summarizePackages(evidence)}`,
    `Goes to     ${count(accounts, 'account')}, ${count(regions, 'region')}`,
    ...(evidence.warnings ?? []).flatMap((warning) => wrap(`WARNING: it ${warning}`, 80)),
    ...(evidence.retained === undefined ? [] : [`Built by    ${evidence.retained.bake}, retained since`]),
    '',
    'See everything and decide:',
    link,
    '',
    ...wrap(
      'Opening the link changes nothing; the page asks for your decision. The link is yours alone: do not forward this mail.',
    ),
    '',
    `Bake        ${record.bake}`,
    `On the command line: ovenbird approve ${record.bake}`,
  ];
  const first = evidence.changes[0];
  return {
    subject: truncate(
      toOneLine(`Approve ${evidence.pipeline}?${first === undefined ? '' : ` ${describeChange(first)}`}`),
      SUBJECT_LENGTH,
    ),
    text: text.join('\n'),
    json: { kind: 'approval', approval: record.id, bake: record.bake, pipeline: record.pipeline, link },
    attributes: {
      kind: 'approval',
      state: 'PENDING_APPROVAL',
      pipeline: evidence.pipeline,
      team: evidence.team,
    },
  };
}

/** What people decide about, in a sentence or two. */
export function describeApprovalQuestion({
  pipeline,
  retained,
}: Pick<Evidence, 'pipeline' | 'retained'>): string {
  switch (retained?.startsAt) {
    case 'Approve':
      return `An image of ${pipeline} that is released already is to go to new targets, as it is. It goes there when you approve it; where it is, it stays.`;
    case 'Test':
      return `A retained image of ${pipeline} was tested again, in a new way. It is released when you approve it.`;
    default:
      return `A new image of ${pipeline} is built and tested. It is released when you approve it.`;
  }
}

function summarizeTests(evidence: Pick<Evidence, 'tests'>): string {
  const results = evidence.tests.flatMap((test) => test.results);
  const passed = results.filter((result) => result.status === 'passed').length;
  const types = [...new Set(evidence.tests.map((test) => test.instanceType))];
  if (results.length === 0) return 'none ran';
  const place = types.length === 0 ? '' : ` on ${joinWords(types)}`;
  return passed === results.length
    ? `${count(passed, 'suite run')} passed${place}`
    : `${passed} of ${count(results.length, 'suite run')} passed${place}`;
}

function summarizeGates(evidence: Pick<Evidence, 'gates'>): string {
  const verdicts = evidence.gates.map(({ name, outcome }) => `${name} ${outcome}`);
  return verdicts.length === 0 ? 'none was asked' : joinWords(verdicts);
}

function summarizePackages(evidence: Pick<Evidence, 'packages'>): string {
  const total = evidence.packages.reduce((sum, entry) => sum + entry.total, 0);
  const unknown = evidence.packages.filter((entry) => entry.unknown !== undefined);
  if (unknown.length > 0)
    return unknown.map((entry) => `not known in ${entry.variant}: ${entry.unknown}`).join('; ');
  if (evidence.packages.every((entry) => entry.against === undefined))
    return `${total}; nothing was released before to compare with`;
  const sum = (part: 'added' | 'changed' | 'removed') =>
    evidence.packages.reduce((number, entry) => number + entry.diff[part].length, 0);
  return `${total}: ${sum('added')} added, ${sum('changed')} changed, ${sum('removed')} removed`;
}

function headline(moves: readonly DescribedChange[]): string {
  const newest = moves.at(-1);
  return newest === undefined ? '' : `, ${describeChange(newest)}`;
}

function changeLines(moves: readonly DescribedChange[], total: number): string[] {
  if (moves.length === 0) return [];
  const more = total - moves.length;
  return [
    '',
    'What changed',
    ...moves.flatMap((move) => wrap(describeChange(move), 80, '  ')),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function whyLines(reason: string): string[] {
  return ['', 'Why', ...wrap(reason, 80, '  ')];
}

function failureLines(told: NotifiedEvent): string[] {
  const { step, name, reason } = told;
  return [
    '',
    ...(step === undefined ? [] : [`Step        ${step}`]),
    ...(name === undefined ? [] : [`Error       ${name}`]),
    ...(reason === undefined ? [] : ['Reason', ...wrap(reason, 80, '  ')]),
    ...logLines(told),
  ];
}

/** The log of the step, or else the execution, which shows what each step was given and answered. */
function logLines({ log, execution = '' }: NotifiedEvent): string[] {
  if (log !== undefined) return ['Log', `  ${logLink(log, execution) ?? log}`];
  const link = executionLink(execution);
  return link === undefined ? [] : ['Execution', `  ${link}`];
}

function targetLines(targets: NotifiedEvent['targets']): string[] {
  if (targets.length === 0) return [];
  const parameters = [
    ...new Set(targets.flatMap(({ parameter }) => (parameter === undefined ? [] : [parameter]))),
  ];
  return [
    '',
    'Where',
    ...targets.map(({ account, region, imageId }) => `  ${account}  ${region.padEnd(15)} ${imageId}`),
    ...parameters.map((parameter) => `SSM parameter ${parameter}`),
  ];
}

function toOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

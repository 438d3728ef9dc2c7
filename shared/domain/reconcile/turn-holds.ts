/** Hold reasons whose condition is outside their entry (decide.ts, ancestors.ts): nothing to do, or to wait for: versions, ancestors, bakes, slots. */
import { count } from '../base/text.ts';
import { describeSelector } from '../selectors/describe.ts';
import type { HoldReasonKinds } from './hold-reason-kind.ts';
import { addSeconds } from './hold-times.ts';
import {
  atTime,
  listUpToDateRemedies,
  onAncestorRest,
  onBakeEnd,
  onFreeSlot,
  onResolved,
} from './remedies.ts';

/** What an event ends is checked after this without one, should the event be lost. */
const CHECK_AGAIN_SECONDS = 900;
/** A bake that runs may be ending, so it is checked sooner. */
const CHECK_RUNNING_SECONDS = 60;

const after = (now: Date, seconds: number) => addSeconds(now.toISOString(), seconds);
const event = {
  endedBy: 'event',
  settles: false,
  skipsSchedule: false,
  checkAgainAt: (_: unknown, now: Date) => after(now, CHECK_AGAIN_SECONDS),
} as const;

export const TURN_HOLDS = {
  'up-to-date': {
    ...event,
    message: ({ release, channel }) => `Release ${release} in ${channel} has exactly what is wanted.`,
    remedies: (_, pipeline, outlook) => listUpToDateRemedies(pipeline, outlook),
    checkAgainAt: () => undefined,
  },
  unresolved: {
    ...event,
    settles: true,
    message: ({ selector, detail }) => `${describeSelector(selector)}: ${detail}`,
    remedies: ({ selector }) => [onResolved(selector)],
  },
  'ancestor-in-progress': {
    ...event,
    waitsForAncestor: true,
    message: ({ pipeline, bake }) =>
      bake === undefined ? `${pipeline} is about to bake.` : `${pipeline} is baking (${bake}).`,
    remedies: ({ pipeline, until }) => [onAncestorRest(pipeline), ...atTime(until)],
    checkAgainAt: ({ until }, now) => {
      const soon = after(now, CHECK_AGAIN_SECONDS);
      return until !== undefined && until < soon ? until : soon;
    },
  },
  'bake-running': {
    ...event,
    message: ({ bake, phase, detail }) => {
      switch (phase) {
        case 'in-progress':
          return `Bake ${bake} already builds what is wanted.`;
        case 'ending':
          return `Bake ${bake} is being ended.`;
        case 'targets-unknown':
          return `Bake ${bake} builds what is wanted. If its definition has gained targets since, they follow it.`;
        case 'earlier-tick':
          return `Bake ${bake} was begun at an earlier time of the schedule, of the same versions; the next follows it.`;
        case 'superseded':
          return `Newer versions came before bake ${bake} was approved: ${detail ?? ''}`;
      }
    },
    remedies: ({ bake }) => [onBakeEnd(bake)],
    checkAgainAt: (_, now) => after(now, CHECK_RUNNING_SECONDS),
  },
  'after-approval': {
    ...event,
    message: ({ bake }) => `Bake ${bake} is approved and is released first; the newer versions follow it.`,
    remedies: ({ bake }) => [onBakeEnd(bake)],
  },
  'superseded-twice': {
    ...event,
    message: ({ bake }) =>
      `Two bakes in a row gave way to newer versions, so bake ${bake} is finished first.`,
    remedies: ({ bake }) => [onBakeEnd(bake)],
  },
  concurrency: {
    ...event,
    listedIn: 'slot-queue',
    message: ({ capacity, used, pipeline }) => {
      if (pipeline !== undefined) return `${pipeline} goes first: more images wait for it.`;
      const scope = capacity === 'account' ? '' : ` of ${capacity.replace(':', ' ')}`;
      return `${count(used ?? 0, 'bake')}${scope} run at once, which is the limit.`;
    },
    remedies: ({ capacity, pipeline }) => [onFreeSlot(capacity, pipeline)],
  },
} satisfies Partial<HoldReasonKinds>;

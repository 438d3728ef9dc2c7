/** Hold reasons whose condition lies in the pipeline's own rows: first those that a person ends, then those that time ends. */
import { count, describeTime } from '../base/text.ts';
import { describeSelector } from '../selectors/describe.ts';
import { isRefused } from './desired.ts';
import type { HoldReasonKinds } from './hold-reason-kind.ts';
import { backOffEnd, countTries, debounceEnd } from './hold-times.ts';
import {
  atTime,
  onConfirm,
  onDefinitionChange,
  onEnable,
  onForce,
  onNewerVersion,
  onRequest,
} from './remedies.ts';

const settled = {
  endedBy: 'person',
  settles: true,
  skipsSchedule: true,
  checkAgainAt: () => undefined,
} as const;
const timed = { endedBy: 'time', settles: false, skipsSchedule: false } as const;

export const OWN_HOLDS = {
  disabled: {
    ...settled,
    find: ({ observed }) => (observed.pipeline.enabled ? [] : [{}]),
    message: (_, pipeline) => `${pipeline} is disabled. Enable it with: ovenbird enable ${pipeline}`,
    remedies: (_, pipeline) => [onEnable(pipeline, 'once it is enabled'), onRequest(pipeline)],
  },
  'too-many-failures': {
    ...settled,
    find: ({ observed: { pipeline, status } }) =>
      pipeline.enabled && status.consecutiveFailures >= pipeline.spec.maxFailures
        ? [{ failures: status.consecutiveFailures }]
        : [],
    message: ({ failures }, pipeline) =>
      `${count(failures, 'bake')} failed in a row; automatic bakes are stopped. Fix the cause, then run: ovenbird enable ${pipeline}`,
    remedies: (_, pipeline) => [onEnable(pipeline, 'once its failures are forgotten'), onRequest(pipeline)],
  },
  pinned: {
    ...settled,
    find: ({ observed }) => (observed.pipeline.spec.pinned ? [{}] : []),
    message: (_, pipeline) =>
      `${pipeline} is pinned to its current release. Remove lifecycle.pinned from its definition, or run: ovenbird bake ${pipeline}`,
    remedies: (_, pipeline) => [onDefinitionChange('lifecycle.pinned'), onRequest(pipeline)],
  },
  manual: {
    ...settled,
    find: ({ observed }) => (observed.pipeline.spec.mode === 'manual' ? [{}] : []),
    message: (_, pipeline) => `${pipeline} starts on request only. Start it with: ovenbird bake ${pipeline}`,
    remedies: (_, pipeline) => [onRequest(pipeline)],
  },
  refused: {
    ...settled,
    find: ({ observed, fingerprint }) => {
      if (fingerprint === undefined || !isRefused(observed, fingerprint)) return [];
      const isAlways = observed.pipeline.spec.schedule?.startCondition === 'always';
      const { refusedBy = 'failures', reason: detail } = fingerprint;
      return [{ refusedBy, detail, until: isAlways ? observed.ticks?.next : undefined }];
    },
    message: ({ refusedBy, detail, until }, pipeline) => {
      const cause =
        refusedBy === 'failures' ? detail : [refusedBy, ...(detail === undefined ? [] : [detail])].join(': ');
      const tick = until === undefined ? '' : ', or the next time of its schedule,';
      return `These versions were refused${cause === undefined ? '' : ` (${cause})`}. A newer version${tick} starts a bake, or run: ovenbird bake ${pipeline}`;
    },
    remedies: ({ until }, pipeline) => [onNewerVersion(), ...atTime(until), onRequest(pipeline)],
  },
  'wave-unconfirmed': {
    ...settled,
    // A tick that comes while a wave waits stays open.
    skipsSchedule: false,
    listedIn: 'wave',
    find: ({ unconfirmed }) =>
      unconfirmed.map(({ id, selector, wave }) => ({
        change: id,
        selector,
        images: wave?.size ?? 0,
        isMore: wave?.isMore === true,
      })),
    message: ({ change, selector, images, isMore }) =>
      `${describeSelector(selector)} would bake ${isMore ? 'more than ' : ''}${count(images, 'image')}. Start them with: ovenbird confirm ${change}`,
    remedies: ({ change }, pipeline) => [onConfirm(change), onRequest(pipeline)],
  },
  freeze: {
    ...timed,
    holdsRequests: true,
    find: ({ frozen }) => (frozen === undefined ? [] : [{ until: frozen.until, detail: frozen.reason }]),
    message: ({ until, detail }) => `Frozen until ${describeTime(until)}: ${detail}.`,
    remedies: ({ until }, pipeline) => [...atTime(until), onForce(pipeline)],
    checkAgainAt: ({ until }) => until,
  },
  schedule: {
    ...timed,
    enqueuesDependents: true,
    // A tick that came while something else held the pipeline is still open.
    find: ({ observed: { pipeline, ticks } }) => {
      const { schedule, mode } = pipeline.spec;
      if (mode !== 'schedule' || schedule === undefined || ticks?.open !== undefined) return [];
      return [{ detail: `${schedule.expression} (${schedule.timeZone})`, until: ticks?.next }];
    },
    message: ({ detail, until }) =>
      until === undefined
        ? `The schedule ${detail} has no time to come.`
        : `It starts by its schedule, ${detail}.`,
    remedies: ({ until }, pipeline) => [
      ...(until === undefined ? [onDefinitionChange('triggers.schedule')] : atTime(until)),
      onRequest(pipeline),
    ],
    checkAgainAt: ({ until }) => until,
  },
  debounce: {
    ...timed,
    find: ({ observed, now }) => listFuture(debounceEnd(observed), now).map((until) => ({ until })),
    message: ({ until }) => `Waiting for further changes until ${describeTime(until)}.`,
    remedies: ({ until }, pipeline) => [...atTime(until), onRequest(pipeline)],
    checkAgainAt: ({ until }) => until,
  },
  'back-off': {
    ...timed,
    find: ({ fingerprint, now }) =>
      listFuture(backOffEnd(fingerprint), now).map((until) => ({
        until,
        failures: fingerprint === undefined ? 0 : countTries(fingerprint),
      })),
    message: ({ until, failures }) =>
      `These versions failed ${count(failures, 'time')}; the next attempt starts at ${describeTime(until)}.`,
    remedies: ({ until }, pipeline) => [...atTime(until), onRequest(pipeline)],
    checkAgainAt: ({ until }) => until,
  },
} satisfies Partial<HoldReasonKinds>;

function listFuture(at: string | undefined, now: Date): string[] {
  return at !== undefined && at > now.toISOString() ? [at] : [];
}

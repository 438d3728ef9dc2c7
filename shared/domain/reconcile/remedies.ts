/**
 * What would make a pipeline bake that does not: for each recorded reason the conditions that are missing, as data and as a sentence with the
 * command to type. Pure. Where there are several, each ends that reason, alone or with what it names beside itself.
 */
import * as z from 'zod';
import { assertNever } from '../base/errors.ts';
import { describeTime } from '../base/text.ts';
import type { HoldReason } from '../records/status.ts';
import { describeSelector } from '../selectors/describe.ts';

const CONDITIONS = [
  /** The time `until` has come. */
  'time',
  /** The pipeline named has come to rest. */
  'ancestor-settled',
  /** The bake named has ended. */
  'bake-ends',
  /** The selector named means something. */
  'resolves',
  /** Something that it is made of has a newer version. */
  'newer-version',
  /** A person asks for a bake. */
  'request',
  /** A person asks for a bake by force. */
  'force',
  'enabled',
  /** The field named is changed and the definition applied. */
  'definition',
  /** A person confirms the wave of the change named. */
  'confirmed',
  /** A place among concurrent bakes is free, and nobody goes first. */
  'place',
] as const;

export const RemedySchema = z.lazy(() =>
  z.object({
    condition: z.enum(CONDITIONS),
    /** What it takes beside this one: alone it starts nothing. */
    also: z.array(z.enum(CONDITIONS)).optional(),
    /** For people: `It bakes when …`. */
    sentence: z.string(),
    /** What to type. */
    command: z.string().optional(),
    until: z.iso.datetime().optional(),
    pipeline: z.string().optional(),
    bake: z.string().optional(),
    selector: z.string().optional(),
    change: z.string().optional(),
    capacity: z.string().optional(),
    field: z.string().optional(),
  }),
);
export type Remedy = z.infer<typeof RemedySchema>;

/** What is known of a pipeline beside the reason that was recorded. */
export interface Outlook {
  /** What keeps newer versions from starting anything; `schedule`: it has no time to come. */
  readonly restReasons?: readonly ('disabled' | 'too-many-failures' | 'pinned' | 'manual' | 'schedule')[];
  readonly schedule?: { readonly isAlways: boolean; readonly next?: string | undefined };
  /** Nothing is left to do after the bake that runs. */
  readonly isDone?: boolean;
}

const NEWER = 'something that it is made of is newer';
const AT_TICK = 'the next time of its schedule';

/** `pipeline` is the one that does not bake. */
export function listRemedies(reason: HoldReason, pipeline: string, outlook: Outlook = {}): Remedy[] {
  const { until, bake } = reason;
  if (outlook.isDone ?? reason.buildsDesired === true) return [];
  const asked: Remedy = {
    condition: 'request',
    sentence: 'when somebody asks for it',
    command: `ovenbird bake ${pipeline}`,
  };
  const newer: Remedy = { condition: 'newer-version', sentence: `when ${NEWER}` };
  switch (reason.code) {
    case 'up-to-date': {
      const { restReasons: rests = [], schedule } = outlook;
      if (rests.length === 0 && schedule === undefined) return [newer, onForce(pipeline)];
      const ends = rests.length === 0 ? atTick(outlook) : listRestRemedies(pipeline, outlook);
      const both: Remedy = { ...asked, sentence: `${asked.sentence} and ${NEWER}`, also: ['newer-version'] };
      return [...ends, both, onForce(pipeline)];
    }
    case 'debounce':
    case 'back-off':
      return [...atTime(until), asked];
    case 'schedule':
      return until === undefined
        ? [onDefinitionChange('triggers.schedule'), asked]
        : [...atTime(until), asked];
    case 'freeze':
      return [...atTime(until), onForce(pipeline)];
    case 'ancestor-in-progress':
      return [...onAncestorRest(reason), ...atTime(until)];
    case 'bake-running':
    case 'after-approval':
    case 'superseded-twice':
      return [onBakeEnd(bake)];
    case 'unresolved':
      return [onResolved(reason)];
    case 'manual':
      return [asked];
    case 'disabled':
    case 'too-many-failures':
    case 'pinned':
      return [onRestEnded(reason.code, pipeline), asked];
    case 'refused':
      return [newer, ...atTime(reason.until), asked];
    case 'wave-unconfirmed':
      return [onConfirm(reason), asked];
    case 'concurrency':
      return [onFreeSlot(reason)];
    default:
      return assertNever(reason.code);
  }
}

function atTime(until: string | undefined): Remedy[] {
  if (until === undefined) return [];
  return [{ condition: 'time', sentence: `at ${describeTime(until)}`, until }];
}

/** Of one that is current and has a schedule: a tick that finds nothing newer passes, unless it always bakes. */
function atTick({ schedule }: Outlook): Remedy[] {
  const [remedy] = atTime(schedule?.next);
  if (remedy === undefined) return [];
  const sentence = `${remedy.sentence}, ${AT_TICK}`;
  if (schedule?.isAlways === true) return [{ ...remedy, sentence }];
  return [{ ...remedy, sentence: `${sentence}, if ${NEWER} by then`, also: ['newer-version'] }];
}

/** Of one that is current and rests: what lets newer versions start it again. Where several things keep it, none of them alone does. */
function listRestRemedies(pipeline: string, { restReasons: rests = [], schedule }: Outlook): Remedy[] {
  const [rest, another] = rests;
  if (rest === undefined || rest === 'manual' || another !== undefined) return [];
  const remedy = onRestEnded(rest, pipeline);
  const isMoved = schedule?.isAlways !== true;
  const words = [
    remedy.sentence,
    ...(isMoved ? [`and ${NEWER}`] : []),
    ...(schedule ? [`at ${AT_TICK}`] : []),
  ];
  const also = [
    ...(isMoved ? ['newer-version' as const] : []),
    ...(schedule === undefined ? [] : ['time' as const]),
  ];
  return [{ ...remedy, sentence: words.join(', '), also }];
}

function onRestEnded(
  rest: 'disabled' | 'too-many-failures' | 'pinned' | 'schedule',
  pipeline: string,
): Remedy {
  switch (rest) {
    case 'disabled':
      return onEnable(pipeline, 'once it is enabled');
    case 'too-many-failures':
      return onEnable(pipeline, 'once its failures are forgotten');
    case 'pinned':
      return onDefinitionChange('lifecycle.pinned');
    case 'schedule':
      return onDefinitionChange('triggers.schedule');
    default:
      return assertNever(rest);
  }
}

function onForce(pipeline: string): Remedy {
  return {
    condition: 'force',
    sentence: 'when somebody asks for it by force',
    command: `ovenbird bake ${pipeline} --force`,
  };
}

function onEnable(pipeline: string, sentence: string): Remedy {
  return { condition: 'enabled', sentence, command: `ovenbird enable ${pipeline}` };
}

function onDefinitionChange(field: string): Remedy {
  return {
    condition: 'definition',
    sentence: `when ${field} of its definition is changed and applied`,
    field,
  };
}

function onAncestorRest({ pipeline }: HoldReason): Remedy[] {
  if (pipeline === undefined) return [];
  return [
    {
      condition: 'ancestor-settled',
      sentence: `when ${pipeline} has come to rest`,
      command: `ovenbird explain ${pipeline}`,
      pipeline,
    },
  ];
}

function onBakeEnd(bake: string | undefined): Remedy {
  if (bake === undefined) return { condition: 'bake-ends', sentence: 'when the bake that runs has ended' };
  return {
    condition: 'bake-ends',
    sentence: `when bake ${bake} has ended`,
    command: `ovenbird status --bake ${bake}`,
    bake,
  };
}

function onResolved({ selector }: HoldReason): Remedy {
  if (selector === undefined)
    return { condition: 'resolves', sentence: 'when everything that it names exists' };
  const [, parent] = /^pipeline:([^/]+)\//.exec(selector) ?? [];
  if (parent === undefined)
    return { condition: 'resolves', sentence: `when ${describeSelector(selector)} exists`, selector };
  return {
    condition: 'resolves',
    sentence: `when ${parent} has its first release`,
    command: `ovenbird explain ${parent}`,
    selector,
    pipeline: parent,
  };
}

function onConfirm({ change }: HoldReason): Remedy {
  const sentence = 'when somebody confirms the wave';
  if (change === undefined) return { condition: 'confirmed', sentence, command: 'ovenbird waves' };
  return { condition: 'confirmed', sentence, command: `ovenbird confirm ${change}`, change };
}

function onFreeSlot({ capacity, pipeline }: HoldReason): Remedy {
  const sentence =
    pipeline === undefined ? 'when one of the bakes that run has ended' : `after ${pipeline} has started`;
  return {
    condition: 'place',
    sentence,
    ...(capacity === undefined ? {} : { capacity }),
    ...(pipeline === undefined ? {} : { pipeline }),
  };
}

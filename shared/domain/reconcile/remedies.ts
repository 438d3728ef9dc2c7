/**
 * What ends a hold reason: conditions as data, with a sentence and the command to type. Pure. Where a reason has several remedies, each ends it,
 * alone or with what it names in `also`.
 */
import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import { describeTime } from '../base/text.ts';
import { describeSelector } from '../selectors/describe.ts';

const CONDITIONS = [
  /** The time `until` has come. */
  'time',
  /** The pipeline named bakes nothing and is not about to. */
  'ancestor-settled',
  /** The bake named has ended. */
  'bake-ends',
  /** The selector named resolves. */
  'resolves',
  /** Something that it is made of has a newer version. */
  'newer-version',
  /** A person requests a bake. */
  'request',
  /** A person forces a bake. */
  'force',
  'enabled',
  /** The field named is changed and the definition applied. */
  'definition',
  /** A person confirms the wave of the change named. */
  'confirmed',
  /** A slot for a concurrent bake is free, and no other pipeline goes first. */
  'slot',
] as const;

export const RemedySchema = lazyObject(() => ({
  condition: z.enum(CONDITIONS),
  /** Conditions that must hold beside this one, which alone starts nothing. */
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
}));
export type Remedy = z.infer<typeof RemedySchema>;

/** What is known of a pipeline beside the reason that was recorded. */
export interface Outlook {
  /** For each thing that keeps newer versions from starting a bake, its remedies. */
  readonly rests?: readonly (readonly Remedy[])[];
  readonly schedule?: { readonly isAlways: boolean; readonly next?: string | undefined };
  /** Nothing is left to do after the bake that runs. */
  readonly isDone?: boolean;
}

const NEWER = 'something that it is made of is newer';
const AT_TICK = 'the next time of its schedule';

/** Of an up-to-date pipeline: a newer version, as far as nothing keeps it from starting a bake, and a forced bake. */
export function listUpToDateRemedies(pipeline: string, outlook: Outlook): Remedy[] {
  const { rests = [], schedule } = outlook;
  if (rests.length === 0 && schedule === undefined) return [onNewerVersion(), onForce(pipeline)];
  const ends = rests.length === 0 ? onTick(outlook) : onRestEnded(rests, schedule);
  const asked = onRequest(pipeline);
  const both: Remedy = { ...asked, sentence: `${asked.sentence} and ${NEWER}`, also: ['newer-version'] };
  return [...ends, both, onForce(pipeline)];
}

/** A tick that finds nothing newer passes, unless the schedule always bakes. */
function onTick({ schedule }: Outlook): Remedy[] {
  const [remedy] = atTime(schedule?.next);
  if (remedy === undefined) return [];
  const sentence = `${remedy.sentence}, ${AT_TICK}`;
  if (schedule?.isAlways === true) return [{ ...remedy, sentence }];
  return [{ ...remedy, sentence: `${sentence}, if ${NEWER} by then`, also: ['newer-version'] }];
}

/** What lets newer versions start a bake again; nothing where several things keep them from it, since no remedy ends them all. */
function onRestEnded(rests: readonly (readonly Remedy[])[], schedule: Outlook['schedule']): Remedy[] {
  const [rest = [], another] = rests;
  const remedy = rest.find(({ condition }) => condition !== 'request');
  if (remedy === undefined || another !== undefined) return [];
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

/**
 * The remedies of several reasons that hold together, given those of each reason alone. What ends one reason starts nothing while another holds, and
 * says so: until when, where time ends all others.
 */
export function combineRemedies(reasons: readonly (readonly Remedy[])[]): Remedy[][] {
  return reasons.map((own, index) => {
    const others = reasons.filter((remedies, other) => other !== index && remedies.length > 0);
    return own.map((remedy) =>
      delayRemedy(
        remedy,
        others.filter((remedies) => !isEndedBy(remedies, remedy)),
      ),
    );
  });
}

function isEndedBy(remedies: readonly Remedy[], { condition, pipeline, bake, selector }: Remedy): boolean {
  return remedies.some((known) => {
    if (condition === 'force' && known.condition === 'request') return true;
    const isSame = known.pipeline === pipeline && known.bake === bake && known.selector === selector;
    return condition !== 'time' && known.condition === condition && isSame;
  });
}

function delayRemedy(remedy: Remedy, held: readonly (readonly Remedy[])[]): Remedy {
  if (held.length === 0) return remedy;
  const ends = held.map((remedies) => remedies.find(({ condition }) => condition === 'time')?.until);
  const isTime = remedy.condition === 'time';
  if (ends.includes(undefined))
    return {
      ...remedy,
      sentence: `${remedy.sentence}${isTime ? ' at the earliest' : ''}, once no other reason holds it`,
    };
  const [last = ''] = ends.toSorted().slice(-1);
  const isLater = last > (remedy.until ?? '');
  if (isTime) return isLater ? { ...remedy, sentence: `at ${describeTime(last)}`, until: last } : remedy;
  const also = [...(remedy.also ?? []), 'time' as const];
  return {
    ...remedy,
    sentence: `${remedy.sentence}, but not before ${describeTime(last)}`,
    also,
    until: last,
  };
}

export function atTime(until: string | undefined): Remedy[] {
  if (until === undefined) return [];
  return [{ condition: 'time', sentence: `at ${describeTime(until)}`, until }];
}

export function onNewerVersion(): Remedy {
  return { condition: 'newer-version', sentence: `when ${NEWER}` };
}

export function onRequest(pipeline: string): Remedy {
  return {
    condition: 'request',
    sentence: 'when a bake is requested',
    command: `ovenbird bake ${pipeline}`,
  };
}

export function onForce(pipeline: string): Remedy {
  return {
    condition: 'force',
    sentence: 'when a bake is forced',
    command: `ovenbird bake ${pipeline} --force`,
  };
}

export function onEnable(pipeline: string, sentence: string): Remedy {
  return { condition: 'enabled', sentence, command: `ovenbird enable ${pipeline}` };
}

export function onDefinitionChange(field: string): Remedy {
  return {
    condition: 'definition',
    sentence: `when ${field} of its definition is changed and applied`,
    field,
  };
}

export function onAncestorRest(ancestor: string): Remedy {
  return {
    condition: 'ancestor-settled',
    sentence: `when ${ancestor} has come to rest`,
    command: `ovenbird explain ${ancestor}`,
    pipeline: ancestor,
  };
}

export function onBakeEnd(bake: string): Remedy {
  return {
    condition: 'bake-ends',
    sentence: `when bake ${bake} has ended`,
    command: `ovenbird status --bake ${bake}`,
    bake,
  };
}

export function onResolved(selector: string): Remedy {
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

export function onConfirm(change: string): Remedy {
  return {
    condition: 'confirmed',
    sentence: 'when the wave is confirmed',
    command: `ovenbird confirm ${change}`,
    change,
  };
}

/** `ahead`: the pipeline that goes first, where a slot is free. */
export function onFreeSlot(capacity: string, ahead: string | undefined): Remedy {
  const sentence =
    ahead === undefined ? 'when one of the bakes that run has ended' : `after ${ahead} has started`;
  return { condition: 'slot', sentence, capacity, ...(ahead === undefined ? {} : { pipeline: ahead }) };
}

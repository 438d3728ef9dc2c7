/** What happens in a moving world, one thing after another. */

import type { DefinitionInput } from '../../../shared/domain/definitions/definition.ts';
import { applyDefinition } from '../../../shared/use-cases/definitions/apply-definition.ts';
import { disablePipeline } from '../../../shared/use-cases/definitions/disable-pipeline.ts';
import { enablePipeline } from '../../../shared/use-cases/definitions/enable-pipeline.ts';
import { cancelBake } from '../../../shared/use-cases/reconcile/cancel-bake.ts';
import { retryBake } from '../../../shared/use-cases/reconcile/retry-bake.ts';
import type { CrashPoint } from '../../support/crashing.ts';
import { type Entry, listParents, parsePipelineIndex, toDefinition, toPipelineName } from './estate.ts';
import { isFresh, readCurrentBake } from './freshness.ts';
import { crashAtCall, interleaveCalls, succeeds, wrapPorts } from './handlers.ts';
import { changeSource, type PreviousValues } from './outside.ts';
import type { Stage } from './stage.ts';
import { listAncestors } from './start-rules.ts';
import { drain, runConcurrently, sendEvent } from './work.ts';
import type { Action, Source } from './world.ts';

export async function performAction(stage: Stage, memory: PreviousValues, action: Action): Promise<void> {
  const { world, random, entries } = stage;
  const pick = (which: number) => entries[which % entries.length];
  const bakeOf = (which: number) => {
    const going = world.running().filter(({ id }) => world.hasStarted(id));
    return going[which % Math.max(1, going.length)];
  };
  switch (action.kind) {
    case 'move':
      sendEvent(stage, changeSource(world.sources, memory, action, random.below(100)));
      return;
    case 'work':
      await runConcurrently(stage, action.tasks, action.crash);
      return;
    case 'drain':
      await drain(stage);
      await world.endStopped();
      return;
    case 'rush':
      await publishFasterThanBakes(stage, memory, action.source);
      return;
    case 'release': {
      const bake = bakeOf(action.which);
      if (bake !== undefined) await succeeds(() => world.release(bake.id));
      return;
    }
    case 'walk': {
      const bake = bakeOf(action.which);
      if (bake !== undefined) await succeeds(() => world.advanceTo(bake.id, action.to));
      return;
    }
    case 'end': {
      const bake = bakeOf(action.which);
      if (bake !== undefined) await endBake(stage, bake.id, action.how);
      return;
    }
    case 'retry': {
      const ended = world.bakes().filter(({ endedAt }) => endedAt !== undefined);
      const bake = ended[action.which % Math.max(1, ended.length)];
      if (bake !== undefined)
        await succeeds(() => retryBake(world.ports, { bake: bake.id, by: 'anna', force: false }));
      return;
    }
    case 'request': {
      const entry = pick(action.which);
      if (entry !== undefined) await requestBakeAndCheck(stage, entry, action.force);
      return;
    }
    case 'edit': {
      const entry = pick(action.which);
      const other = pick(action.other);
      if (entry !== undefined && other !== undefined) await editDefinition(stage, entry, other, action.what);
      return;
    }
    case 'join': {
      const entry = pick(action.which);
      if (entry !== undefined) await releaseWhileJoined(stage, entry, action.crash);
      return;
    }
    case 'toggle': {
      const entry = pick(action.which);
      if (entry !== undefined) await toggleEnabled(stage, entry.name);
      return;
    }
    case 'wait':
      world.clock.forward(action.seconds);
      return;
    case 'throttle':
      stage.remainingThrottles += 2;
      return;
  }
}

const RUSH_ROUNDS = 4;
const LONGEST_DEBOUNCE_SECONDS = 600;

/** Newer versions come faster than anything can be baked. */
async function publishFasterThanBakes(stage: Stage, memory: PreviousValues, source: Source): Promise<void> {
  const { world, random } = stage;
  for (let time = 0; time < RUSH_ROUNDS; time += 1) {
    const move = { kind: 'move' as const, source, how: 'next' as const };
    sendEvent(stage, changeSource(world.sources, memory, move, random.below(100)));
    await drain(stage);
    world.clock.forward(LONGEST_DEBOUNCE_SECONDS + 1);
    await drain(stage);
    await world.endStopped();
    await drain(stage);
  }
}

/** Rule 2: a request for an up-to-date pipeline is told so, and nothing is baked. */
async function requestBakeAndCheck(stage: Stage, entry: Entry, force: boolean): Promise<void> {
  const { world } = stage;
  const { name, given } = entry;
  const current = readCurrentBake(world, name);
  const targets = world.channel(name)?.targets ?? [];
  const hasAll =
    isFresh(stage, entry) === true &&
    world.status(name)?.activeBake === undefined &&
    world.status(name)?.rebuildToken === current?.fingerprintInputs?.rebuildToken &&
    world.pipeline(name).spec.targets.every((target) => targets.includes(target));
  await succeeds(async () => {
    const { kind } = await world.request(name, force);
    if (hasAll && !force && given.mode !== 'always' && kind !== 'up-to-date')
      stage.broken.push(`2: ${name} has what is wanted, and a request was answered by ${kind}`);
  });
}

const ERROR_NAMES: Readonly<Record<string, string>> = {
  fail: 'BuildFailed',
  distribution: 'DistributionFailed',
  reject: 'ApprovalRejected',
  expire: 'ApprovalExpired',
};

async function endBake({ world }: Stage, bake: string, how: string): Promise<void> {
  if (how === 'cancel') {
    await succeeds(() => cancelBake(world.ports, { bake, by: 'anna' }));
    await world.endStopped();
    return;
  }
  const step = how === 'distribution' ? 'Distribute' : 'Approve';
  if (how !== 'fail' && !(await walkUnlessEnded(() => world.advanceTo(bake, step)))) return;
  await succeeds(() => world.fail(bake, ERROR_NAMES[how], `It did not go well: ${how}.`));
}

/** A bake that was asked to end goes no further. */
async function walkUnlessEnded(walk: () => Promise<void>): Promise<boolean> {
  try {
    await walk();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'AttemptEnded') return false;
    throw error;
  }
}

async function toggleEnabled({ world, enabledAt }: Stage, pipeline: string): Promise<void> {
  if (world.pipeline(pipeline).enabled) {
    await succeeds(() => disablePipeline(world.ports, { pipeline, by: 'anna', reason: 'not now' }));
    return;
  }
  await succeeds(() => enablePipeline(world.ports, { pipeline }));
  enabledAt.set(pipeline, world.clock.now().getTime());
}

async function applyEntry(
  stage: Stage,
  entry: Entry,
  ports = stage.world.ports,
): Promise<string | undefined> {
  return tryApply(ports, toDefinition(entry));
}

/** The name of the error that refused it; undefined where it was applied. */
async function tryApply(
  ports: Stage['world']['ports'],
  definition: DefinitionInput,
): Promise<string | undefined> {
  try {
    await applyDefinition(ports, { definition, by: 'anna' });
    return undefined;
  } catch (error) {
    const names = ['TryLater', 'DependencyCycle', 'InvalidDefinition', 'RevisionConflict'];
    if (error instanceof Error && names.includes(error.name)) return error.name;
    throw error;
  }
}

async function editDefinition(stage: Stage, entry: Entry, other: Entry, what: string): Promise<void> {
  if (what === 'cycle') return checkCycleRefused(stage, entry, other);
  if (what === 'crossed') return checkConcurrentCycle(stage, entry, other);
  const before = { ...entry.edits, parents: [...entry.edits.parents] };
  if (what === 'suite') entry.edits.suite += 1;
  if (what === 'volume') entry.edits.volume = (entry.edits.volume + 1) % 3;
  if (what === 'target') entry.edits.targets = (entry.edits.targets + 1) % 4;
  if (what === 'words') entry.edits.words += 1;
  const isBelow = other === entry || listAncestors(stage.entries, other).includes(entry);
  if (what === 'parent' && !isBelow && !listParents(entry).includes(other.index))
    entry.edits.parents.push(other.index);
  if ((await applyEntry(stage, entry)) !== undefined) Object.assign(entry.edits, before);
}

/** A pipeline comes to be built on another one, if possible as the first, while that one releases; the process that releases may die. */
async function releaseWhileJoined(stage: Stage, entry: Entry, crash: CrashPoint | null): Promise<void> {
  const { world, entries } = stage;
  const parents = new Set(entries.flatMap(listParents));
  const bakes = world.running().filter(({ id, pipeline }) => {
    const other = entries[parsePipelineIndex(pipeline)];
    if (other === undefined || other === entry || !world.hasStarted(id)) return false;
    return !listAncestors(entries, other).includes(entry) && !listParents(entry).includes(other.index);
  });
  const bake = bakes.find(({ pipeline }) => !parents.has(parsePipelineIndex(pipeline))) ?? bakes[0];
  if (bake === undefined) return;
  const death = crash === null ? undefined : crashAtCall(crash).around;
  const before = { ...entry.edits, parents: [...entry.edits.parents] };
  entry.edits.parents.push(parsePipelineIndex(bake.pipeline));
  let refusal: string | undefined;
  await interleaveCalls(
    [
      async (around) => {
        const ports = wrapPorts(world.ports, (make, name) =>
          around(() => (death === undefined ? make() : death(make, name)), name),
        );
        await succeeds(() => world.release(bake.id, ports));
      },
      async (around) => {
        refusal = await applyEntry(stage, entry, wrapPorts(world.ports, around));
      },
    ],
    stage.random,
  );
  if (refusal !== undefined) Object.assign(entry.edits, before);
}

/** Rule 8: a pipeline that would come to depend on itself is refused at once. */
async function checkCycleRefused(stage: Stage, entry: Entry, other: Entry): Promise<void> {
  const isAbove = other === entry || listAncestors(stage.entries, other).includes(entry);
  if (!isAbove || listParents(entry).includes(other.index)) return;
  const answer = await tryApply(stage.world.ports, buildDependentDefinition(entry, other));
  if (answer === undefined)
    stage.broken.push(`8: ${entry.name} was let depend on ${other.name}, which depends on it`);
  else if (answer !== 'DependencyCycle' && answer !== 'TryLater')
    stage.broken.push(
      `8: ${entry.name} would close a circle with ${other.name}, but was refused as ${answer}`,
    );
}

function buildDependentDefinition(entry: Entry, other: Entry): DefinitionInput {
  const definition = toDefinition(entry);
  return { ...definition, inputs: [...(definition.inputs ?? []), { pipeline: toPipelineName(other.index) }] };
}

/** Two people close a circle at the same moment: at most one of them may. */
async function checkConcurrentCycle(stage: Stage, entry: Entry, other: Entry): Promise<void> {
  const isRelated =
    entry === other ||
    listAncestors(stage.entries, other).includes(entry) ||
    listAncestors(stage.entries, entry).includes(other);
  if (isRelated) return;
  const pairs = [
    { one: entry, parent: other },
    { one: other, parent: entry },
  ];
  const answers: (string | undefined)[] = [];
  // What a revision means is told from the edits of its pipeline; the one that is refused takes them back.
  await interleaveCalls(
    pairs.map(({ one, parent }, index) => async (around) => {
      const ports = wrapPorts(stage.world.ports, around);
      answers[index] = await tryApply(ports, buildDependentDefinition(one, parent));
    }),
    stage.random,
  );
  pairs.forEach(({ one, parent }, index) => {
    if (answers[index] === undefined) one.edits.parents.push(parent.index);
  });
  if (answers[0] === undefined && answers[1] === undefined)
    stage.broken.push(`8: ${entry.name} and ${other.name} came to depend on each other`);
}

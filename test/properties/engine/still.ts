/** Plays a still world: all changes come first and are detected, then everything is reconciled. What must be baked is known before. */

import { selectorKey } from '../../../shared/domain/selectors/selectors.ts';
import { applyDefinition } from '../../../shared/use-cases/definitions/apply-definition.ts';
import { sampleHolds } from './conditions.ts';
import {
  type Entry,
  listExternalDependencies,
  listParents,
  toDefinition,
  toPipelineName,
  toSelector,
} from './estate.ts';
import { sampleBakes } from './explain.ts';
import { readCurrentBake } from './freshness.ts';
import { type CallWrapper, crashAtCall, succeeds, wrapPorts } from './handlers.ts';
import { checkFinalState } from './judge.ts';
import { computeRequiredBakes, type OraclePipeline } from './oracle.ts';
import { changeSource, type PreviousValues, toOracleDependency } from './outside.ts';
import { applyAll } from './play.ts';
import { comparePreview, previewBakeCounts } from './preview.ts';
import { runUntilIdle } from './rest.ts';
import { createStage, disableSome, type Stage } from './stage.ts';
import { listLockEntries } from './start-rules.ts';
import { computeUnconfirmedBakes, listUnconfirmed, type OracleInput } from './waves.ts';
import { confirmWaves, drain, handleNextMessage, runConcurrently, sendEvent } from './work.ts';
import type { GeneratedPipeline, StillWorld } from './world.ts';

export interface StillResult {
  readonly stage: Stage;
  readonly broken: readonly string[];
  /** What the oracle was asked, and how many bakes there were. */
  readonly oracleInputs: readonly OraclePipeline[];
  readonly bakes: number;
}

export interface StillOptions {
  /** Around every call of every handler once the changes come, one for each run of a handler. */
  readonly around?: () => CallWrapper;
  /** Looks at the stage before the changes come. */
  readonly prepare?: (stage: Stage) => void;
}

/** A plan of more is a play of its own. */
const MAX_PREVIEWED = 16;

export async function playStill(given: StillWorld, options: StillOptions = {}): Promise<StillResult> {
  const pipelines = given.pipelines.map(toStillPipeline);
  const stage = createStage({ ...given, pipelines });
  const { world } = stage;
  stage.faults = { lost: 0, doubled: 0, late: 0 };
  await applyAll(stage);
  await releaseAll(stage);
  await disableSome(stage);
  await drain(stage);
  const before = stage.seen.started.length;
  options.prepare?.(stage);
  const { around } = options;
  if (around !== undefined) stage.handlerPorts = () => wrapPorts(world.ports, around());

  const isExplained = around === undefined;
  const explained = isExplained ? [sampleBakes(stage), sampleHolds(stage)] : [];
  changeAllSources(stage, given);
  const edited = editAll(stage, given);
  const plan =
    isExplained && pipelines.length <= MAX_PREVIEWED ? await previewBakeCounts(stage, edited) : undefined;
  for (const entry of edited)
    await applyDefinition(world.ports, { definition: toDefinition(entry), by: 'anna' });
  const asked = stage.entries.map((entry) => toOracleInput(stage, entry));
  await detectAllChanges(stage, given);
  await reconcileAll(stage, given);
  if (given.isWordLate) {
    await runUntilIdle(stage, { isWordLate: true });
    const waiting = listUnconfirmed(asked, given.limits.wave);
    stage.broken.push(
      ...compareBakes(computeUnconfirmedBakes(asked, waiting), stage.seen.started.slice(before)),
    );
  }
  await runUntilIdle(stage);
  const bakes = stage.seen.started.slice(before);
  const broken = [
    ...stage.broken,
    ...checkFinalState(stage),
    ...(given.isWordLate ? [] : compareBakes(computeRequiredBakes(asked), bakes)),
    ...(given.isWordLate || plan === undefined ? [] : comparePreview(plan, bakes)),
    ...(await Promise.all(explained.map((check) => check()))).flat(),
  ];
  return { stage, oracleInputs: asked, bakes: bakes.length, broken: [...new Set(broken)] };
}

/**
 * No hold runs out, and no schedule bakes for its own sake. A pipeline with dependencies outside has a debounce: without one it would be
 * reconciled between two changes.
 */
function toStillPipeline(given: GeneratedPipeline): GeneratedPipeline {
  const outside = given.components.length + given.inputs.length + given.tests.length;
  return {
    ...given,
    maxHold: '3d',
    mode: given.mode === 'always' ? 'hourly' : given.mode,
    debounceSeconds: given.debounceSeconds === 0 && outside > 0 ? 60 : given.debounceSeconds,
  };
}

/** Every pipeline gets a first release: a bake of each is requested. */
async function releaseAll(stage: Stage): Promise<void> {
  const { world, entries } = stage;
  for (const { name } of entries) await succeeds(() => world.request(name, false));
  await runUntilIdle(stage);
  for (const { name } of entries)
    if (world.channel(name) === undefined) stage.broken.push(`1: ${name} has no first release`);
}

function changeAllSources(stage: Stage, given: StillWorld): void {
  const { world, random } = stage;
  const memory: PreviousValues = new Map();
  for (const move of given.moves)
    sendEvent(stage, changeSource(world.sources, memory, move, random.below(100)));
}

/** Answers whose definition is another one now; nothing is applied yet. */
function editAll({ entries }: Stage, given: StillWorld): Set<Entry> {
  const edited = new Set<Entry>();
  for (const { which, what } of given.edits) {
    const entry = entries[which % entries.length];
    if (entry === undefined) continue;
    if (what === 'suite') entry.edits.suite += 1;
    if (what === 'volume') entry.edits.volume += 1;
    if (what === 'words') entry.edits.words += 1;
    edited.add(entry);
  }
  return edited;
}

/** The pipeline as the oracle is told of it: what its release was made of, and what the world says now. */
function toOracleInput({ world, seen }: Stage, entry: Entry): OracleInput {
  const release = readCurrentBake(world, entry.name);
  const made = new Map(
    release === undefined ? [] : listLockEntries(release.lock).map(({ key, version }) => [key, version]),
  );
  const { given, edits, name } = entry;
  const dependencies = listExternalDependencies(entry).map(({ source, range, part }) => {
    const selector = toSelector(source, range);
    const judges = part === 'test' && !given.testsAreBits;
    const key = selectorKey(selector);
    return { key, judges, dependency: toOracleDependency(world.sources, selector, made.get(key)) };
  });
  const [volume, suite] = (seen.revisions.get(`${name}#${release?.revision ?? 0}`) ?? '').split('/');
  return {
    name,
    parents: listParents(entry).map(toPipelineName),
    bits: dependencies.filter(({ judges }) => !judges).map(({ dependency }) => dependency),
    proof: dependencies.filter(({ judges }) => judges).map(({ dependency }) => dependency),
    redefined: { bits: volume !== String(edits.volume), proof: suite !== String(edits.suite) },
    startsByItself: given.mode !== 'manual' && !given.pinned && !given.disabled,
    selectors: new Map(dependencies.map(({ key, dependency }) => [key, dependency])),
  };
}

/** Every change is known before any pipeline is reconciled, though events are lost and handlers die. */
async function detectAllChanges(stage: Stage, given: StillWorld): Promise<void> {
  const { world } = stage;
  stage.faults = { lost: given.lost, doubled: given.doubled, late: given.late };
  for (const crash of given.crashes.slice(0, 6)) {
    if (crash === null) await handleNextMessage(stage, ['hint']);
    else await handleNextMessage(stage, ['hint'], wrapPorts(world.ports, crashAtCall(crash).around));
  }
  await drain(stage, ['hint']);
  for (let round = 0; round < 2; round += 1) {
    await succeeds(() => world.resync(stage.handlerPorts()));
    await drain(stage, ['hint']);
    // Fan-outs that a dead process left open.
    world.clock.forward(61);
    await succeeds(() => world.sweep(stage.handlerPorts()));
    await drain(stage, ['hint']);
  }
  // A pipeline that waits for a person holds no dependent, so a later confirmation would be a later change. What an edited pipeline's own bake leads
  // to is counted with its release, so the confirmation has to come with that.
  if (given.isWordLate) return;
  await confirmWaves(stage);
  stage.confirmsWaves = true;
}

async function reconcileAll(stage: Stage, given: StillWorld): Promise<void> {
  for (const crash of given.crashes.slice(6)) {
    await runConcurrently(stage, ['message', 'message', 'sweep'], crash);
    stage.world.clock.forward(20);
  }
}

function compareBakes(
  expected: readonly string[],
  bakes: readonly { readonly pipeline: string }[],
): string[] {
  const counts = new Map<string, number>();
  for (const { pipeline } of bakes) counts.set(pipeline, (counts.get(pipeline) ?? 0) + 1);
  const wanted = new Set(expected);
  const missing = expected.filter((name) => !counts.has(name));
  const extra = [...counts].filter(([name, count]) => count > (wanted.has(name) ? 1 : 0));
  return [
    ...missing.map((name) => `1: ${name} is stale by the oracle, and was not baked`),
    ...extra.map(
      ([name, count]) =>
        `2: ${name} was baked ${count} times; by the oracle ${wanted.has(name) ? 1 : 0} would do`,
    ),
  ];
}

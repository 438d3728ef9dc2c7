/** Plays a moving world: whatever happens happens at any moment, and every rule is looked at until everything is at rest. */
import { applyDefinition } from '../../../shared/use-cases/definitions/apply-definition.ts';
import { act } from './act.ts';
import { sampleHolds } from './conditions.ts';
import { definitionOf } from './estate.ts';
import { sampleBakes } from './explain.ts';
import { heldTooLong, judge } from './judge.ts';
import type { Memory } from './outside.ts';
import { comeToRest, standStill } from './rest.ts';
import { disableSome, type Stage, stageOf } from './stage.ts';
import type { World } from './world.ts';

/** Everything that was broken, each a sentence that begins with the rule's number. */
export async function playMoving(given: World): Promise<string[]> {
  const stage = stageOf(given);
  await applyAll(stage);
  await disableSome(stage);
  stage.losesAll = true;
  const explained = [sampleBakes(stage), sampleHolds(stage)];
  const memory: Memory = new Map();
  for (const action of given.actions) await act(stage, memory, action);
  if (given.standstill) {
    stage.losesAll = false;
    stage.throttles = 0;
    await standStill(stage);
    stage.broken.push(...heldTooLong(stage));
  }
  await comeToRest(stage);
  const replayed = (await Promise.all(explained.map((check) => check()))).flat();
  return [...new Set([...stage.broken, ...judge(stage), ...replayed])];
}

export async function applyAll({ world, entries }: Stage): Promise<void> {
  for (const entry of entries)
    await applyDefinition(world.ports, { definition: definitionOf(entry), by: 'anna' });
}

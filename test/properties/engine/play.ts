/** Plays a moving world: whatever happens happens at any moment, and every rule is looked at until everything is at rest. */
import { applyDefinition } from '../../../shared/use-cases/definitions/apply-definition.ts';
import { performAction } from './act.ts';
import { sampleHolds } from './conditions.ts';
import { toDefinition } from './estate.ts';
import { sampleBakes } from './explain.ts';
import { checkFinalState, checkMaxHold } from './judge.ts';
import type { PreviousValues } from './outside.ts';
import { runUntilIdle, waitWithoutApprovals } from './rest.ts';
import { createStage, disableSome, type Stage } from './stage.ts';
import type { World } from './world.ts';

/** Everything that was broken, each a sentence that begins with the rule's number. */
export async function playMoving(given: World): Promise<string[]> {
  const stage = createStage(given);
  await applyAll(stage);
  await disableSome(stage);
  stage.losesQueueMessages = true;
  const explained = [sampleBakes(stage), sampleHolds(stage)];
  const memory: PreviousValues = new Map();
  for (const action of given.actions) await performAction(stage, memory, action);
  if (given.standstill) {
    stage.losesQueueMessages = false;
    stage.remainingThrottles = 0;
    await waitWithoutApprovals(stage);
    stage.broken.push(...checkMaxHold(stage));
  }
  await runUntilIdle(stage);
  const replayed = (await Promise.all(explained.map((check) => check()))).flat();
  return [...new Set([...stage.broken, ...checkFinalState(stage), ...replayed])];
}

export async function applyAll({ world, entries }: Stage): Promise<void> {
  for (const entry of entries)
    await applyDefinition(world.ports, { definition: toDefinition(entry), by: 'anna' });
}

/** What tests of reconcile do to a world, and what they read from it. */
import type { HoldReason } from '../../shared/domain/records/status.ts';
import { confirmWave } from '../../shared/use-cases/reconcile/confirm-wave.ts';
import { ami, BASE_PARAMETER, componentArn, type ReconcileWorld } from './reconcile-world.ts';

export const HOUR = 3600;
export const DAY = 24 * HOUR;

export const daily = { mode: 'schedule' as const, schedule: { expression: 'cron(0 8 * * ? *)' } };
export const always = {
  ...daily,
  schedule: { ...daily.schedule, startCondition: 'always' as const },
};

/** Codes of the reasons that were recorded for a pipeline that does not bake. */
export function listHoldCodes(world: ReconcileWorld, name: string): HoldReason['code'][] {
  return (world.status(name)?.decision?.reasons ?? []).map(({ code }) => code);
}

/** Plans what is due, as queue and sweep would, after some time. */
export async function passTime(world: ReconcileWorld, seconds: number): Promise<void> {
  world.clock.forward(seconds);
  await world.sweep();
  await world.runUntilIdle();
}

export async function changeBase(world: ReconcileWorld, number: number): Promise<void> {
  world.parameters.set(BASE_PARAMETER, ami(number));
  await world.detect(`ssm:eu-west-1:${BASE_PARAMETER}`);
  await world.runUntilIdle();
}

/** Releases whatever runs, until nothing does. */
export async function releaseAll(world: ReconcileWorld): Promise<void> {
  for (let round = 0; round < 20 && world.running().length > 0; round += 1) {
    for (const bake of world.running()) await world.release(bake.id);
    await world.runUntilIdle();
    await world.sweep();
    await world.runUntilIdle();
  }
}

export async function changeComponent(world: ReconcileWorld, name: string, version: string): Promise<void> {
  world.publishComponent(name, version);
  await world.detect(componentArn(name, version).split('/').slice(0, 2).join('/'));
  await world.runUntilIdle();
}

/** Names of the pipelines that bake. */
export function listRunning(world: ReconcileWorld): string[] {
  return world.running().map(({ pipeline }) => pipeline);
}

/** The wave that waits for a person, or has, gets their word. */
export async function confirmFirstWave(world: ReconcileWorld): Promise<void> {
  const [change] = world.changes().filter(({ wave }) => wave !== undefined);
  await confirmWave(world.ports, { change: change?.id ?? '', by: 'anna' });
  await world.runUntilIdle();
}

import { describe, expect, it } from '@jest/globals';
import { deletePipeline } from '../../../shared/use-cases/definitions/delete-pipeline.ts';
import { detectTopic } from '../../../shared/use-cases/detect/detect-topic.ts';
import { releaseAll } from '../../support/reconcile-steps.ts';
import { ami, HOME, reconcileWorld } from '../../support/reconcile-world.ts';

const BASE = '/mine';
const TOPIC = `ssm:${HOME.region}:${BASE}`;

/** `web` and `api` are released; then the base moves, and `meanwhile` happens between the look at it and the record of its move. */
async function movedWhile(
  meanwhile: (begin: (name: string) => Promise<void>, end: (name: string) => Promise<void>) => Promise<void>,
) {
  const world = reconcileWorld();
  const begin = async (name: string) => {
    await world.apply({ name, base: BASE });
    await world.runUntilIdle();
    await releaseAll(world);
  };
  const end = async (pipeline: string) => void (await deletePipeline(world.ports, { pipeline, by: 'anna' }));
  world.parameters.set(BASE, ami(1));
  await begin('web');
  await begin('api');
  world.parameters.set(BASE, ami(2));
  const { table } = world.ports;
  let isFirst = true;
  const write: typeof table.write = async (writes) => {
    if (isFirst) {
      isFirst = false;
      // Who begins now wants and gets the first image, and has nothing to do when the move is recorded.
      world.parameters.set(BASE, ami(1));
      await meanwhile(begin, end);
      world.parameters.set(BASE, ami(2));
    }
    await table.write(writes);
  };
  await detectTopic({ ...world.ports, table: { ...table, write } }, TOPIC);
  await world.runUntilIdle();
  return (name: string) => world.bakes(name).at(-1)?.fingerprintInputs?.versions[TOPIC];
}

describe('the move of a base marks', () => {
  it('a pipeline that begins to use it between the look and the record', async () => {
    const baked = await movedWhile((begin) => begin('job'));

    expect(['web', 'api', 'job'].map(baked)).toEqual([ami(2), ami(2), ami(2)]);
  });

  it('no pipeline that has left it in between', async () => {
    const baked = await movedWhile((_, end) => end('api'));

    expect(['web', 'api'].map(baked)).toEqual([ami(2), ami(1)]);
  });

  it('those that came when all had left it, so that its uses count anew', async () => {
    const baked = await movedWhile(async (begin, end) => {
      await end('web');
      await end('api');
      await begin('job');
      await begin('box');
    });

    expect(['job', 'box'].map(baked)).toEqual([ami(2), ami(2)]);
  });
});

import { expect, it } from '@jest/globals';
import { startBuild } from '../../../shared/use-cases/bakes/start-build.ts';
import { bakeWorld, REF } from '../../support/bake-world.ts';

/** The request of a build on a parent of two volumes. */
async function startOn(build: Readonly<Record<string, unknown>>) {
  const w = bakeWorld({ build });
  await w.fill();
  const base = w.world.addImage({
    account: '111122223333',
    region: 'eu-west-1',
    devices: ['/dev/sda1', '/dev/sdb'],
  });
  w.world.images.set('ami-0aaaaaaaaaaaaaaaa', { ...base, id: 'ami-0aaaaaaaaaaaaaaaa' });
  await startBuild(w, REF);
  return [...w.engine.started.values()][0];
}

it('a build is told the key of its definition and every device of its parent', async () => {
  expect(await startOn({ key: 'alias/web' })).toMatchObject({
    key: 'alias/web',
    parentDevices: ['/dev/sda1', '/dev/sdb'],
    volumes: [],
  });
});

it('a build without a key of its own leaves the choice to the engine', async () => {
  expect(await startOn({})).not.toHaveProperty('key');
});

it('a larger root volume has the name that the parent gives its own', async () => {
  expect((await startOn({ rootVolumeGiB: 30 }))?.volumes).toEqual([{ device: '/dev/sda1', sizeGiB: 30 }]);
});

import { fakeArtifactStore } from '../support/fakes/artifact-store.ts';
import { imageWorld, toLocationKey } from '../support/fakes/image-world.ts';
import { fakeLocations } from '../support/fakes/locations.ts';
import { distributionPortsContract } from './distribution-ports.ts';

distributionPortsContract('Accounts in memory', async () => {
  const world = imageWorld('111122223333');
  const target = { account: '444455556666', region: 'eu-central-1' };
  const image = world.addImage({
    account: world.control,
    region: 'eu-west-1',
    devices: ['/dev/xvda', '/dev/xvdb'],
  });
  world.keys.set(
    toLocationKey(target, 'alias/ovenbird-images'),
    'arn:aws:kms:eu-central-1:444455556666:key/images',
  );
  world.templates.set(toLocationKey(target, 'web'), {
    defaultVersion: '1',
    managed: true,
    versions: new Map([['1', { imageId: 'ami-00000000000000abc', description: 'by hand' }]]),
    next: 1,
  });
  return {
    artifactStore: fakeArtifactStore(world),
    locations: fakeLocations(world, new Set(['999999999999'])),
    source: {
      region: 'eu-west-1',
      imageId: image.id,
      snapshotIds: image.snapshots.map((snapshot) => snapshot.id),
    },
    target,
    closedAccount: '999999999999',
    key: 'alias/ovenbird-images',
    launchTemplate: 'web',
    finishCopies: async () => world.finishCopies(),
  };
});

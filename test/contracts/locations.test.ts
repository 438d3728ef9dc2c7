import type { ArtifactName } from '../../shared/domain/artifacts/artifacts.ts';
import { DEFAULT_TARGET_KEY } from '../../shared/domain/base/naming.ts';
import { imageWorld, toAmi, toLocationKey } from '../support/fakes/image-world.ts';
import { fakeLocations } from '../support/fakes/locations.ts';
import { type LocationsHarness, locationsContract } from './locations.ts';

/** Each kind of artifact in memory; test/cloud runs the same suite over the adapters. */
const FAKES: { readonly [Kind in ArtifactName]: () => Promise<LocationsHarness> } = { ami: serveAmis };

for (const [kind, make] of Object.entries(FAKES)) locationsContract(`The fake for ${kind}`, make);

async function serveAmis(): Promise<LocationsHarness> {
  const world = imageWorld('111122223333');
  const target = { account: '444455556666', region: 'eu-central-1' };
  const image = world.addImage({
    account: world.control,
    region: 'eu-west-1',
    devices: ['/dev/xvda', '/dev/xvdb'],
  });
  world.keys.set(
    toLocationKey(target, DEFAULT_TARGET_KEY),
    'arn:aws:kms:eu-central-1:444455556666:key/images',
  );
  world.templates.set(toLocationKey(target, 'web'), {
    defaultVersion: '1',
    managed: true,
    versions: new Map([['1', { imageId: 'ami-00000000000000abc', description: 'by hand' }]]),
    next: 1,
  });
  return {
    locations: fakeLocations(world, new Set(['999999999999'])),
    source: toAmi(image),
    target,
    closedAccount: '999999999999',
    key: DEFAULT_TARGET_KEY,
    launchTemplate: 'web',
    finishCopies: async () => world.finishCopies(),
  };
}

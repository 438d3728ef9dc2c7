import type { ImageService, World } from '../service.ts';
import { AwsError } from '../service.ts';
import type { Verbs } from '../verbs.ts';
import type { Ec2Api } from './api.ts';

export function createEc2(_world: World): { service: ImageService; api: Ec2Api; verbs: Verbs } {
  const later = (): never => {
    throw new AwsError('NotImplementedByLocalCloud', 'Not here yet.', 501);
  };
  return {
    service: { signingName: 'ec2', protocol: 'ec2Query', operations: {}, permissions: () => [] },
    api: {
      createImageFor: later,
      copyImageFor: later,
      findImage: later,
      imageById: later,
      deregisterImage: later,
      shareImage: later,
      launchFor: later,
      terminateFor: later,
      findInstance: later,
      instancesOf: later,
    },
    verbs: {},
  };
}

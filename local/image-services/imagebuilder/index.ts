import type { Ec2Api } from '../ec2/api.ts';
import type { ImageService, World } from '../service.ts';
import type { Verbs } from '../verbs.ts';

export function createImageBuilder(_world: World, _ec2: Ec2Api): { service: ImageService; verbs: Verbs } {
  return {
    service: { signingName: 'imagebuilder', protocol: 'restJson1', operations: {}, permissions: () => [] },
    verbs: {},
  };
}

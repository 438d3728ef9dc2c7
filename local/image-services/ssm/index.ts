import type { Ec2Api } from '../ec2/api.ts';
import type { ImageService, World } from '../service.ts';
import type { Verbs } from '../verbs.ts';

export function createSsm(_world: World, _ec2: Ec2Api): { service: ImageService; verbs: Verbs } {
  return {
    service: { signingName: 'ssm', protocol: 'awsJson1_1', operations: {}, permissions: () => [] },
    verbs: {},
  };
}

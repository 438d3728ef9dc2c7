import type { ControlActions } from '../control-actions.ts';
import type { ImageService, Operation, World } from '../service.ts';
import type { Ec2Api } from './api.ts';
import type { Context, Operations } from './context.ts';
import { ec2ControlActions } from './control-actions.ts';
import { copyImageOperations } from './copy-image.ts';
import { encryptionDefaultOperations } from './encryption-defaults.ts';
import { describeImageOperations } from './images-describe.ts';
import { imageLifecycleOperations } from './images-lifecycle.ts';
import { ec2Api } from './in-process.ts';
import { instanceTypeOperations } from './instance-types.ts';
import { describeInstanceOperations } from './instances-describe.ts';
import { instanceLifecycleOperations } from './instances-lifecycle.ts';
import { runInstanceOperations } from './instances-run.ts';
import { launchTemplateOperations } from './launch-templates.ts';
import { networkOperations } from './network.ts';
import { listPermissions } from './permissions.ts';
import { referenceOperations } from './references.ts';
import { sharingOperations } from './sharing.ts';
import { snapshotSharingOperations } from './snapshot-sharing.ts';
import { snapshotOperations } from './snapshots.ts';
import { Ec2Store } from './store.ts';
import { tagOperations } from './tag-operations.ts';
import { takeToken } from './throttle.ts';

export function createEc2(world: World): {
  service: ImageService;
  api: Ec2Api;
  controlActions: ControlActions;
} {
  const context: Context = { world, store: new Ec2Store() };
  const operations: Operations = {
    ...describeImageOperations(context),
    ...imageLifecycleOperations(context),
    ...sharingOperations(context),
    ...snapshotSharingOperations(context),
    ...copyImageOperations(context),
    ...snapshotOperations(context),
    ...tagOperations(context),
    ...referenceOperations(context),
    ...runInstanceOperations(context),
    ...describeInstanceOperations(context),
    ...instanceLifecycleOperations(context),
    ...instanceTypeOperations(),
    ...launchTemplateOperations(context),
    ...networkOperations(context),
    ...encryptionDefaultOperations(context),
  };
  return {
    service: {
      signingName: 'ec2',
      protocol: 'ec2Query',
      operations: throttled(context, operations),
      permissions: (operation, input, call) => listPermissions(context, operation, input, call),
    },
    api: ec2Api(context),
    controlActions: ec2ControlActions(context),
  };
}

function throttled({ world, store }: Context, operations: Operations): Operations {
  const wrap =
    (name: string, run: Operation): Operation =>
    (input, call) => {
      takeToken(world.clock, store.at(call), name, input);
      return run(input, call);
    };
  return Object.fromEntries(Object.entries(operations).map(([name, run]) => [name, wrap(name, run)]));
}

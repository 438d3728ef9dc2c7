import * as z from 'zod';
import { type ControlActions, defineControlAction, packageSchema, timesSchema } from '../control-actions.ts';
import { launchAsConsumer } from './consumers.ts';
import type { Context } from './context.ts';
import { addImage, addSnapshot, removeImage, toDevice } from './image-making.ts';

/** Account of Amazon's own Linux images. */
const AMAZON = '137112412989';

const region = z.string().regex(/^[a-z]{2,}(-[a-z]+)+-\d+$/);
const account = z.string().regex(/^\d{12}$/);

const publishBase = z.strictObject({
  parameter: z.string().startsWith('/'),
  name: z.string().min(3).max(128),
  architecture: z.enum(['x86_64', 'arm64']).default('x86_64'),
  regions: z.array(region).min(1),
  inventory: z.array(packageSchema).default([]),
  volumes: z
    .array(z.strictObject({ deviceName: z.string(), sizeGiB: z.int().positive() }))
    .min(1)
    .default([{ deviceName: '/dev/xvda', sizeGiB: 8 }]),
  /** The first volume where it is left out. */
  rootDeviceName: z.string().optional(),
  platformDetails: z.string().default('Linux/UNIX'),
  /** False: an image without the agent of Systems Manager, as those of RHEL, Debian and minimal ones are. */
  agent: z.boolean().default(true),
  /** Its id in the first of the regions, for definitions that name it. */
  imageId: z.string().optional(),
});

const failCopy = z.strictObject({
  account: account.optional(),
  region: region.optional(),
  times: timesSchema,
  reason: z.string().min(1),
});

const failLaunch = z.strictObject({
  account: account.optional(),
  region: region.optional(),
  imageId: z.string().optional(),
  instanceType: z.string().optional(),
  subnetId: z.string().optional(),
  mode: z.enum(['refuse', 'terminate']).default('refuse'),
  code: z.string().default('InsufficientInstanceCapacity'),
  reason: z
    .string()
    .default('We currently do not have sufficient capacity in the Availability Zone you requested.'),
  times: timesSchema,
});

const imageOfRegion = z.strictObject({ region, imageId: z.string() });

/** The control actions of EC2. */
export function ec2ControlActions(context: Context): ControlActions {
  const { world, store } = context;
  return {
    /** An Amazon-owned public image per Region, and the public parameter that names it there. */
    'publish-base': defineControlAction(publishBase, async (input) => {
      const images: Record<string, string> = {};
      for (const location of input.regions) {
        const devices = input.volumes.map(({ deviceName, sizeGiB }) => {
          const snapshot = addSnapshot(context, {
            ownerId: AMAZON,
            ownerAlias: 'amazon',
            region: location,
            sizeGiB,
            state: 'completed',
            completionTime: world.clock.now(),
            public: true,
          });
          return toDevice(snapshot, { deviceName });
        });
        const image = addImage(context, {
          ...(input.imageId === undefined || location !== input.regions[0] ? {} : { id: input.imageId }),
          ownerId: AMAZON,
          ownerAlias: 'amazon',
          region: location,
          name: input.name,
          description: input.name,
          state: 'available',
          architecture: input.architecture,
          bootMode: input.architecture === 'arm64' ? 'uefi' : 'uefi-preferred',
          platformDetails: input.platformDetails,
          devices,
          ...(input.rootDeviceName === undefined ? {} : { rootDeviceName: input.rootDeviceName }),
          hasAgent: input.agent,
          public: true,
          publicSsmParameterName: input.parameter,
          inventory: input.inventory,
        });
        images[location] = image.id;
        await world.seedParameter({ region: location, name: input.parameter, value: image.id });
      }
      return { images };
    }),

    /** Removes all declared failures. */
    'forget-failures': defineControlAction(z.strictObject({}), () => {
      const { copyFailures, launchFailures, buildFailures } = world.behaviour;
      for (const failures of [copyFailures, launchFailures, buildFailures]) failures.clear();
      return {};
    }),
    'fail-copy': defineControlAction(failCopy, ({ times, ...failure }) => {
      world.behaviour.copyFailures.add(failure, times);
      return {};
    }),

    'fail-launch': defineControlAction(failLaunch, ({ times, ...failure }) => {
      world.behaviour.launchFailures.add(failure, times);
      return {};
    }),

    'launch-as': launchAsConsumer(context),

    /** Removes an image of any owner, e.g. a base that its publisher withdraws. */
    'deregister-image': defineControlAction(imageOfRegion, ({ region: location, imageId }) => {
      const image = store.images(location).get(imageId);
      if (image !== undefined) removeImage(context, image, world.ids.uuid());
      return { found: image !== undefined };
    }),

    /** Deprecates an image of any owner. */
    'deprecate-image': defineControlAction(imageOfRegion, ({ region: location, imageId }) => {
      const image = store.images(location).get(imageId);
      if (image !== undefined) image.deprecationTime = world.clock.now();
      return { found: image !== undefined };
    }),

    /** The inventory of an image. AWS has no such call; reports use it. */
    'read-inventory': defineControlAction(imageOfRegion, ({ region: location, imageId }) => ({
      inventory: store.images(location).get(imageId)?.inventory ?? null,
    })),
  };
}

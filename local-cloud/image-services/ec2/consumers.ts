/** Who starts instances from images that are there: AWS's own services, in their own name. */
import * as z from 'zod';
import { defineControlAction } from '../control-actions.ts';
import type { Context } from './context.ts';
import { launchInstance } from './instances-run.ts';

/** Service-linked roles that start instances; the key of an image asks each of them by itself (docs/aws/ec2-images.md#encryption). */
const SERVICE_ROLES = {
  'auto-scaling': 'autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling',
  spot: 'spot.amazonaws.com/AWSServiceRoleForEC2Spot',
  fleet: 'ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet',
} as const;

const launchAs = z.strictObject({
  account: z.string().regex(/^\d{12}$/),
  region: z.string(),
  imageId: z.string(),
  as: z.union([
    z.enum(Object.keys(SERVICE_ROLES) as [keyof typeof SERVICE_ROLES]),
    z.string().regex(/^arn:aws:iam::\d{12}:(?:root$|(?:user|role)\/)/),
  ]),
  instanceType: z.string().default('t3.small'),
});

/** Starts an instance without a caller. What its key or its network refuses shows on the instance, as on AWS. */
export const launchAsConsumer = (context: Context) =>
  defineControlAction(launchAs, async ({ as, account, region, imageId, instanceType }) => {
    const service = Object.entries(SERVICE_ROLES).find(([name]) => name === as)?.[1];
    const principalArn =
      service === undefined ? as : `arn:aws:iam::${account}:role/aws-service-role/${service}`;
    const instance = await launchInstance(
      context,
      {
        imageId,
        instanceType,
        subnetId: undefined,
        securityGroupIds: [],
        securityGroupNames: [],
        metadata: {},
        mappings: [],
        tagSpecifications: [],
        shutdownBehavior: 'terminate',
      },
      { account, region, principalArn },
      { reservationId: context.world.ids.reservation() },
    );
    return { instanceId: instance.id };
  });

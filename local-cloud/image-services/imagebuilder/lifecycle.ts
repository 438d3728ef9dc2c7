import * as z from 'zod';
import type { Call } from '../service.ts';
import { parseArn } from './arns.ts';
import { finished } from './build.ts';
import { findComponent } from './components.ts';
import { findConfiguration } from './configurations.ts';
import { type Context, type Operations, openHome } from './context.ts';
import { invalidRequest, invalidValue, notFound, notImplemented } from './errors.ts';
import { ownImage } from './images.ts';
import { read, tagsSchema, tokenSchema } from './input.ts';
import { findRecipe } from './recipes.ts';
import type { StoredImage, Tags } from './records.ts';
import { once } from './store.ts';

const updateSchema = z.object({
  resourceArn: z.string(),
  state: z.object({ status: z.enum(['AVAILABLE', 'DELETED', 'DEPRECATED', 'DISABLED']) }),
  executionRole: z.string().optional(),
  includeResources: z
    .object({
      amis: z.boolean().optional(),
      snapshots: z.boolean().optional(),
      containers: z.boolean().optional(),
    })
    .optional(),
  exclusionRules: z.unknown().optional(),
  updateAt: z.date().optional(),
  clientToken: tokenSchema.optional(),
});

/** Operations on finished resources: their lifecycle state and their tags. */
export const lifecycleOperations = (context: Context): Operations => ({
  // Asynchronous. AVAILABLE restores; `updateAt` goes with DEPRECATED only and lies ahead (docs/aws/image-builder.md#image-states).
  StartResourceStateUpdate: async (input, call) => {
    const home = openHome(context, call);
    // This operation takes a token and, unlike all others, does not return it.
    const { clientToken: _token, ...output } = await once(home, 'StartResourceStateUpdate', input, () => {
      const request = read(updateSchema, input);
      const { status } = request.state;
      const image = ownImage(context, call, request.resourceArn);
      if (!finished.has(image.status))
        throw invalidRequest(`The image is ${image.status}: wait until it is built.`);
      if (request.exclusionRules !== undefined) throw notImplemented('An exclusion rule');
      const { amis = false, snapshots = false, containers = false } = request.includeResources ?? {};
      if (containers || ((amis || snapshots) && status !== 'DELETED'))
        throw notImplemented(`Making included resources ${status}`);
      const now = context.world.clock.now();
      if (request.updateAt !== undefined && (status !== 'DEPRECATED' || request.updateAt <= now)) {
        throw invalidValue('updateAt', 'It goes with DEPRECATED only and must be in the future.');
      }
      const aheadMs = request.updateAt === undefined ? 0 : request.updateAt.getTime() - now.getTime();
      // `updateAt` is wall-clock time and is not scaled.
      const seconds = (aheadMs / 1000) * context.world.clock.speed + context.world.timings.stateUpdate;
      if (status === 'DEPRECATED') image.deprecationTime = request.updateAt ?? now;
      context.world.clock.after(seconds, () => settle(context, image, status, amis), `state of ${image.arn}`);
      return { lifecycleExecutionId: `lce-${context.world.ids.uuid()}`, resourceArn: image.arn };
    });
    return output;
  },

  TagResource: (input, call) => {
    const { resourceArn, tags } = read(z.object({ resourceArn: z.string(), tags: tagsSchema }), input);
    Object.assign(findTags(context, call, resourceArn), tags);
    return {};
  },

  UntagResource: (input, call) => {
    const { resourceArn, tagKeys } = read(
      z.object({ resourceArn: z.string(), tagKeys: z.array(z.string()) }),
      input,
    );
    const tags = findTags(context, call, resourceArn);
    for (const key of tagKeys) delete tags[key];
    return {};
  },

  ListTagsForResource: (input, call) => {
    const { resourceArn } = read(z.object({ resourceArn: z.string() }), input);
    return { tags: findTags(context, call, resourceArn) };
  },
});

const settle = (
  { ec2 }: Context,
  image: StoredImage,
  status: 'AVAILABLE' | 'DELETED' | 'DEPRECATED' | 'DISABLED',
  amis: boolean,
): void => {
  image.status = status;
  if (status === 'AVAILABLE') image.deprecationTime = undefined;
  if (status === 'DELETED' && amis) {
    for (const ami of image.amis) ec2.deregisterImage(ami.image, ami.region);
    image.amis = [];
  }
};

const findTags = (context: Context, call: Call, arn: string): Tags => {
  const { kind } = parseArn(arn, 'resourceArn', [
    'component',
    'image',
    'image-recipe',
    'infrastructure-configuration',
    'distribution-configuration',
    'image-pipeline',
  ]);
  const home = openHome(context, call);
  const find = (): { tags: Tags } | undefined => {
    switch (kind) {
      case 'component':
        return findComponent(context, call, arn, 'resourceArn');
      case 'image':
        return ownImage(context, call, arn);
      case 'image-recipe':
        return findRecipe(context, call, arn);
      case 'infrastructure-configuration':
        return findConfiguration(home.infrastructure, arn, 'resourceArn', kind);
      case 'distribution-configuration':
        return findConfiguration(home.distribution, arn, 'resourceArn', kind);
      case 'image-pipeline':
        return findConfiguration(home.pipelines, arn, 'resourceArn', kind);
      case 'container-recipe':
        return undefined;
    }
  };
  const resource = find();
  if (resource === undefined) throw notFound(kind, arn);
  return resource.tags;
};

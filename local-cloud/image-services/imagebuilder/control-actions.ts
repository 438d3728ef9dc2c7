import * as z from 'zod';
import { type ControlActions, defineControlAction, packageSchema, timesSchema } from '../control-actions.ts';
import { toSlug } from './arns.ts';
import { type Context, formatDate } from './context.ts';
import { notFound } from './errors.ts';
import { platformSchema } from './input.ts';
import { publishManaged, publishManagedImage } from './managed.ts';
import { formatVersion, matches, parsePattern, parseVersion } from './versions.ts';

const versionSchema = z.string().regex(/^\d+\.\d+\.\d+$/, 'Write <major>.<minor>.<patch>.');
const regionsSchema = z.array(z.string().min(1)).min(1);

const publishSchema = z.strictObject({
  name: z.string().min(1),
  version: versionSchema,
  regions: regionsSchema,
  type: z.enum(['BUILD', 'TEST']).default('BUILD'),
  platform: platformSchema.default('Linux'),
  description: z.string().optional(),
  data: z.string().optional(),
});

const publishImageSchema = z.strictObject({
  name: z.string().min(1),
  version: versionSchema,
  regions: regionsSchema,
  /** Public SSM parameter whose value in each Region is the AMI. */
  parameter: z.string().min(1),
});

const declareSchema = z.strictObject({
  name: z.string().min(1),
  version: versionSchema,
  adds: z.array(packageSchema).default([]),
  removes: z.array(z.string()).default([]),
  failsBuild: z.string().min(1).optional(),
});

const statusSchema = z.strictObject({
  account: z.union([z.string().regex(/^\d{12}$/), z.literal('aws')]),
  region: z.string().min(1),
  name: z.string().min(1),
  version: z.string(),
  status: z.enum(['ACTIVE', 'DEPRECATED', 'DISABLED']),
});

const failSchema = z.strictObject({
  recipeName: z.string().min(1).optional(),
  times: timesSchema,
  reason: z.string().min(1),
});

/** The control actions of Image Builder. */
export const imageBuilderControlActions = ({ world, store }: Context): ControlActions => ({
  /** Amazon publishes a version of a managed component; an existing version gets a new build. */
  'publish-component-version': defineControlAction(publishSchema, ({ regions, ...component }) => ({
    arns: Object.fromEntries(
      regions.map((region) => [
        region,
        publishManaged(store.at('aws', region), component, formatDate(world.clock.now())).arn,
      ]),
    ),
  })),

  /** Amazon publishes a version of a managed image, for parents like `…:aws:image/amazon-linux-2023-x86/x.x.x`. */
  'publish-image-version': defineControlAction(
    publishImageSchema,
    async ({ regions, parameter, ...image }) => {
      const arns: Record<string, string> = {};
      for (const region of regions) {
        // Public parameters have the same value for every account, so any account will do.
        const imageId = await world.readParameter({ account: '000000000000', region, name: parameter });
        if (imageId === undefined) throw notFound('Parameter', `${region} ${parameter}`);
        const dateCreated = formatDate(world.clock.now());
        arns[region] = publishManagedImage(store.at('aws', region), { ...image, imageId, dateCreated }).arn;
      }
      return { arns };
    },
  ),

  /** Declares the effect of a component version on the inventory of images built with it. May precede CreateComponent. */
  'declare-component': defineControlAction(declareSchema, (effect) => {
    world.behaviour.components.set(
      `${toSlug(effect.name)}/${formatVersion(parseVersion(effect.version))}`,
      effect,
    );
    return {};
  }),

  /** Deprecates, disables or restores component versions, as their owner would. */
  'set-component-status': defineControlAction(statusSchema, ({ account, region, name, version, status }) => {
    const pattern = parsePattern(version);
    const components = store
      .at(account, region)
      .components.filter((entry) => entry.slug === toSlug(name) && matches(pattern, entry.version));
    if (components.length === 0) throw notFound('Component', `${name} ${version}`);
    for (const component of components) component.status = status;
    return { arns: components.map((component) => component.arn) };
  }),

  /** The next builds of a recipe, of those whose names begin with it and a dash, or of any, fail while their components run. */
  'fail-build': defineControlAction(failSchema, ({ times, ...failure }) => {
    world.behaviour.buildFailures.add(failure, times);
    return {};
  }),
});

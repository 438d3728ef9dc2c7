import * as z from 'zod';
import { type Behaviours, createBehaviours } from './behaviours.ts';
import { createClock } from './clock.ts';
import { type ControlActions, defineControlAction } from './control-actions.ts';
import { createDispatcher, type Dispatcher } from './dispatch.ts';
import type { Ec2Api } from './ec2/api.ts';
import { createEc2 } from './ec2/index.ts';
import { createEffects, DELAYED_WRITES } from './effects.ts';
import { createIds } from './ids.ts';
import { createImageBuilder } from './imagebuilder/index.ts';
import { createInspector } from './inspector/index.ts';
import type { Ids, ImageService, OtherServices, SigningName, World } from './service.ts';
import { createSsm } from './ssm/index.ts';
import { DEFAULT_TIMINGS, type Timings } from './timings.ts';
import { awsJsonWire } from './wire/aws-json.ts';
import { ec2Wire } from './wire/ec2-query.ts';
import { restJsonWire } from './wire/rest-json.ts';
import { loadSchemas } from './wire/schemas.ts';

/** AWS seconds from the answer of a write until its effect is seen. */
const effectDelays = z.partialRecord(z.enum(DELAYED_WRITES), z.number().nonnegative());

export interface ImageServicesOptions extends OtherServices {
  /** AWS seconds that pass in one real second. */
  speed?: number;
  timings?: Partial<Timings>;
  ids?: Ids;
  behaviour?: Behaviours;
}

export interface ImageServices extends Dispatcher {
  world: World;
  services: Record<SigningName, ImageService>;
  controlActions: ControlActions;
  /** In-process EC2, e.g. to check that an image is visible where a parameter names it. */
  ec2: Ec2Api;
  /** Stops the clock and with it everything that is still scheduled. */
  close(): void;
}

/**
 * EC2 images and instances, Image Builder, Run Command and Inspector, in memory. The caller (the gateway) authenticates requests
 * and hands them to `dispatch`, which parses by the wire protocol, checks the schema and the permissions, runs the
 * operation and serialises the outcome.
 */
export function createImageServices(options: ImageServicesOptions): ImageServices {
  const clock = createClock(options.speed === undefined ? {} : { speed: options.speed });
  const world: World = {
    emit: options.emit,
    kmsAccess: options.kmsAccess,
    authorize: options.authorize,
    authorizeRole: options.authorizeRole,
    seedParameter: options.seedParameter,
    readParameter: options.readParameter,
    instanceProfileRole: options.instanceProfileRole,
    readObject: options.readObject,
    hasTrail: options.hasTrail,
    clock,
    ids: options.ids ?? createIds(),
    behaviour: options.behaviour ?? createBehaviours(),
    timings: { ...DEFAULT_TIMINGS, ...options.timings },
    effects: createEffects(clock),
  };
  const ec2 = createEc2(world);
  const imageBuilder = createImageBuilder(world, ec2.api);
  const ssm = createSsm(world, ec2.api);
  const inspector = createInspector(world);
  const services = {
    ec2: ec2.service,
    imagebuilder: imageBuilder.service,
    inspector2: inspector.service,
    ssm: ssm.service,
  };
  const wires = {
    ec2: ec2Wire(loadSchemas('ec2')),
    imagebuilder: restJsonWire(loadSchemas('imagebuilder')),
    inspector2: restJsonWire(loadSchemas('inspector2')),
    ssm: awsJsonWire(loadSchemas('ssm')),
  };
  return {
    world,
    services,
    controlActions: {
      'delay-effects': defineControlAction(
        effectDelays,
        (delays) => void Object.assign(world.effects.delays, delays),
      ),
      ...ec2.controlActions,
      ...imageBuilder.controlActions,
      ...inspector.controlActions,
      ...ssm.controlActions,
    },
    ec2: ec2.api,
    ...createDispatcher(world, services, wires),
    close: () => clock.close(),
  };
}

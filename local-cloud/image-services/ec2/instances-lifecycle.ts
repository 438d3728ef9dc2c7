import type {
  InstanceStateChange,
  StopInstancesRequest,
  StopInstancesResult,
  TerminateInstancesRequest,
  TerminateInstancesResult,
} from '@aws-sdk/client-ec2';
import { AwsError, type Call } from '../service.ts';
import { type Context, type Operations, operation } from './context.ts';
import { instancesNotFound, malformedId } from './errors.ts';
import { emitInstanceState } from './events.ts';
import type { InstanceRecord, InstanceState, StateReason } from './records.ts';

/** Codes of states, the low byte [M:ec2 InstanceState.Code]. */
export const STATE_CODES: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

const USER_SHUTDOWN: StateReason = {
  code: 'Client.UserInitiatedShutdown',
  message: 'Client.UserInitiatedShutdown: User initiated shutdown',
};

export function instanceLifecycleOperations(context: Context): Operations {
  return {
    TerminateInstances: operation<TerminateInstancesRequest, TerminateInstancesResult>((request, call) => ({
      TerminatingInstances: changeInstances(context, call, request.InstanceIds, (instance) => {
        if (instance.state !== 'terminated' && instance.state !== 'shutting-down') {
          terminate(context, instance, USER_SHUTDOWN);
        }
      }),
    })),

    StopInstances: operation<StopInstancesRequest, StopInstancesResult>((request, call) => {
      for (const instance of findInstances(context, call, request.InstanceIds)) {
        if (!['running', 'stopping', 'stopped'].includes(instance.state))
          throw wrongState(instance, 'stopped');
      }
      return {
        StoppingInstances: changeInstances(context, call, request.InstanceIds, (instance) => {
          if (instance.state === 'running') stop(context, instance);
        }),
      };
    }),
  };
}

export function moveTo({ world }: Context, instance: InstanceRecord, state: InstanceState): void {
  instance.state = state;
  instance.checksOkAt = state === 'running' ? world.clock.elapsed() + world.timings.statusChecks : undefined;
  emitInstanceState(world, instance);
}

export function scheduleRunning(context: Context, instance: InstanceRecord): void {
  const { world } = context;
  instance.timer = world.clock.after(
    world.timings.launch,
    () => moveTo(context, instance, 'running'),
    `start of ${instance.id}`,
  );
}

/** Terminated instances stay visible for about an hour [D:AWSEC2/UserGuide/terminating-instances]. */
export function terminate(context: Context, instance: InstanceRecord, reason: StateReason): void {
  const { world, store } = context;
  instance.timer?.cancel();
  instance.stateReason = reason;
  instance.stateTransitionReason =
    reason === USER_SHUTDOWN
      ? `User initiated (${world.clock.now().toISOString().slice(0, 19).replace('T', ' ')} GMT)`
      : reason.message;
  const end = (): void => {
    instance.volumes = instance.volumes.filter(({ deleteOnTermination }) => !deleteOnTermination);
    for (const volume of instance.volumes) volume.state = 'available';
    moveTo(context, instance, 'terminated');
    instance.timer = world.clock.after(
      world.timings.terminatedVisible,
      () => {
        store.at({ account: instance.ownerId, region: instance.region }).instances.delete(instance.id);
      },
      `forgetting ${instance.id}`,
    );
  };
  // A launch that fails goes from pending to terminated at once.
  if (instance.state === 'pending' && reason !== USER_SHUTDOWN) {
    end();
    return;
  }
  moveTo(context, instance, 'shutting-down');
  instance.timer = world.clock.after(world.timings.terminate, end, `termination of ${instance.id}`);
}

function stop(context: Context, instance: InstanceRecord): void {
  const { world } = context;
  instance.stateReason = USER_SHUTDOWN;
  moveTo(context, instance, 'stopping');
  instance.timer = world.clock.after(
    world.timings.stop,
    () => moveTo(context, instance, 'stopped'),
    `stop of ${instance.id}`,
  );
}

/** The instances of a request; one that does not exist refuses it for all. */
export function findInstances(
  { store, world }: Context,
  call: Call,
  ids: readonly string[] | undefined,
): InstanceRecord[] {
  const wanted = ids ?? [];
  const malformed = wanted.find((id) => !/^i-[0-9a-f]{8,17}$/.test(id));
  if (malformed !== undefined) throw malformedId('InvalidInstanceID.Malformed', malformed);
  const instances = store.at(call).instances;
  const unknown = wanted.filter((id) => !instances.has(id) || world.effects.isHidden(id));
  if (unknown.length > 0) throw instancesNotFound(unknown);
  return wanted.flatMap((id) => instances.get(id) ?? []);
}

function changeInstances(
  context: Context,
  call: Call,
  ids: readonly string[] | undefined,
  act: (instance: InstanceRecord) => void,
): InstanceStateChange[] {
  return findInstances(context, call, ids).map((instance) => {
    const before = instance.state;
    act(instance);
    return {
      InstanceId: instance.id,
      PreviousState: { Code: STATE_CODES[before], Name: before },
      CurrentState: { Code: STATE_CODES[instance.state], Name: instance.state },
    };
  });
}

function wrongState(instance: InstanceRecord, what: string): AwsError {
  return new AwsError(
    'IncorrectInstanceState',
    `The instance '${instance.id}' is not in a state from which it can be ${what}.`,
  );
}

import type { CommandAnswer } from '../behaviours.ts';
import type { InstanceRecord } from '../ec2/records.ts';
import { canTakeCommands } from '../instance-calls.ts';
import type { World } from '../service.ts';
import { asksForPackages, runInImage } from './image-shell.ts';
import { isWindows, type Nodes } from './nodes.ts';
import { type Command, ended, type Invocation, type InvocationStatus, summarizeStatus } from './records.ts';

// The exit code that the agent reports for a command that it stopped.
const stoppedExitCode = 137;

/**
 * Starts a command on each of its instances: Pending, InProgress, then its result. That is the declared one; where none is declared, a command that
 * asks for the packages of the image is run, and any other times out.
 */
export const runCommand = (world: World, nodes: Nodes, command: Command): void => {
  for (const invocation of command.invocations) {
    later(world, command, invocation, world.timings.commandDelivery, () =>
      begin(world, nodes, command, invocation),
    );
  }
};

/** Cancelling, then Cancelled; an invocation that has ended stays as it is. */
export const cancelInvocation = (world: World, command: Command, invocation: Invocation): void => {
  if (ended(invocation.status)) return;
  invocation.timer?.cancel();
  invocation.status = 'Cancelling';
  invocation.statusDetails = 'Cancelling';
  invocation.timer = world.clock.after(
    world.timings.commandCancel,
    () => finish(world, command, invocation, 'Cancelled', { responseCode: stoppedExitCode }),
    `cancel command ${command.id} on ${invocation.instanceId}`,
  );
};

const begin = async (world: World, nodes: Nodes, command: Command, invocation: Invocation): Promise<void> => {
  const instance = await nodes.online(invocation.instanceId, command.account, command.region);
  const isReached = instance !== undefined && (await canTakeCommands(world, instance));
  if (isOver(invocation)) return;
  if (!isReached) {
    // Not picked up: it expires after TimeoutSeconds [M:SendCommandRequest.TimeoutSeconds].
    later(world, command, invocation, command.timeoutSeconds, () =>
      finish(world, command, invocation, 'TimedOut', { statusDetails: 'DeliveryTimedOut', responseCode: -1 }),
    );
    return;
  }
  // For Linux and macOS alone [D:systems-manager/userguide/monitor-commands, InvalidPlatform].
  if (command.documentName === 'AWS-RunShellScript' && isWindows(instance)) {
    finish(world, command, invocation, 'Failed', { statusDetails: 'InvalidPlatform', responseCode: -1 });
    return;
  }
  invocation.status = 'InProgress';
  invocation.statusDetails = 'InProgress';
  invocation.startedAt = world.clock.now();
  emitEvents(world, command, invocation);
  const answer = await findAnswer(world, command, instance);
  if (isOver(invocation)) return;
  if (answer === undefined || answer.status === 'TimedOut') {
    later(world, command, invocation, command.executionTimeout, () =>
      finish(world, command, invocation, 'TimedOut', {
        statusDetails: 'ExecutionTimedOut',
        responseCode: stoppedExitCode,
        stdout: answer?.stdout,
        stderr: answer?.stderr,
      }),
    );
    return;
  }
  const seconds = Math.min(world.timings.command, command.executionTimeout);
  later(world, command, invocation, seconds, async () => {
    // A terminated instance reports nothing.
    if ((await nodes.online(invocation.instanceId, command.account, command.region)) === undefined) {
      finish(world, command, invocation, 'TimedOut', {
        statusDetails: 'ExecutionTimedOut',
        responseCode: -1,
      });
      return;
    }
    const { status, stdout, stderr, exitCode } = answer;
    finish(world, command, invocation, status, { stdout, stderr, responseCode: exitCode });
  });
};

type CommandResult = Pick<CommandAnswer, 'status' | 'stdout' | 'stderr' | 'exitCode'>;

/** An answer that names neither suite nor text stands for all suites; what the packages are is told by the image. */
const findAnswer = async (
  world: World,
  command: Command,
  instance: InstanceRecord,
): Promise<CommandResult | undefined> => {
  const script = readScript(command);
  const isQuery = asksForPackages(script);
  const declared = world.behaviour.commandAnswers.take(
    (candidate) =>
      matches(candidate, command, instance) &&
      !(isQuery && candidate.match.suite === undefined && candidate.match.contains === undefined),
  );
  if (declared !== undefined || !isQuery) return declared;
  const { exitCode, ...written } = await runInImage(instance, script);
  return { ...written, exitCode, status: exitCode === 0 ? 'Success' : 'Failed' };
};

const readScript = ({ parameters }: Command): string => (parameters.commands ?? []).join('\n');

const later = (
  world: World,
  command: Command,
  invocation: Invocation,
  seconds: number,
  action: () => void | Promise<void>,
): void => {
  invocation.timer = world.clock.after(seconds, action, `command ${command.id} on ${invocation.instanceId}`);
};

/** Cancelled while something was waited for. */
const isOver = ({ status }: Invocation): boolean => ended(status) || status === 'Cancelling';

const finish = (
  world: World,
  command: Command,
  invocation: Invocation,
  status: InvocationStatus,
  outcome: {
    statusDetails?: string;
    responseCode: number;
    stdout?: string | undefined;
    stderr?: string | undefined;
  },
): void => {
  invocation.status = status;
  invocation.statusDetails = outcome.statusDetails ?? status;
  invocation.responseCode = outcome.responseCode;
  invocation.stdout = outcome.stdout ?? '';
  invocation.stderr = outcome.stderr ?? '';
  invocation.endedAt = world.clock.now();
  emitEvents(world, command, invocation);
};

/**
 * Every part of a match that is given must hold. A suite is named by a tag of the instance, by the last word of the command's comment, or,
 * when there is no comment, by a word in its text.
 */
const matches = ({ match }: CommandAnswer, command: Command, { tags, image }: InstanceRecord): boolean => {
  const text = readScript(command);
  const tagged = (ending: string, value: string): boolean =>
    Object.entries(tags).some(([key, held]) => key.toLowerCase().endsWith(ending) && held === value);
  const named = (suite: string): boolean =>
    command.comment === '' ? readWords(text).includes(suite) : readWords(command.comment).at(-1) === suite;
  return (
    (match.pipelineTag === undefined || tagged('pipeline', match.pipelineTag)) &&
    (match.imageName === undefined || image.name.startsWith(match.imageName)) &&
    (match.suite === undefined || tagged('suite', match.suite) || named(match.suite)) &&
    (match.contains === undefined || `${command.comment}\n${text}`.includes(match.contains))
  );
};

const readWords = (text: string): string[] => text.split(/[^A-Za-z0-9_.-]+/).filter((word) => word !== '');

/** Emits both events of a status change [D:systems-manager/userguide/monitoring-systems-manager-event-examples]. */
const emitEvents = (world: World, command: Command, invocation: Invocation): void => {
  const { account, region } = command;
  const arnOf = (instanceId: string): string => `arn:aws:ec2:${region}:${account}:instance/${instanceId}`;
  const about = {
    'command-id': command.id,
    'document-name': command.documentName,
    'requested-date-time': command.requestedAt.toISOString(),
  };
  world.emit({
    account,
    region,
    source: 'aws.ssm',
    detailType: 'EC2 Command Invocation Status-change Notification',
    resources: [arnOf(invocation.instanceId)],
    detail: { ...about, 'instance-id': invocation.instanceId, status: invocation.status },
  });
  const status = summarizeStatus(command);
  if (status === command.announced) return;
  command.announced = status;
  world.emit({
    account,
    region,
    source: 'aws.ssm',
    detailType: 'EC2 Command Status-change Notification',
    resources: command.invocations.map(({ instanceId }) => arnOf(instanceId)),
    detail: {
      ...about,
      'expire-after': command.expiresAfter.toISOString(),
      parameters: command.parameters,
      status,
    },
  });
};

import type { Shape } from '../service.ts';
import { type Command, ended, type Invocation, summarizeStatus } from './records.ts';

const plugin = 'aws:runShellScript';

// [M:ssm StandardOutputContent, StandardErrorContent, CommandPluginOutput]
const stdoutLimit = 24_000;
const stderrLimit = 8_000;
const outputLimit = 2_500;

/** A command as SendCommand and ListCommands return it [M:ssm Command]. */
export const describeCommand = (command: Command): Shape => {
  const count = (...statuses: string[]): number =>
    command.invocations.filter(({ status }) => statuses.includes(status)).length;
  const status = summarizeStatus(command);
  return {
    CommandId: command.id,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    Comment: command.comment,
    ExpiresAfter: command.expiresAfter,
    Parameters: command.parameters,
    InstanceIds: command.instanceIds,
    Targets: command.targets.map(({ key, values }) => ({ Key: key, Values: values })),
    RequestedDateTime: command.requestedAt,
    Status: status,
    StatusDetails: status,
    OutputS3BucketName: '',
    OutputS3KeyPrefix: '',
    MaxConcurrency: '50',
    MaxErrors: '0',
    TargetCount: command.invocations.length,
    CompletedCount: command.invocations.filter((invocation) => ended(invocation.status)).length,
    ErrorCount: count('Failed', 'TimedOut'),
    DeliveryTimedOutCount: command.invocations.filter(
      ({ statusDetails }) => statusDetails === 'DeliveryTimedOut',
    ).length,
    ServiceRole: '',
    TimeoutSeconds: command.timeoutSeconds,
  };
};

/** One invocation as GetCommandInvocation returns it. */
export const invocationResult = (command: Command, invocation: Invocation): Shape => ({
  CommandId: command.id,
  InstanceId: invocation.instanceId,
  Comment: command.comment,
  DocumentName: command.documentName,
  DocumentVersion: '$DEFAULT',
  PluginName: plugin,
  ResponseCode: invocation.responseCode,
  ExecutionStartDateTime: invocation.startedAt?.toISOString() ?? '',
  ExecutionElapsedTime: formatElapsed(invocation),
  ExecutionEndDateTime: invocation.endedAt?.toISOString() ?? '',
  Status: invocation.status,
  StatusDetails: invocation.statusDetails,
  StandardOutputContent: invocation.stdout.slice(0, stdoutLimit),
  StandardOutputUrl: '',
  StandardErrorContent: invocation.stderr.slice(0, stderrLimit),
  StandardErrorUrl: '',
});

/** One invocation as ListCommandInvocations returns it; its plugins only with `Details`. */
export const invocationSummary = (command: Command, invocation: Invocation, details: boolean): Shape => ({
  CommandId: command.id,
  InstanceId: invocation.instanceId,
  InstanceName: '',
  Comment: command.comment,
  DocumentName: command.documentName,
  DocumentVersion: '$DEFAULT',
  RequestedDateTime: command.requestedAt,
  Status: invocation.status,
  StatusDetails: invocation.statusDetails,
  StandardOutputUrl: '',
  StandardErrorUrl: '',
  CommandPlugins: details
    ? [
        {
          Name: plugin,
          Status: invocation.status === 'Cancelling' ? 'InProgress' : invocation.status,
          StatusDetails: invocation.statusDetails,
          ResponseCode: invocation.responseCode,
          ResponseStartDateTime: invocation.startedAt,
          ResponseFinishDateTime: invocation.endedAt,
          Output: formatOutput(invocation).slice(0, outputLimit),
          StandardOutputUrl: '',
          StandardErrorUrl: '',
        },
      ]
    : [],
  ServiceRole: '',
});

const formatOutput = ({ stdout, stderr }: Invocation): string =>
  stderr === '' ? stdout : `${stdout}\n----------ERROR-------\n${stderr}`;

const formatElapsed = ({ startedAt, endedAt }: Invocation): string =>
  startedAt === undefined || endedAt === undefined
    ? ''
    : `PT${((endedAt.getTime() - startedAt.getTime()) / 1000).toFixed(3)}S`;

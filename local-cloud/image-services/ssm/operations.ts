import * as z from 'zod';
import type { Call, Operation, Shape, World } from '../service.ts';
import { describeCommand, invocationResult, invocationSummary } from './describe-commands.ts';
import {
  invalidCommandId,
  invalidDocument,
  invalidFilter,
  invalidInstances,
  invalidNextToken,
  invalidParameters,
  noInvocation,
  validation,
} from './errors.ts';
import { describeNode, type Nodes } from './nodes.ts';
import { type Command, type Invocation, summarizeStatus } from './records.ts';
import { cancelInvocation, runCommand } from './run.ts';
import { findTargets } from './targets.ts';

interface Context {
  readonly world: World;
  readonly nodes: Nodes;
  readonly commands: Command[];
}

const instanceIds = z.array(z.string().regex(/^(?:i|mi)-[0-9a-f]{8,17}$/)).max(50);

// [M:ssm SendCommandRequest]
const sendSchema = z.object({
  DocumentName: z.string(),
  InstanceIds: instanceIds.default([]),
  Targets: z
    .array(z.object({ Key: z.string(), Values: z.array(z.string()) }))
    .max(5)
    .default([]),
  TimeoutSeconds: z.int().min(30).max(2_592_000).default(3600),
  Comment: z.string().max(100).default(''),
  Parameters: z.record(z.string(), z.array(z.string())).default({}),
});

const pageSchema = z.object({
  MaxResults: z.int().min(1).max(50).default(50),
  NextToken: z.string().optional(),
});
const filtersSchema = z.array(z.object({ key: z.string(), value: z.string() })).default([]);
const listSchema = pageSchema.extend({
  CommandId: z.string().optional(),
  InstanceId: z.string().optional(),
  Filters: filtersSchema,
  Details: z.boolean().default(false),
});

const describeSchema = pageSchema.extend({
  MaxResults: z.int().min(5).max(50).default(50),
  Filters: z.array(z.object({ Key: z.string(), Values: z.array(z.string()) })).default([]),
  InstanceInformationFilterList: z
    .array(z.object({ key: z.string(), valueSet: z.array(z.string()) }))
    .default([]),
});

export const createOperations = (context: Context): Record<string, Operation> => ({
  SendCommand: async (input, call) => ({ Command: describeCommand(await send(context, input, call)) }),

  // For a moment after SendCommand the invocation does not exist yet, as on AWS.
  GetCommandInvocation: (input, call) => {
    const request = read(z.object({ CommandId: z.string(), InstanceId: z.string() }), input);
    const command = own(context, call).find(({ id }) => id === request.CommandId);
    const invocation = command?.invocations.find(({ instanceId }) => instanceId === request.InstanceId);
    if (command === undefined || invocation === undefined) throw noInvocation();
    if (context.world.clock.elapsed() < command.visibleAt) throw noInvocation();
    return invocationResult(command, invocation);
  },

  ListCommands: (input, call) => {
    const request = read(listSchema, input);
    const { page, ...rest } = takePage(listed(context, call, request), request);
    return { Commands: page.map(describeCommand), ...rest };
  },

  ListCommandInvocations: (input, call) => {
    const request = read(listSchema, input);
    const pairs = listed(context, call, request).flatMap((command) =>
      command.invocations
        .filter(({ instanceId }) => request.InstanceId === undefined || request.InstanceId === instanceId)
        .map((invocation) => ({ command, invocation })),
    );
    const { page, ...rest } = takePage(pairs, request);
    return {
      CommandInvocations: page.map(({ command, invocation }) =>
        invocationSummary(command, invocation, request.Details),
      ),
      ...rest,
    };
  },

  CancelCommand: (input, call) => {
    const request = read(z.object({ CommandId: z.string(), InstanceIds: instanceIds.default([]) }), input);
    const command = own(context, call).find(({ id }) => id === request.CommandId);
    if (command === undefined) throw invalidCommandId();
    for (const invocation of command.invocations) {
      if (request.InstanceIds.length === 0 || request.InstanceIds.includes(invocation.instanceId)) {
        cancelInvocation(context.world, command, invocation);
      }
    }
    return {};
  },

  DescribeInstanceInformation: async (input, call) => {
    const request = read(describeSchema, input);
    const filters = [
      ...request.Filters.map(({ Key, Values }) => ({ key: Key, values: Values })),
      ...request.InstanceInformationFilterList.map(({ key, valueSet }) => ({ key, values: valueSet })),
    ];
    const managed = await context.nodes.managed(call.account, call.region);
    const information = managed
      .map((instance) => ({ instance, document: describeNode(context.world, instance) }))
      .filter(({ instance, document }) =>
        filters.every(({ key, values }) => {
          if (key.startsWith('tag:')) return values.includes(instance.tags[key.slice('tag:'.length)] ?? '');
          const member = {
            InstanceIds: 'InstanceId',
            PingStatus: 'PingStatus',
            PlatformTypes: 'PlatformType',
            ResourceType: 'ResourceType',
          }[key];
          if (member === undefined) throw invalidFilter(key);
          return values.includes(String(document[member]));
        }),
      );
    const { page, ...rest } = takePage(information, request);
    return { InstanceInformationList: page.map(({ document }) => document), ...rest };
  },
});

const send = async ({ world, nodes, commands }: Context, input: Shape, call: Call): Promise<Command> => {
  const request = read(sendSchema, input);
  if (request.DocumentName !== 'AWS-RunShellScript') throw invalidDocument(request.DocumentName);
  if ((request.InstanceIds.length === 0) === (request.Targets.length === 0)) {
    throw validation('Specify either InstanceIds or Targets.');
  }
  const { executionTimeout } = checkParameters(request.Parameters);
  const offline: string[] = [];
  for (const id of request.InstanceIds)
    if ((await nodes.online(id, call.account, call.region)) === undefined) offline.push(id);
  if (offline.length > 0) throw invalidInstances(offline, call.account);
  const targets = request.Targets.map(({ Key, Values }) => ({ key: Key, values: Values }));
  const instances = [...new Set([...request.InstanceIds, ...(await findTargets(nodes, call, targets))])];
  const requestedAt = world.clock.now();
  const command: Command = {
    id: world.ids.uuid(),
    account: call.account,
    region: call.region,
    documentName: request.DocumentName,
    comment: request.Comment,
    parameters: request.Parameters,
    instanceIds: request.InstanceIds,
    targets,
    timeoutSeconds: request.TimeoutSeconds,
    executionTimeout,
    requestedAt,
    // The total timeout covers delivery and execution [D:systems-manager/userguide/monitor-commands].
    expiresAfter: new Date(requestedAt.getTime() + (request.TimeoutSeconds + executionTimeout) * 1000),
    visibleAt: world.clock.elapsed() + world.timings.commandVisible,
    invocations: instances.map(pending),
    announced: 'Pending',
  };
  commands.unshift(command);
  runCommand(world, nodes, command);
  return command;
};

const pending = (instanceId: string): Invocation => ({
  instanceId,
  status: 'Pending',
  statusDetails: 'Pending',
  responseCode: -1,
  stdout: '',
  stderr: '',
});

/** Parameters of AWS-RunShellScript: `commands`, `workingDirectory`, `executionTimeout` (1 to 172800 s, default 3600). */
const checkParameters = (parameters: Record<string, string[]>): { executionTimeout: number } => {
  const unknown = Object.keys(parameters).filter(
    (name) => !['commands', 'workingDirectory', 'executionTimeout'].includes(name),
  );
  if (unknown.length > 0) throw invalidParameters(`The document has no parameter ${unknown.join(', ')}.`);
  if ((parameters.commands ?? []).length === 0)
    throw invalidParameters('The parameter commands is required.');
  const text = parameters.executionTimeout?.[0] ?? '3600';
  const executionTimeout = Number(text);
  if (!/^[1-9][0-9]*$/.test(text) || executionTimeout > 172_800) {
    throw invalidParameters(`executionTimeout must be 1 to 172800 seconds, not '${text}'.`);
  }
  return { executionTimeout };
};

const own = ({ commands }: Context, call: Call): Command[] =>
  commands.filter(({ account, region }) => account === call.account && region === call.region);

const listed = (context: Context, call: Call, request: z.infer<typeof listSchema>): Command[] =>
  own(context, call)
    .filter(({ id }) => request.CommandId === undefined || request.CommandId === id)
    .filter(
      ({ invocations }) =>
        request.InstanceId === undefined ||
        invocations.some((entry) => entry.instanceId === request.InstanceId),
    )
    .filter((command) => request.Filters.every((filter) => holds(command, filter)));

const holds = (command: Command, { key, value }: { key: string; value: string }): boolean => {
  switch (key) {
    case 'Status':
      return summarizeStatus(command) === value;
    case 'DocumentName':
      return command.documentName === value;
    case 'InvokedAfter':
      return command.requestedAt >= new Date(value);
    case 'InvokedBefore':
      return command.requestedAt < new Date(value);
    default:
      throw invalidFilter(key);
  }
};

const takePage = <T>(
  entries: readonly T[],
  { MaxResults, NextToken }: { MaxResults: number; NextToken?: string | undefined },
): { page: T[]; NextToken?: string } => {
  const start = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, 'base64url').toString());
  if (!Number.isInteger(start) || start < 0) throw invalidNextToken();
  const page = entries.slice(start, start + MaxResults);
  const end = start + page.length;
  return end < entries.length
    ? { page, NextToken: Buffer.from(String(end)).toString('base64url') }
    : { page };
};

const read = <S extends z.ZodType>(schema: S, input: Shape): z.infer<S> => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw validation(`1 validation error detected: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
};

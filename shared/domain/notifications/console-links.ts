/** Links that open in the console of AWS; undefined rather than a link that leads nowhere. Pure. */

/** The other partitions have no console that is reached from everywhere. */
const CONSOLES: Readonly<Record<string, string>> = {
  aws: 'console.aws.amazon.com',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
  'aws-cn': 'console.amazonaws.cn',
};

/** Of an execution of a state machine, by its ARN. */
export function executionLink(execution: string): string | undefined {
  return consolePage(execution, 'states', `#/v2/executions/details/${execution}`);
}

/** Of a log as we name it, `<group>:<stream>`, in the region of the execution that it was written for. */
export function logLink(log: string, execution: string): string | undefined {
  const [, group, stream] = /^(\/[^:]+):([^:]+)$/.exec(log) ?? [];
  if (group === undefined || stream === undefined) return undefined;
  return consolePage(
    execution,
    'cloudwatch',
    `#logsV2:log-groups/log-group/${encodeConsoleName(group)}/log-events/${encodeConsoleName(stream)}`,
  );
}

function consolePage(execution: string, service: string, page: string): string | undefined {
  const [, partition = '', region = ''] = /^arn:([a-z-]+):states:([a-z0-9-]+):\d+:/.exec(execution) ?? [];
  const host = CONSOLES[partition];
  return host === undefined ? undefined : `https://${region}.${host}/${service}/home?region=${region}${page}`;
}

/** CloudWatch's pages read names that are encoded twice, with `$` for the `%` that would be decoded on the way. */
function encodeConsoleName(name: string): string {
  return encodeURIComponent(encodeURIComponent(name)).replaceAll('%', '$');
}

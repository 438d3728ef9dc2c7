import type { RecordedAction } from '../recorder.ts';
import { dynamodbActions } from './dynamodb.ts';
import type { Operation, Scope } from './operation.ts';
import { isRecord } from './operations.ts';
import { s3Actions } from './s3.ts';

/** Names of a service's IAM actions and ARNs of its resources, as far as they do not follow from the operation. */
interface Naming {
  /** IAM prefix, where it is not the signing name. */
  prefix?: string;
  /** IAM actions of operations that have another name. */
  actions?: Record<string, string>;
  /** ARNs of the resources that the request names; `*` when it names none. */
  resources?(operation: Operation, scope: Scope): string[];
}

/**
 * The IAM actions that AWS checks for a request, each on the resource that the request names.
 * Names: docs.aws.amazon.com/service-authorization/latest/reference.
 */
export function findActions(service: string, operation: Operation, scope: Scope): RecordedAction[] {
  if (service === 'dynamodb') return unique(dynamodbActions(operation, scope));
  if (service === 's3') return s3Actions(operation);
  if (service === 'apigateway') return apiGatewayActions(operation, scope);
  if (operation.name === 'GetCallerIdentity') return []; // No permission is needed. [D:API_GetCallerIdentity]
  const naming = namings[service] ?? {};
  const action = `${naming.prefix ?? service}:${naming.actions?.[operation.name] ?? operation.name}`;
  const resources = naming.resources?.(operation, scope) ?? [];
  const actions = (resources.length > 0 ? resources : ['*']).map((resource) => ({ action, resource }));
  return unique([...actions, ...passedRoles(service, operation), ...sessionRights(service, operation)]);
}

const namings: Record<string, Naming> = {
  sqs: {
    actions: {
      SendMessageBatch: 'SendMessage',
      DeleteMessageBatch: 'DeleteMessage',
      ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
    },
    resources: ({ input }, scope) =>
      texts(input.QueueUrl)
        .map((url) => queueArn(url, scope))
        .concat(texts(input.QueueName).map((name) => `arn:aws:sqs:${scope.region}:${scope.account}:${name}`)),
  },
  sns: {
    actions: { PublishBatch: 'Publish' },
    resources: ({ input }) =>
      [...texts(input.TopicArn), ...texts(input.TargetArn)].concat(
        // A subscription's ARN is its topic's and an id more; its actions are checked on the topic.
        texts(input.SubscriptionArn).map((arn) => arn.split(':').slice(0, 6).join(':')),
      ),
  },
  states: {
    resources: ({ input }) => [
      ...texts(input.stateMachineArn),
      ...texts(input.executionArn),
      ...texts(input.activityArn),
      ...texts(input.resourceArn),
    ],
  },
  kms: {
    resources: ({ input }, scope) =>
      texts(input.KeyId).map((key) => (key.startsWith('arn:') ? key : kmsArn(key, scope))),
  },
  ssm: {
    resources: ({ input }, scope) =>
      [...texts(input.Name), ...texts(input.Names), ...texts(input.Path), ...texts(input.ResourceId)].map(
        (name) => parameterArn(name, scope),
      ),
  },
  ecr: {
    resources: ({ input }, { region, account }) =>
      texts(input.repositoryName).map(
        (name) => `arn:aws:ecr:${region}:${input.registryId ?? account}:repository/${name}`,
      ),
  },
  events: {
    resources: ({ name, input }, scope) => {
      if (name === 'PutEvents') {
        return list(input.Entries).map((entry) =>
          busArn(isRecord(entry) ? entry.EventBusName : undefined, scope),
        );
      }
      const rule = name.includes('Rule') ? input.Name : input.Rule;
      const bus = input.EventBusName && input.EventBusName !== 'default' ? `${input.EventBusName}/` : '';
      return texts(rule).map(
        (found) => `arn:aws:events:${scope.region}:${scope.account}:rule/${bus}${found}`,
      );
    },
  },
  lambda: {
    actions: { Invoke: 'InvokeFunction' },
    resources: ({ input }, scope) =>
      texts(input.FunctionName).map((name) =>
        name.startsWith('arn:') ? name : `arn:aws:lambda:${scope.region}:${scope.account}:function:${name}`,
      ),
  },
  sts: {
    resources: ({ input }) => texts(input.RoleArn),
  },
  scheduler: {
    resources: ({ name, input }, scope) => {
      const group = input.groupName ?? input.GroupName ?? 'default';
      const arn = `arn:aws:scheduler:${scope.region}:${scope.account}`;
      return texts(input.Name).map((found) =>
        name.endsWith('Group') ? `${arn}:schedule-group/${found}` : `${arn}:schedule/${group}/${found}`,
      );
    },
  },
  'execute-api': {
    resources: ({ input }, { region, account }) =>
      texts(input.api).map(
        (api) =>
          `arn:aws:execute-api:${region}:${account}:${api}/${input.stage}/${input.method}/${input.route}`,
      ),
  },
  monitoring: { prefix: 'cloudwatch' },
  cloudformation: {
    resources: ({ input }, scope) =>
      texts(input.StackName).map((stack) =>
        stack.startsWith('arn:')
          ? stack
          : `arn:aws:cloudformation:${scope.region}:${scope.account}:stack/${stack}/*`,
      ),
  },
  secretsmanager: { resources: ({ input }) => texts(input.SecretId) },
  iam: {
    resources: ({ input }, { account }) => {
      const profiles = texts(input.InstanceProfileName);
      return profiles.length > 0
        ? profiles.map((name) => `arn:aws:iam::${account}:instance-profile/${name}`)
        : texts(input.RoleName).map((name) => `arn:aws:iam::${account}:role/${name}`);
    },
  },
};

/** Roles that a request passes to a service: they require iam:PassRole. */
function passedRoles(service: string, { name, input }: Operation): RecordedAction[] {
  if (service !== 'scheduler' || !['CreateSchedule', 'UpdateSchedule'].includes(name)) return [];
  const target = isRecord(input.Target) ? input.Target : {};
  return texts(target.RoleArn).map((resource) => ({
    action: 'iam:PassRole',
    resource,
    context: { 'iam:PassedToService': 'scheduler.amazonaws.com' },
  }));
}

/** A session's tags and source identity need permissions of their own. [D:IAM/id_session-tags, id_credentials_temp_control-access_monitor] */
function sessionRights(service: string, { name, input }: Operation): RecordedAction[] {
  if (service !== 'sts' || name !== 'AssumeRole') return [];
  const rights = [];
  if ('Tags.member.1.Key' in input) rights.push('sts:TagSession');
  if ('SourceIdentity' in input) rights.push('sts:SetSourceIdentity');
  return rights.flatMap((action) => texts(input.RoleArn).map((resource) => ({ action, resource })));
}

/** Management operations of API Gateway are permitted by method and path. [D:apigateway/api-gateway-control-access-using-iam-policies-to-invoke-api] */
function apiGatewayActions({ name }: Operation, { region }: Scope): RecordedAction[] {
  const [method = '', path = ''] = name.split(' ');
  return [{ action: `apigateway:${method}`, resource: `arn:aws:apigateway:${region}::${path}` }];
}

function queueArn(url: string, { region, account }: Scope): string {
  const [name, owner] = url.split('/').reverse();
  return `arn:aws:sqs:${region}:${/^\d{12}$/.test(owner ?? '') ? owner : account}:${name}`;
}

function kmsArn(key: string, { region, account }: Scope): string {
  return `arn:aws:kms:${region}:${account}:${key.startsWith('alias/') ? key : `key/${key}`}`;
}

function parameterArn(name: string, { region, account }: Scope): string {
  if (name.startsWith('arn:')) return name.replace(/:\d+$/, '');
  const bare = name.replace(/^\//, '').replace(/:[^:/]+$/, '');
  const owner = name.startsWith('/aws/service/') ? '' : account;
  return `arn:aws:ssm:${region}:${owner}:parameter/${bare}`;
}

function busArn(name: unknown, { region, account }: Scope): string {
  const bus = typeof name === 'string' && name !== '' ? name : 'default';
  return bus.startsWith('arn:') ? bus : `arn:aws:events:${region}:${account}:event-bus/${bus}`;
}

/** The strings of a member that is a string, a list of strings, or missing. */
function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string' && item !== '');
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function unique(actions: RecordedAction[]): RecordedAction[] {
  const seen = new Map(actions.map((found) => [JSON.stringify(found), found]));
  return [...seen.values()];
}

/**
 * Reads a packaged CloudFormation template as CloudFormation would deploy it: intrinsic functions become text, ARNs are those that the named
 * resources will have. Enough for policies, queues and alarms; an intrinsic function that it does not know is an error.
 */
import * as z from 'zod';

export const TemplateSchema = z.object({
  Parameters: z
    .record(z.string(), z.looseObject({ Type: z.string(), Default: z.unknown().optional() }))
    .default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Condition: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
  Outputs: z.record(z.string(), z.looseObject({ Value: z.unknown() })).default({}),
});
export type Template = z.output<typeof TemplateSchema>;

export interface StackContext {
  readonly account: string;
  readonly region: string;
  readonly stackName: string;
  /** `aws` unless it is given. */
  readonly partition?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Physical ids or ARNs that are known, e.g. from a deployed stack, by logical id or `LogicalId.Attribute`. */
  readonly known?: Readonly<Record<string, string>>;
}

/** A function that resolves any value of the template. */
export function resolver(template: Template, place: StackContext): (value: unknown) => unknown {
  const pseudo: Readonly<Record<string, string>> = {
    'AWS::AccountId': place.account,
    'AWS::Region': place.region,
    'AWS::Partition': place.partition ?? 'aws',
    'AWS::StackName': place.stackName,
    'AWS::StackId': `arn:aws:cloudformation:${place.region}:${place.account}:stack/${place.stackName}/local`,
    'AWS::URLSuffix': place.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com',
  };

  function reference(name: string): unknown {
    const direct = pseudo[name] ?? place.known?.[name];
    if (direct !== undefined) return direct;
    const parameter = template.Parameters[name];
    if (parameter !== undefined) {
      const value = place.parameters?.[name] ?? parameter.Default ?? `<${name}>`;
      return parameter.Type === 'CommaDelimitedList' ? String(value).split(',') : value;
    }
    const resource = template.Resources[name];
    if (resource === undefined) throw new Error(`The template refers to ${name}, which it does not declare.`);
    return RETURNS_ARN.has(resource.Type) ? attribute(name, 'Arn') : physicalId(name);
  }

  function physicalId(id: string): string {
    const { Type = '', Properties: properties = {} } = template.Resources[id] ?? {};
    if (NAMED_BY_NAME.has(Type) && properties.Name !== undefined) return String(resolve(properties.Name));
    for (const key of NAME_PROPERTIES) {
      if (properties[key] !== undefined) return String(resolve(properties[key]));
    }
    return `${place.stackName}-${id}`;
  }

  function attribute(id: string, name: string): string {
    const known = place.known?.[`${id}.${name}`];
    if (known !== undefined) return known;
    const type = template.Resources[id]?.Type;
    if (type === undefined)
      throw new Error(`The template refers to ${id}.${name}, which it does not declare.`);
    if (name === 'QueueName' || name === 'TopicName' || name === 'Name') return physicalId(id);
    const arn = ARNS[type];
    if (arn !== undefined && (name === 'Arn' || name === 'TopicArn')) {
      return `arn:${place.partition ?? 'aws'}:${arn(physicalId(id), place)}`;
    }
    if (type === 'AWS::DynamoDB::Table' && name === 'StreamArn') return `${attribute(id, 'Arn')}/stream/now`;
    return `<${id}.${name}>`;
  }

  function substituted(text: string, variables: Readonly<Record<string, unknown>>): string {
    return text.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal === '!') return `\${${name}}`;
      if (variables[name] !== undefined) return String(resolve(variables[name]));
      const [id = '', ...rest] = name.split('.');
      return String(rest.length === 0 ? reference(name) : attribute(id, rest.join('.')));
    });
  }

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.filter((entry) => !isAbsent(entry)).map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [only] = entries;
    if (entries.length === 1 && only !== undefined) {
      const [key, argument] = only;
      if (key === 'Ref') return reference(String(argument));
      if (key.startsWith('Fn::')) return intrinsic(key, argument);
    }
    return Object.fromEntries(
      entries.filter(([, entry]) => !isAbsent(entry)).map(([key, entry]) => [key, resolve(entry)]),
    );
  }

  /** A property whose value is `AWS::NoValue` is not there. */
  function isAbsent(value: unknown): boolean {
    const chosen = z
      .strictObject({ 'Fn::If': z.tuple([z.string(), z.unknown(), z.unknown()]) })
      .safeParse(value);
    if (!chosen.success) return z.strictObject({ Ref: z.literal('AWS::NoValue') }).safeParse(value).success;
    const [name, yes, no] = chosen.data['Fn::If'];
    return isAbsent(condition(template.Conditions[name]) ? yes : no);
  }

  function intrinsic(name: string, argument: unknown): unknown {
    const list = Array.isArray(argument) ? argument : [argument];
    switch (name) {
      case 'Fn::GetAtt': {
        const [id = '', ...rest] = typeof argument === 'string' ? argument.split('.') : list.map(String);
        return attribute(id, rest.join('.'));
      }
      case 'Fn::Sub': {
        const variables = z.record(z.string(), z.unknown()).parse(list[1] ?? {});
        return substituted(String(list[0]), variables);
      }
      case 'Fn::Join':
        return z.array(z.string()).parse(resolve(list[1])).join(String(list[0]));
      case 'Fn::Split':
        return String(resolve(list[1])).split(String(list[0]));
      case 'Fn::Select':
        return z.array(z.unknown()).parse(resolve(list[1]))[Number(list[0])];
      case 'Fn::If':
        return resolve(condition(template.Conditions[String(list[0])]) ? list[1] : list[2]);
      default:
        throw new Error(`This reader of templates does not know ${name}.`);
    }
  }

  function condition(value: unknown): boolean {
    const named = z.object({ Condition: z.string() }).safeParse(value);
    if (named.success) return condition(template.Conditions[named.data.Condition]);
    const parsed = z.record(z.string(), z.array(z.unknown())).parse(value);
    const and = parsed['Fn::And'];
    if (and !== undefined) return and.every(condition);
    const or = parsed['Fn::Or'];
    if (or !== undefined) return or.some(condition);
    const equals = parsed['Fn::Equals'];
    if (equals !== undefined) return String(resolve(equals[0])) === String(resolve(equals[1]));
    const not = parsed['Fn::Not'];
    if (not !== undefined) return !condition(not[0]);
    throw new Error(
      `This reader of templates does not know the condition ${Object.keys(parsed).join(', ')}.`,
    );
  }

  return resolve;
}

const NAME_PROPERTIES = [
  'FunctionName',
  'StateMachineName',
  'TableName',
  'QueueName',
  'TopicName',
  'BucketName',
  'LogGroupName',
  'RoleName',
  'InstanceProfileName',
];
/** Types whose name is in a property that others use for something else. */
const NAMED_BY_NAME = new Set(['AWS::Events::Rule', 'AWS::Events::EventBus', 'AWS::Scheduler::Schedule']);
const RETURNS_ARN = new Set(['AWS::StepFunctions::StateMachine', 'AWS::SNS::Topic']);

type BuildArn = (id: string, place: StackContext) => string;
const regional =
  (service: string, prefix = ''): BuildArn =>
  (id, { account, region }) =>
    `${service}:${region}:${account}:${prefix}${id}`;

const ARNS: Readonly<Record<string, BuildArn>> = {
  'AWS::Lambda::Function': regional('lambda', 'function:'),
  'AWS::StepFunctions::StateMachine': regional('states', 'stateMachine:'),
  'AWS::DynamoDB::Table': regional('dynamodb', 'table/'),
  'AWS::DynamoDB::GlobalTable': regional('dynamodb', 'table/'),
  'AWS::SQS::Queue': regional('sqs'),
  'AWS::SNS::Topic': regional('sns'),
  'AWS::Events::EventBus': regional('events', 'event-bus/'),
  'AWS::Events::Rule': regional('events', 'rule/'),
  'AWS::KMS::Key': regional('kms', 'key/'),
  'AWS::Logs::LogGroup': (id, { account, region }) => `logs:${region}:${account}:log-group:${id}:*`,
  'AWS::S3::Bucket': (id) => `s3:::${id}`,
  'AWS::IAM::Role': (id, { account }) => `iam::${account}:role/${id}`,
  'AWS::IAM::InstanceProfile': (id, { account }) => `iam::${account}:instance-profile/${id}`,
};

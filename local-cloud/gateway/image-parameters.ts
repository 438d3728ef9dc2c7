import { randomUUID } from 'node:crypto';
import type { Ec2Api } from '../image-services/ec2/api.ts';
import type { Operation } from './actions/operation.ts';
import type { Answer } from './http.ts';
import type { Launcher } from './launcher-client.ts';

export interface ParameterCaller {
  account: string;
  region: string;
  accessKeyId: string;
}

/** True for PutParameter with the data type `aws:ec2:image`. */
export function isImageParameter(operation: Operation): boolean {
  return operation.name === 'PutParameter' && operation.input.DataType === 'aws:ec2:image';
}

/**
 * The answer to a write of such a value that is good: it is stored a while later. Undefined where Parameter Store refuses the request at once, which
 * then goes to it as it is. [M:ssm PutParameterRequest.DataType]
 */
export async function acceptImageParameter(
  operation: Operation,
  caller: ParameterCaller,
  launcher: Pick<Launcher, 'authorize' | 'readParameter'>,
): Promise<Answer | undefined> {
  const { Name: name, Overwrite: overwrite, Tags: tags } = operation.input;
  if (typeof name !== 'string') return undefined;
  const resource = parameterArn(caller, name);
  const hasTags = Array.isArray(tags) && tags.length > 0;
  if (hasTags && overwrite === true) return undefined;
  for (const action of ['ssm:PutParameter', ...(hasTags ? ['ssm:AddTagsToResource'] : [])])
    if (!(await launcher.authorize({ ...caller, action, resource, context: {} })).allowed) return undefined;
  const current = await launcher.readParameter({ account: caller.account, region: caller.region, name });
  if (current && overwrite !== true) return undefined;
  return versionAnswer((current?.version ?? 0) + 1);
}

/**
 * Parameter Store checks such a value after it has answered: the answer carries the next version, and a value that is no
 * image of that account and region, or that the writer may not describe, is not stored; the failure arrives as an event.
 * [D:systems-manager/userguide/parameter-store-ec2-aliases]
 *
 * Answers undefined when the value is good and the request may go to Parameter Store as it is.
 */
export async function refusedImageParameter(
  operation: Operation,
  caller: ParameterCaller,
  ec2: Pick<Ec2Api, 'findImage'>,
  launcher: Pick<Launcher, 'authorize' | 'readParameter' | 'parameterEvent'>,
): Promise<Answer | undefined> {
  const { Name: name, Value: value, Overwrite: overwrite } = operation.input;
  if (typeof name !== 'string' || typeof value !== 'string') return undefined;
  const { account, region } = caller;
  const ask = (action: string, resource: string) =>
    launcher.authorize({ ...caller, action, resource, context: {} });

  const visible = ec2.findImage(value, account, region) !== undefined;
  if (visible && (await ask('ec2:DescribeImages', '*')).allowed) return undefined;
  const arn = parameterArn(caller, name);
  // A caller without permission, or without `Overwrite` for a parameter that exists, gets Parameter Store's own refusal.
  if (!(await ask('ssm:PutParameter', arn)).allowed) return undefined;
  const current = await launcher.readParameter({ account, region, name });
  if (current && overwrite !== true) return undefined;

  await launcher.parameterEvent({
    account,
    region,
    operation: current ? 'Update' : 'Create',
    name,
    detail: { type: 'String', dataType: 'aws:ec2:image', exception: 'Unable to Describe Resource' },
  });
  return versionAnswer((current?.version ?? 0) + 1);
}

function parameterArn({ account, region }: ParameterCaller, name: string): string {
  return `arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}`;
}

function versionAnswer(version: number): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() },
    body: JSON.stringify({ Tier: 'Standard', Version: version }),
  };
}

import { randomUUID } from 'node:crypto';
import type { Operation } from './actions/operation.ts';
import type { Answer } from './http.ts';
import type { ParameterCaller } from './image-parameters.ts';
import type { Launcher } from './launcher-client.ts';

interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** What PutParameter refuses and MiniStack takes: names, and what cannot be changed in place. Undefined where it may go on. */
export async function refusedParameter(
  operation: Operation,
  caller: ParameterCaller,
  launcher: Pick<Launcher, 'authorize' | 'readParameter'>,
): Promise<Answer | undefined> {
  const { Name: name } = operation.input;
  if (operation.name !== 'PutParameter' || typeof name !== 'string') return undefined;
  const { account, region } = caller;
  const resource = `arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}`;
  const named = refusedName(name);
  const standing = named === undefined ? await launcher.readParameter({ account, region, name }) : undefined;
  const refusal = named ?? (standing && refusedChange(operation.input, standing));
  if (refusal === undefined) return undefined;
  // A caller without permission gets Parameter Store's own refusal.
  const asked = await launcher.authorize({ ...caller, action: 'ssm:PutParameter', resource, context: {} });
  return asked.allowed ? toAnswer(refusal) : undefined;
}

/** [M:ssm PutParameterRequest.Name; D:systems-manager/userguide/sysman-parameter-name-constraints] */
function refusedName(name: string): Refusal | undefined {
  const invalid = (message: string): Refusal => ({ code: 'ValidationException', message });
  const levels = name.split('/').filter((_, index) => index > 0 || !name.startsWith('/'));
  if (/^(?:aws|ssm)/i.test(levels[0] ?? ''))
    return invalid(
      'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
    );
  if (name.includes('/') && !name.startsWith('/'))
    return invalid('Parameter name must be a fully qualified name.');
  if (!levels.every((level) => /^[a-zA-Z0-9_.-]+$/.test(level)))
    return invalid(
      'Parameter name: if formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
    );
  if (levels.length > 15)
    return {
      code: 'HierarchyLevelLimitExceededException',
      message: 'A hierarchy can have a maximum of 15 levels.',
    };
  if (name.length > 1011) return invalid('Parameter name is too long.');
  return undefined;
}

/** Type and data type are those of the first version for ever (docs/aws/ec2-images.md#parameters-that-hold-an-ami). */
function refusedChange(
  { Overwrite, Type = 'String', DataType = 'text' }: Operation['input'],
  standing: { readonly type: string; readonly dataType: string },
): Refusal | undefined {
  if (Overwrite !== true) return undefined;
  if (Type !== standing.type)
    return {
      code: 'HierarchyTypeMismatchException',
      message: `The parameter is a ${standing.type}. Its type cannot be changed.`,
    };
  if (DataType === standing.dataType) return undefined;
  return {
    code: 'ValidationException',
    message: `The parameter has the data type ${standing.dataType}. The data type of an existing parameter cannot be changed.`,
  };
}

function toAnswer({ code, message }: Refusal): Answer {
  return {
    status: 400,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() },
    body: JSON.stringify({ __type: code, message }),
  };
}

import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { Resolve } from './resolver.ts';

const AMI_ID = /^ami-[0-9a-f]{8,17}$/;

export function resolveSsm(client: () => SSMClient): Resolve<'ssm'> {
  return async ({ name, pin }) => {
    // systems-manager/userguide/parameter-store-versions: name:version and name:label
    const Name = pin === undefined ? name : `${name}:${pin}`;
    const answer = await client().send(new GetParameterCommand({ Name }));
    const value = answer.Parameter?.Value ?? '';
    if (!AMI_ID.test(value))
      return { found: false, reason: `The parameter ${Name} does not hold the id of an AMI` };
    return { found: true, version: value, detail: { amiId: value } };
  };
}

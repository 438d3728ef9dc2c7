import * as z from 'zod';
import type { Ec2Api } from '../ec2/api.ts';
import type { Call, Permission, Shape } from '../service.ts';
import type { Nodes } from './nodes.ts';
import { findTargets } from './targets.ts';

const sendSchema = z.looseObject({
  DocumentName: z.string().default(''),
  InstanceIds: z.array(z.string()).default([]),
  Targets: z
    .array(z.looseObject({ Key: z.string().default(''), Values: z.array(z.string()).default([]) }))
    .default([]),
});

/** SendCommand needs the document and every instance; the rest has no resource-level permission [IAM:ssm]. */
export const listPermissions = async (
  ec2: Ec2Api,
  nodes: Nodes,
  operation: string,
  input: Shape,
  call: Call,
): Promise<Permission[]> => {
  const action = `ssm:${operation}`;
  if (operation !== 'SendCommand') return [{ action, resource: '*' }];
  const { DocumentName: document, InstanceIds, Targets } = sendSchema.parse(input);
  const targets = Targets.map(({ Key, Values }) => ({ key: Key, values: Values }));
  const instances = new Set([...InstanceIds, ...(await findTargets(nodes, call, targets))]);
  return [
    // Documents of Amazon have no account in their ARN.
    {
      action,
      resource: `arn:aws:ssm:${call.region}:${/^AWS-/.test(document) ? '' : call.account}:document/${document}`,
    },
    ...[...instances].map((id) => ({
      action,
      resource: `arn:aws:ec2:${call.region}:${call.account}:instance/${id}`,
      context: tagContext(ec2.findInstance(id, call.account, call.region)?.tags ?? {}),
    })),
  ];
};

const tagContext = (tags: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`ssm:resourceTag/${key}`, value],
      [`aws:ResourceTag/${key}`, value],
    ]),
  );

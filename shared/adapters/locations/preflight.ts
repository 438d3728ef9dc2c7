/** Problems that would fail the distribution to one target, found before anything is built, each with its fix. */
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { DistributionFailed } from '../../domain/base/errors.ts';
import { TAGS, toKeyName } from '../../domain/base/naming.ts';
import { findKeyDefect, findRefusedActions, suggestKeyStatements } from '../../domain/keys/image-keys.ts';
import { judgeUse } from '../../domain/keys/key-policy.ts';
import type { LocationProblem } from '../../ports/locations.ts';
import { callAwsForDistribution } from '../aws-refusals.ts';
import { describeKeyWithPolicy, mayEncrypt } from '../kms-keys.ts';
import type { LocationClients } from './clients.ts';
import { describeTemplate } from './launch-templates.ts';
import { IMAGE_DATA_TYPE } from './pointers.ts';

/** `role`: ARN of the role whose rights the clients have. */
type TargetClients = LocationClients & { readonly role: string };

export async function inspectTarget(
  clients: TargetClients,
  request: { readonly key?: string; readonly parameter: string; readonly launchTemplate?: string },
): Promise<readonly LocationProblem[]> {
  const { launchTemplate } = request;
  const key = request.key === undefined ? undefined : toKeyName(clients.installation, request.key);
  const found = await Promise.all([
    ...(key === undefined ? [] : [inspectOrReportRefusal('key', () => inspectKey(clients, key))]),
    inspectOrReportRefusal('parameter', () => inspectParameter(clients, request.parameter)),
    ...(launchTemplate === undefined
      ? []
      : [inspectOrReportRefusal('launchTemplate', () => inspectTemplate(clients, launchTemplate))]),
  ]);
  return found.filter((finding) => finding !== undefined);
}

/** A refusal to read is a problem, too: the message of AWS names the action. */
async function inspectOrReportRefusal(
  field: string,
  inspect: () => Promise<LocationProblem | undefined>,
): Promise<LocationProblem | undefined> {
  try {
    return await inspect();
  } catch (error) {
    if (!(error instanceof DistributionFailed)) throw error;
    const fix =
      'Update the stack of resources/target-account.yml in that account; if a policy of your organisation denies it, allow it there';
    return { field, problem: error.message, fix };
  }
}

/** Copies fail long after CopyImage has answered when the role may not use the key, so that it is asked before. */
async function inspectKey(
  { kms, account, role }: TargetClients,
  key: string,
): Promise<LocationProblem | undefined> {
  const facts = await describeKeyWithPolicy(kms, key);
  const defect = findKeyDefect(key, facts, ABSENT_KEY);
  if (defect !== undefined) return { field: 'key', ...defect };
  if (facts === undefined) return undefined;
  const user = { account, principal: role };
  const refused = findRefusedActions(facts, user, 'encrypt');
  if (refused.length > 0)
    return {
      field: 'key',
      problem: `the policy of the key ${key} does not let the role ${role} use it (${refused.join(', ')})`,
      fix: `Add to the policy of the key: ${suggestKeyStatements([role])}`,
    };
  // A statement with conditions may hold for EC2 alone, so that only one without any lets KMS be asked here.
  const isLeftToAccount =
    facts.policy !== undefined &&
    judgeUse(facts.policy, user, 'kms:GenerateDataKeyWithoutPlaintext') === 'account';
  if (!isLeftToAccount || (await mayEncrypt(kms, facts.arn))) return undefined;
  return {
    field: 'key',
    problem: `the policy of the key ${key} leaves it to the account who may use it, and the role ${role} may not`,
    fix: `Add ${facts.arn} to the parameter ImageKeys of the stack of resources/target-account.yml in that account, or to the policy of the key: ${suggestKeyStatements([role])}`,
  };
}

const ABSENT_KEY =
  'Deploy resources/target-account.yml in that account and region (it makes a key for images), or name a key that exists';

async function inspectParameter(
  clients: LocationClients,
  name: string,
): Promise<LocationProblem | undefined> {
  const answer = await callAwsForDistribution(
    `Reading the parameter ${name}`,
    () => clients.ssm.send(new GetParameterCommand({ Name: name })),
    { absent: ['ParameterNotFound'] },
  );
  const parameter = answer?.Parameter;
  if (parameter === undefined) return undefined;
  const fix = `Name another parameter in distribution.parameter, or delete this one`;
  if (parameter.Type !== 'String')
    return {
      field: 'parameter',
      problem: `the parameter ${name} stands already and is a ${parameter.Type}, not a String`,
      fix,
    };
  // Neither can be changed in a parameter that stands (systems-manager/userguide/parameter-store-data-types).
  if (parameter.DataType !== IMAGE_DATA_TYPE)
    return {
      field: 'parameter',
      problem: `the parameter ${name} stands already with the data type ${parameter.DataType ?? 'text'}, and no parameter changes to ${IMAGE_DATA_TYPE}`,
      fix: `Delete it, so that it is made anew with the first release (whoever reads it finds nothing until then), or name another one in distribution.parameter`,
    };
  if (!/^ami-[0-9a-f]{8,17}$/.test(parameter.Value ?? ''))
    return {
      field: 'parameter',
      problem: `the parameter ${name} stands already and holds something else than an AMI`,
      fix,
    };
  return undefined;
}

async function inspectTemplate(
  clients: LocationClients,
  template: string,
): Promise<LocationProblem | undefined> {
  const found = await describeTemplate(clients.ec2, template);
  if (found === undefined)
    return {
      field: 'launchTemplate',
      problem: `there is no launch template ${template}`,
      fix: 'Create it (its default version is taken as the pattern for new ones), or take it out of the definition',
    };
  const marked = (found.Tags ?? []).some(({ Key, Value }) => Key === TAGS.managed && Value === 'true');
  if (marked) return undefined;
  return {
    field: 'launchTemplate',
    problem: `the launch template ${template} is not given to Ovenbird`,
    fix: `Tag it ${TAGS.managed}=true: the role in the target may only change templates with that tag`,
  };
}

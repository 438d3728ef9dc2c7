/** Problems that would fail the distribution to one target, found before anything is built, each with its fix. */
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { DistributionFailed } from '../../domain/base/errors.ts';
import { TAGS } from '../../domain/base/naming.ts';
import { callAwsForDistribution } from '../aws-refusals.ts';
import { describeKey, findKeyDefect } from '../kms-keys.ts';
import type { LocationClients } from './clients.ts';
import { describeTemplate } from './launch-templates.ts';

interface PreflightProblem {
  readonly field: string;
  readonly problem: string;
  readonly fix: string;
}

export async function inspectTarget(
  clients: LocationClients,
  request: { readonly key?: string; readonly parameter: string; readonly launchTemplate?: string },
): Promise<readonly PreflightProblem[]> {
  const { key, launchTemplate } = request;
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
  inspect: () => Promise<PreflightProblem | undefined>,
): Promise<PreflightProblem | undefined> {
  try {
    return await inspect();
  } catch (error) {
    if (!(error instanceof DistributionFailed)) throw error;
    const fix =
      'Update the stack of resources/target-account.yml in that account; if a policy of your organisation denies it, allow it there';
    return { field, problem: error.message, fix };
  }
}

async function inspectKey(clients: LocationClients, key: string): Promise<PreflightProblem | undefined> {
  const defect = findKeyDefect(key, await describeKey(clients.kms, key));
  return defect === undefined ? undefined : { field: 'key', ...defect };
}

async function inspectParameter(
  clients: LocationClients,
  name: string,
): Promise<PreflightProblem | undefined> {
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
): Promise<PreflightProblem | undefined> {
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

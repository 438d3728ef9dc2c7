import type { Problem } from '../../domain/base/errors.ts';
import type { PipelineRecord } from '../../domain/records/pipelines.ts';
import type { Ports } from '../../ports/ports.ts';
import type { ParsedDefinition } from './parse-definition.ts';

type Definition = Pick<ParsedDefinition, 'definition'>;

/**
 * Targets that the installation may not distribute to: accounts that are not on its list, or, where an organization decides, that its roles cannot
 * enter. An account that the pipeline has among its targets already is not asked again: preflight says what has become of it.
 */
export async function checkTargetAccounts(
  { targetAccounts }: Pick<Ports, 'targetAccounts'>,
  { definition }: Definition,
  before: PipelineRecord | undefined,
): Promise<Problem[]> {
  const { targets } = definition.distribution;
  const standing = new Set(before?.spec.targets.map((target) => target.split('/')[0]));
  const regions = new Map(
    targets
      .filter(({ account }) => targetAccounts.includes(account) && !standing.has(account))
      .map(({ account, regions: [region = ''] }) => [account, region]),
  );
  const closed = await targetAccounts.findClosed(
    [...regions].map(([account, region]) => ({ account, region })),
  );
  const problems = new Map(closed.map(({ account, problem }) => [account, problem]));
  return targets.flatMap(({ account }, index) => {
    const field = `distribution.targets[${index}].account`;
    if (!targetAccounts.includes(account)) return [describeStranger(field, account)];
    const message = problems.get(account);
    return message === undefined ? [] : [{ field, message, fix: describeOnboarding(account) }];
  });
}

function describeStranger(field: string, account: string): Problem {
  return {
    field,
    message: `${account} is no target account of this installation`,
    fix: 'Correct it, or have it added to the parameter TargetAccounts and deploy again (docs/operations/deploy.md).',
  };
}

function describeOnboarding(account: string): string {
  return `Deploy what \`ovenbird targets template\` prints in ${account} (docs/operations/deploy.md, Onboard a target account), and apply again; or correct the account, which must be of the installation's organization.`;
}

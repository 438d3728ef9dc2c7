/** Whether the key that a build encrypts its volumes with lets the image be built, tested and brought to its targets. */
import { DistributionFailed } from '../../domain/base/errors.ts';
import { SHARED_COPY_KEY } from '../../domain/base/naming.ts';
import { findPartition } from '../../domain/base/regions.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import {
  findKeyDefect,
  findRefusedActions,
  type KeyFacts,
  suggestKeyStatements,
} from '../../domain/keys/image-keys.ts';
import type { KeyUser } from '../../domain/keys/key-policy.ts';
import type { DefaultBuildKey } from '../../ports/build-keys.ts';
import type { LocationProblem } from '../../ports/locations.ts';
import type { Ports } from '../../ports/ports.ts';

export type BuildKeyDeps = Pick<Ports, 'home' | 'locations' | 'buildKeys'>;

const FIELD = 'build.key';

export async function findBuildKeyProblems(
  deps: BuildKeyDeps,
  definition: Definition,
): Promise<LocationProblem[]> {
  const { key: named } = definition.build;
  try {
    const chosen = named === undefined ? await deps.buildKeys.readDefault() : undefined;
    const key = named ?? chosen?.key;
    if (key === undefined) return [];
    const facts = await deps.buildKeys.describe(key);
    if (facts?.managedBy === 'AWS')
      return findForeignTargets(deps, definition).length === 0
        ? []
        : [refuseAwsKey(deps, definition, chosen)];
    const defect = findKeyDefect(key, facts, suggestBuildKey(deps));
    if (defect !== undefined)
      return [{ field: FIELD, problem: `${describeChoice(chosen)}${defect.problem}`, fix: defect.fix }];
    return facts === undefined ? [] : findPolicyGaps(deps, definition, facts);
  } catch (error) {
    if (!(error instanceof DistributionFailed)) throw error;
    const fix = 'Let the control account read the key by the policy of the key, or name another one';
    return [{ field: FIELD, problem: error.message, fix }];
  }
}

function describeChoice(chosen: DefaultBuildKey | undefined): string {
  if (chosen === undefined) return '';
  return chosen.chosenBy === 'installation'
    ? 'of the parameter BuildKeyArn: '
    : 'of the encryption by default of the control account: ';
}

/** Targets in other accounts, where the key has to be given away. */
function findForeignTargets({ home }: Pick<BuildKeyDeps, 'home'>, { distribution }: Definition): string[] {
  const accounts = distribution.targets.map(({ account }) => account);
  return [...new Set(accounts)].filter((account) => account !== home.account).sort();
}

function suggestBuildKey({ home }: Pick<BuildKeyDeps, 'home'>): string {
  return `Deploy resources/build-key.yml in ${home.account} in ${home.region}, and give the ARN of its key as the parameter BuildKeyArn or its alias as ${FIELD}`;
}

/** AWSEC2/UserGuide/sharingamis-explicit */
function refuseAwsKey(
  deps: BuildKeyDeps,
  definition: Definition,
  chosen: DefaultBuildKey | undefined,
): LocationProblem {
  return {
    field: FIELD,
    problem: `${describeChoice(chosen)}the image would be encrypted with the AWS managed key aws/ebs, which no other account can be given: ${findForeignTargets(deps, definition).join(', ')}`,
    fix: `${suggestBuildKey(deps)}; or make a customer managed key the default: aws ec2 modify-ebs-default-kms-key-id --region ${deps.home.region} --kms-key-id KEY_ARN`,
  };
}

/** One problem with all statements that the policy lacks. */
function findPolicyGaps(deps: BuildKeyDeps, definition: Definition, facts: KeyFacts): LocationProblem[] {
  const { home } = deps;
  const gaps = listKeyUsers(deps, definition).flatMap(({ user, use, who }) => {
    const actions = findRefusedActions(facts, user, use);
    return actions.length === 0 ? [] : [{ user, text: `${who} (${actions.join(', ')})` }];
  });
  if (gaps.length === 0) return [];
  const principals = [...new Set(gaps.map(({ user }) => toStatementPrincipal(user, home.region)))];
  return [
    {
      field: FIELD,
      problem: `the policy of the key ${facts.arn} does not let ${gaps.map(({ text }) => text).join(', ')} use it`,
      fix: `Add to the policy of the key: ${suggestKeyStatements(principals)}`,
    },
  ];
}

/** A role that may not exist yet cannot be named in a policy; its account can. */
function toStatementPrincipal({ account }: KeyUser, region: string): string {
  return `arn:${findPartition(region)}:iam::${account}:root`;
}

interface PlannedUser {
  readonly user: KeyUser;
  readonly use: 'read' | 'launch';
  readonly who: string;
}

function listKeyUsers({ home, locations }: BuildKeyDeps, { distribution }: Definition): PlannedUser[] {
  const partition = findPartition(home.region);
  const builder = `arn:${partition}:iam::${home.account}:role/aws-service-role/imagebuilder.amazonaws.com/AWSServiceRoleForImageBuilder`;
  const targets = distribution.targets
    .filter(({ account }) => account !== home.account)
    // What is shared in another region is a copy, with a key of that region.
    .filter(({ mode, regions }) => mode === 'copy' || regions.includes(home.region))
    .map(({ account, mode, regions }): PlannedUser => {
      const principal =
        mode === 'copy'
          ? locations.toRoleArn(account, regions[0] ?? home.region)
          : `arn:${partition}:iam::${account}:root`;
      return { user: { account, principal }, use: mode === 'copy' ? 'read' : 'launch', who: principal };
    });
  return [
    { user: { account: home.account, principal: builder }, use: 'launch', who: 'EC2 Image Builder' },
    ...targets,
  ];
}

/** What is shared in a region away from home is a copy there, under a key that a template of its own makes. */
export async function findSharedCopyProblems(
  { home, locations }: Pick<Ports, 'home' | 'locations'>,
  { field, region }: { readonly field: string; readonly region: string },
): Promise<LocationProblem[]> {
  try {
    await locations.openControl(region).artifacts.ami.resolveKey(SHARED_COPY_KEY);
    return [];
  } catch (error) {
    if (!(error instanceof DistributionFailed)) throw error;
    return [
      {
        field: `${field}.regions`,
        problem: `the image is shared from ${home.account}, which has no key for it there (${error.message.replace(/\.$/, '')})`,
        fix: `Deploy resources/shared-images-region.yml in ${home.account} in ${region}`,
      },
    ];
  }
}

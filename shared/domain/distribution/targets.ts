/** The targets of a definition, and how they are named in messages, executions and waits. */

import type { BakeRef } from '../bakes/payloads.ts';
import { executionName, parameterName } from '../base/naming.ts';
import type { Definition } from '../definitions/definition.ts';
import type { TargetRecord } from '../records/distributions.ts';

export type TargetIdentity = Pick<TargetRecord, 'account' | 'region' | 'variant' | 'sharedCopy'>;

/** One variant at one target, as the definition asks for it. */
export type PlannedTarget = TargetIdentity &
  Pick<TargetRecord, 'mode' | 'required' | 'key' | 'parameter' | 'launchTemplate'>;

/** One planned target for each account, region and variant of the definition. */
export function listTargets(definition: Definition): PlannedTarget[] {
  return definition.distribution.targets.flatMap((target) =>
    target.regions.flatMap((region) =>
      definition.variants.map(
        (variant): PlannedTarget => ({
          account: target.account,
          region,
          variant: variant.name,
          mode: target.mode,
          required: target.required,
          sharedCopy: false,
          key: target.key,
          parameter: parameterName(definition.distribution.parameter, definition.name, definition.channel),
          ...(target.launchTemplate === undefined ? {} : { launchTemplate: target.launchTemplate }),
        }),
      ),
    ),
  );
}

/** The nested executions of a plan, one for each region, in the order of their names. */
export function listRegionRuns(
  ref: BakeRef,
  targets: readonly Pick<TargetRecord, 'region'>[],
): { region: string; name: string }[] {
  const regions = [...new Set(targets.map((target) => target.region))].sort();
  return regions.map((region) => ({
    region,
    name: executionName({ ...ref, machine: 'distribute-region', part: region }),
  }));
}

/** How a target is called in messages. */
export function toTargetLabel(target: TargetIdentity): string {
  const name = `${target.account}/${target.region}/${target.variant}`;
  return target.sharedCopy ? `${name} (shared from the control account)` : name;
}

/** Names the copies of a region as the resource of a wait. */
export function copiesResource(ref: BakeRef & { readonly region: string }): string {
  return `${ref.bake}.${ref.attempt}.${ref.region}`;
}

export function parseCopiesResource(resource: string): (BakeRef & { region: string }) | undefined {
  const [bake, attempt, region] = resource.split('.');
  if (bake === undefined || region === undefined || !/^[0-9]+$/.test(attempt ?? '')) return undefined;
  return { bake, attempt: Number(attempt), region };
}

/** Description that the launch template version of a row is found by (ec2 CreateLaunchTemplateVersionRequest.VersionDescription, 255 characters). */
export function describeTemplateVersion(row: Pick<TargetRecord, 'bake' | 'attempt' | 'variant'>): string {
  return `Ovenbird bake ${row.bake}, attempt ${row.attempt}, ${row.variant}`;
}

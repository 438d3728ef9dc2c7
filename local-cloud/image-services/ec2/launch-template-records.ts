import { AwsError } from '../service.ts';
import type { Context } from './context.ts';
import { invalidCombination, missingParameter } from './errors.ts';
import type { LaunchTemplateRecord, LaunchTemplateVersionRecord } from './records.ts';
import type { Location } from './store.ts';

export interface TemplateName {
  LaunchTemplateId?: string | undefined;
  LaunchTemplateName?: string | undefined;
}

/** By id or by name, not both. */
export function findTemplate(
  { store }: Context,
  where: Location,
  request: TemplateName,
): LaunchTemplateRecord {
  const { LaunchTemplateId: id, LaunchTemplateName: name } = request;
  if (id !== undefined && name !== undefined) {
    throw invalidCombination(
      'Only one of the two parameters LaunchTemplateId and LaunchTemplateName can be specified.',
    );
  }
  if (id === undefined && name === undefined) throw missingParameter('LaunchTemplateId');
  const templates = store.at(where).launchTemplates;
  const found =
    id === undefined ? [...templates.values()].find((template) => template.name === name) : templates.get(id);
  if (found === undefined) throw templateNotFound(request);
  return found;
}

export function templateNotFound({ LaunchTemplateId: id, LaunchTemplateName: name }: TemplateName): AwsError {
  if (id !== undefined) {
    return new AwsError(
      'InvalidLaunchTemplateId.NotFound',
      `The specified launch template, with template ID ${id}, does not exist.`,
    );
  }
  return new AwsError(
    'InvalidLaunchTemplateName.NotFoundException',
    `The specified launch template, with template name ${name ?? ''}, does not exist.`,
  );
}

/** `$Latest`, `$Default` or a number. */
export function resolveVersion(template: LaunchTemplateRecord, version: string): LaunchTemplateVersionRecord {
  const latest = template.versions.at(-1)?.number;
  const number =
    version === '$Latest' ? latest : version === '$Default' ? template.defaultVersion : Number(version);
  const found = template.versions.find((candidate) => candidate.number === number);
  if (found === undefined) throw versionNotFound(template, version);
  return found;
}

export function versionNotFound({ id }: LaunchTemplateRecord, version: string): AwsError {
  return new AwsError(
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${version} for the launch template with ID ${id}.`,
  );
}

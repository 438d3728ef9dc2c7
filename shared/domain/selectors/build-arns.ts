/** ARNs of Image Builder with a version, `arn:…:component/harden-ssh/1.x.x`: what kinds that hold one have in common. */
import type { Problem } from '../base/errors.ts';
import { findPartition, type Home, UNKNOWN_HOME } from '../base/regions.ts';
import type { FormPlace } from './kind.ts';

/** `major.minor.patch` in which each node is a number or `x`; once a node is `x` all to its right are (imagebuilder/userguide/ibhow-semantic-versioning). */
const VERSION_OR_WILDCARD = /^(?:x\.x\.x|[0-9]+\.x\.x|[0-9]+\.[0-9]+\.x|[0-9]+\.[0-9]+\.[0-9]+)$/;

/** Who owns what an ARN names: an account, Amazon, a vendor of the Marketplace, a third party (imagebuilder ComponentConfiguration.componentArn, Ownership). */
const OWNER = '(?:[0-9]{12}|aws(?:-[a-z-]+)?|third-party)';
const NAME_AND_VERSION = '[a-z0-9-_]+\\/[0-9x]+\\.[0-9x]+\\.[0-9x]+(?:\\/[0-9]+)?';

/** ARNs of a kind of resource with a version, or also the short form `name/1.x.x`. */
export function createArnPattern(resource: 'component' | 'image', form: 'arn' | 'arn or short'): RegExp {
  const prefix = `arn:aws[a-z-]*:imagebuilder:[a-z0-9-]+:${OWNER}:${resource}\\/`;
  return new RegExp(`^${form === 'arn' ? prefix : `(?:${prefix})?`}${NAME_AND_VERSION}$`);
}

/** The ARN without its version: `arn:...:image/base/1.x.x` and `arn:...:image/base/1.2.3/4` share the topic `arn:...:image/base`. */
export function arnTopic(arn: string): string {
  return arn.split('/').slice(0, 2).join('/');
}

/** Name and version: `harden-ssh/1.x.x`. */
export function removeArnPrefix(arn: string): string {
  return arn.split('/').slice(1).join('/');
}

/** The ARN of a resource of the control account, such as `component/harden-ssh/1.x.x`. */
export function toBuildArn(resource: string, { region, account }: Home): string {
  return `arn:${findPartition(region)}:imagebuilder:${region}:${account}:${resource}`;
}

export function findArnProblems(arn: string, { field, home }: FormPlace): Problem[] {
  return [...findVersionProblems(arn, field), ...findRegionProblems(arn, field, home)];
}

/** A wildcard in the middle (`1.x.8`), which the pattern of an ARN lets pass; a build number is never a wildcard. */
function findVersionProblems(arn: string, field: string): Problem[] {
  const [, , version = ''] = arn.split('/');
  if (VERSION_OR_WILDCARD.test(version)) return [];
  return [
    {
      field,
      message: `${version} is no version: once a number is x, all to its right are x`,
      fix: 'Write for example 1.x.x, 1.2.x or 1.2.3.',
    },
  ];
}

/** Image Builder answers for its own region alone, and builds from what is there (imagebuilder CreateImageRecipeRequest.parentImage). */
function findRegionProblems(arn: string, field: string, { region }: Home): Problem[] {
  const [, , , own] = arn.split(':');
  if (own === region || region === UNKNOWN_HOME.region) return [];
  return [
    {
      field,
      message: `is in ${own}, but images are built in ${region}`,
      fix: `Name what is in ${region}.`,
    },
  ];
}

/** True for a version of the same name whose nodes are those of the ARN wherever it has no `x`. */
export function canArnResolveTo({ arn }: { readonly arn: string }, version: string): boolean {
  const [name, ...wanted] = splitArn(arn);
  const [given, ...nodes] = splitArn(version);
  return given === name && wanted.every((node, index) => node === 'x' || node === nodes[index]);
}

/** `arn:...:component/tool/1.x.x/2` -> name, 1, x, x, 2. */
function splitArn(arn: string): string[] {
  const parts = arn.split('/');
  return [arnTopic(arn), ...(parts[2] ?? '').split('.'), ...parts.slice(3)];
}

/** `1.2.0` means its build `1.2.0/1`, in full. */
export function completeArnVersion({ arn }: { readonly arn: string }, version: string): string {
  if (!/^[0-9]+\.[0-9]+\.[0-9]+(?:\/[0-9]+)?$/.test(version)) return version;
  return `${arnTopic(arn)}/${version}${version.includes('/') ? '' : '/1'}`;
}

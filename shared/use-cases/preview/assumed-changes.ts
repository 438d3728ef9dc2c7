/** What somebody says would move: a selector as definitions write it or as its key, and the version that it would have. */

import { InvalidRequest } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { findPartition, type Home } from '../../domain/base/regions.ts';
import { type SelectorRecord, SelectorRecordSchema } from '../../domain/records/selectors.ts';
import type { Resolution } from '../../ports/selector-resolver.ts';
import type { Table } from '../../ports/table.ts';
import { readMany } from '../store/read.ts';

export interface AssumedChange {
  readonly selector: string;
  readonly version: string;
}

export interface VersionOverride {
  readonly row: SelectorRecord;
  readonly resolution: Extract<Resolution, { found: true }>;
}

/** Throws InvalidRequest for what no pipeline uses, and for what only a release moves. */
export async function readVersionOverrides(
  table: Pick<Table, 'getMany'>,
  home: Home,
  given: readonly AssumedChange[],
): Promise<VersionOverride[]> {
  const found: VersionOverride[] = [];
  for (const { selector, version } of given) {
    if (selector.startsWith('pipeline:'))
      throw new InvalidRequest(
        `${selector} moves when that pipeline releases: give the change that would bake it.`,
        { selector },
      );
    const rows = await readMany(
      table,
      listSelectorKeys(selector, home).map((key) => keys.selector(key)),
      SelectorRecordSchema,
    );
    const row = rows.find((entry) => entry !== undefined);
    if (row === undefined)
      throw new InvalidRequest(
        `No pipeline uses ${selector}. Write it as the definition does, such as component:harden-ssh/1.x.x or ssm:/images/base, or as "ovenbird status NAME --json" lists it.`,
        { selector },
      );
    const resolution = toResolution(row, version);
    if (!canResolveTo(row, resolution.version))
      throw new InvalidRequest(`${selector} can never mean ${version}.`, { selector, version });
    found.push({ row, resolution });
  }
  return found;
}

function listSelectorKeys(given: string, { account, region }: Home): string[] {
  const [, kind, rest = ''] = /^(ssm|ami|component|image|source|container):(.+)$/.exec(given) ?? [];
  switch (kind) {
    case 'ssm':
    case 'ami':
      return [given, `${kind}:${region}:${rest}`];
    case 'component':
    case 'image':
      return [
        given,
        `${kind}:arn:${findPartition(region)}:imagebuilder:${region}:${account}:${kind}/${rest}`,
      ];
    // As a definition may leave its tag out.
    case 'container':
      return [given, `${given}:latest`];
    default:
      return [given];
  }
}

/**
 * A selector of an ARN means versions of that name, node by node as it says where it has no `x`. What is pinned to one version, by its number or
 * as an AMI, means that for ever; a label is put on another one.
 */
function canResolveTo({ selector, version: present }: SelectorRecord, version: string): boolean {
  if (selector.kind === 'ami') return version === selector.id;
  if (selector.kind === 'ssm' && /^[0-9]+$/.test(selector.pin ?? '')) return version === present;
  if (!('arn' in selector)) return true;
  const [name, ...wanted] = splitArn(selector.arn);
  const [given, ...nodes] = splitArn(version);
  return given === name && wanted.every((node, index) => node === 'x' || node === nodes[index]);
}

/** `arn:...:component/tool/1.x.x/2` -> name, 1, x, x, 2. */
function splitArn(arn: string): string[] {
  const parts = arn.split('/');
  return [parts.slice(0, 2).join('/'), ...(parts[2] ?? '').split('.'), ...parts.slice(3)];
}

/** `1.2.0` of a component or an image means its build `1.2.0/1`, in full. */
function toResolution({ selector }: SelectorRecord, version: string): VersionOverride['resolution'] {
  if ('arn' in selector && /^[0-9]+\.[0-9]+\.[0-9]+(?:\/[0-9]+)?$/.test(version)) {
    const name = selector.arn.split('/').slice(0, 2).join('/');
    return { found: true, version: `${name}/${version}${version.includes('/') ? '' : '/1'}`, detail: {} };
  }
  return { found: true, version, detail: version.startsWith('ami-') ? { amiId: version } : {} };
}

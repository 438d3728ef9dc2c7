/** Changes that a preview assumes: a selector as definitions write it or as its key, and the version that it would have. */

import { InvalidRequest } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import type { Home } from '../../domain/base/regions.ts';
import { type SelectorRecord, SelectorRecordSchema } from '../../domain/records/selectors.ts';
import { findKeyKind, findSelectorKind } from '../../domain/selectors/selectors.ts';
import type { Resolution } from '../../ports/selector-resolver.ts';
import type { Table } from '../../ports/table.ts';
import { readFound } from '../store/read.ts';

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
    if (findKeyKind(selector)?.parent !== undefined)
      throw new InvalidRequest(
        `${selector} moves when that pipeline releases: give the change that would bake it.`,
        { selector },
      );
    const named = listSelectorKeys(selector, home).map(keys.selector);
    const [row] = await readFound(table, named, SelectorRecordSchema);
    if (row === undefined)
      throw new InvalidRequest(
        `No pipeline uses ${selector}. Write it as the definition does, such as component:harden-ssh/1.x.x or ssm:/images/base, or as "ovenbird status NAME --json" lists it.`,
        { selector },
      );
    const resolution = toResolution(row, version);
    const { canResolveTo } = findSelectorKind(row.selector);
    if (canResolveTo?.(row.selector, resolution.version, row.version) === false)
      throw new InvalidRequest(`${selector} can never mean ${version}.`, { selector, version });
    found.push({ row, resolution });
  }
  return found;
}

/** The key as it is, and what it stands for where a definition may write it shorter. */
function listSelectorKeys(given: string, home: Home): string[] {
  const rest = given.slice(given.indexOf(':') + 1);
  const complete = findKeyKind(given)?.completeKey?.(rest, home);
  return complete === undefined ? [given] : [given, complete];
}

function toResolution({ selector }: SelectorRecord, version: string): VersionOverride['resolution'] {
  const complete = findSelectorKind(selector).completeVersion?.(selector, version) ?? version;
  return { found: true, version: complete, detail: complete.startsWith('ami-') ? { amiId: complete } : {} };
}

/** Pipelines that a finding concerns: their current release holds the package in a version below its fix. */

import { keys } from '../../domain/base/naming.ts';
import {
  isBelowMinimum,
  isHigherMinimum,
  type MinimumVersionRecord,
  type PackageUseRecord,
  PackageUseRecordSchema,
} from '../../domain/packages/vulnerabilities.ts';
import { PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import type { SelectorDependentRecord } from '../../domain/records/selectors.ts';
import { type PipelineStatus, PipelineStatusSchema } from '../../domain/records/status.ts';
import type { Query, Table } from '../../ports/table.ts';
import { type RecordPage, readMany, readPage } from '../store/read.ts';

/** The minimum version of a package. */
export type PackageFix = Pick<MinimumVersionRecord, 'package' | 'format' | 'version'>;

/** A pipeline that is to be marked, with the minimum versions and the version of its status row as they were read. */
export interface VulnerablePipeline extends SelectorDependentRecord {
  readonly minimumVersions: PipelineStatus['minimumVersions'];
  readonly version: number;
}

type Reader = Pick<Table, 'query' | 'getMany'>;

/** One page of the inventories that hold the package, reduced to the pipelines that have not been marked for the fix. */
export async function readVulnerablePage(
  table: Reader,
  fix: PackageFix,
  page: Pick<Query, 'limit' | 'after'>,
): Promise<RecordPage<VulnerablePipeline>> {
  const { pk } = keys.packageUse(fix.package, '', '');
  const uses = await readPage(table, { pk, prefix: 'PIPELINE#', ...page }, PackageUseRecordSchema);
  return { items: await findVulnerable(table, fix, uses.items), cursor: uses.cursor };
}

/** Pipelines of the inventories that are below the fix; one whose status has the minimum version already is left out. */
export async function findVulnerable(
  table: Pick<Table, 'getMany'>,
  fix: PackageFix,
  uses: readonly PackageUseRecord[],
): Promise<VulnerablePipeline[]> {
  const behind = uses.filter((use) => isBelowMinimum(use, fix));
  const names = behind.map(({ pipeline }) => pipeline);
  const [pipelines, statuses] = await Promise.all([
    readMany(table, names.map(keys.pipeline), PipelineRecordSchema),
    readMany(table, names.map(keys.status), PipelineStatusSchema),
  ]);
  return behind.flatMap(({ pipeline, channel }, index) => {
    const [record, status] = [pipelines[index], statuses[index]];
    // The pipeline releases into another channel by now.
    if (record === undefined || status === undefined || record.spec.channel !== channel) return [];
    if (!isHigherMinimum(fix.format, status.minimumVersions[fix.package]?.version, fix.version)) return [];
    const { debounceSeconds } = record.spec;
    const { minimumVersions, version } = status;
    return [{ selector: `package:${fix.package}`, pipeline, debounceSeconds, minimumVersions, version }];
  });
}

/** Names of affected pipelines: all of them, or some more than `most`. */
export async function listVulnerableNames(table: Reader, fix: PackageFix, most: number): Promise<string[]> {
  const names: string[] = [];
  let after: string | undefined;
  do {
    const page = await readVulnerablePage(table, fix, { limit: 100, after });
    names.push(...page.items.map(({ pipeline }) => pipeline));
    after = page.cursor;
  } while (after !== undefined && names.length <= most);
  return names;
}

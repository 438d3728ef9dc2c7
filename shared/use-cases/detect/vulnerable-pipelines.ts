/** Pipelines that a finding concerns: their current release holds the package in a version below its fix. */

import { keys } from '../../domain/base/naming.ts';
import type { PackageFormat } from '../../domain/packages/versions.ts';
import {
  isBelowMinimum,
  isHigherMinimum,
  type PackageUseRecord,
  PackageUseRecordSchema,
} from '../../domain/packages/vulnerabilities.ts';
import { PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import type { SelectorUserRecord } from '../../domain/records/selectors.ts';
import { type PipelineStatus, PipelineStatusSchema } from '../../domain/records/status.ts';
import type { Table } from '../../ports/table.ts';
import { readMany } from '../store/read.ts';

/** The minimum version of a package. */
export interface PackageFix {
  readonly package: string;
  readonly format: PackageFormat;
  readonly version: string;
}

/** A pipeline that is to be marked, with the minimum versions and the version of its status row as they were read. */
export interface AffectedPipeline extends SelectorUserRecord {
  readonly minimumVersions: PipelineStatus['minimumVersions'];
  readonly version: number;
}

type Reader = Pick<Table, 'query' | 'getMany'>;

/** One page of the inventories that hold the package, reduced to the pipelines that have not been marked for the fix. */
export async function readAffectedPage(
  table: Reader,
  fix: PackageFix,
  page: { readonly limit: number; readonly after?: string | undefined },
): Promise<{ users: AffectedPipeline[]; cursor: string | undefined }> {
  const { items, cursor } = await table.query({
    pk: keys.packageUse(fix.package, '', '').pk,
    prefix: 'PIPELINE#',
    limit: page.limit,
    ...(page.after === undefined ? {} : { after: page.after }),
  });
  const uses = items.map((item) => PackageUseRecordSchema.parse(item));
  return { users: await findAffected(table, fix, uses), cursor };
}

/** Pipelines of the inventories that are below the fix; one whose status has the minimum version already is left out. */
export async function findAffected(
  table: Pick<Table, 'getMany'>,
  fix: PackageFix,
  uses: readonly PackageUseRecord[],
): Promise<AffectedPipeline[]> {
  const behind = uses.filter((use) => isBelowMinimum(use, fix));
  const [pipelines, plannings] = await Promise.all([
    readMany(
      table,
      behind.map(({ pipeline }) => keys.pipeline(pipeline)),
      PipelineRecordSchema,
    ),
    readMany(
      table,
      behind.map(({ pipeline }) => keys.status(pipeline)),
      PipelineStatusSchema,
    ),
  ]);
  return behind.flatMap(({ pipeline, channel }, index) => {
    const [record, status] = [pipelines[index], plannings[index]];
    // The pipeline releases into another channel by now.
    if (record === undefined || status === undefined || record.spec.channel !== channel) return [];
    if (!isHigherMinimum(fix.format, status.minimumVersions[fix.package]?.version, fix.version)) return [];
    const { debounceSeconds } = record.spec;
    const { minimumVersions, version } = status;
    return [{ selector: `package:${fix.package}`, pipeline, debounceSeconds, minimumVersions, version }];
  });
}

/** Names of affected pipelines: all of them, or some more than `most`. */
export async function listAffectedNames(table: Reader, fix: PackageFix, most: number): Promise<string[]> {
  const names: string[] = [];
  let after: string | undefined;
  do {
    const page = await readAffectedPage(table, fix, { limit: 100, after });
    names.push(...page.users.map(({ pipeline }) => pipeline));
    after = page.cursor;
  } while (after !== undefined && names.length <= most);
  return names;
}

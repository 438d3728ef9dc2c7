/** The pipelines that a finding concerns: those whose current release holds the package in a version below its fix. */
import {
  isBelow,
  isRaise,
  type PackageUseRecord,
  PackageUseRecordSchema,
} from '../../domain/findings/findings.ts';
import { keys } from '../../domain/naming.ts';
import { PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import { type PlanningRecord, PlanningRecordSchema } from '../../domain/records/planning.ts';
import type { SelectorUserRecord } from '../../domain/records/selectors.ts';
import type { PackageFormat } from '../../domain/versions/package-versions.ts';
import type { Table } from '../../ports.ts';
import { readMany } from '../store/read.ts';

/** What is wanted of a package from now on. */
export interface Fix {
  readonly package: string;
  readonly format: PackageFormat;
  readonly version: string;
}

/** A pipeline that is to be told, with what has to stand in its planning row for that. */
export interface Affected extends SelectorUserRecord {
  readonly floors: PlanningRecord['floors'];
  readonly version: number;
}

type Reader = Pick<Table, 'query' | 'getMany'>;

/** One page of the inventories that hold the package, and of those the pipelines that have not been told yet. */
export async function affectedPage(
  table: Reader,
  fix: Fix,
  page: { readonly limit: number; readonly after?: string | undefined },
): Promise<{ users: Affected[]; cursor: string | undefined }> {
  const { items, cursor } = await table.query({
    pk: keys.packageUse(fix.package, '', '').pk,
    prefix: 'PIPELINE#',
    limit: page.limit,
    ...(page.after === undefined ? {} : { after: page.after }),
  });
  const uses = items.map((item) => PackageUseRecordSchema.parse(item));
  return { users: await affectedOf(table, fix, uses), cursor };
}

/** Those of the inventories that are behind, of pipelines that have not been told: what a floor asks for already is in their bits. */
export async function affectedOf(
  table: Pick<Table, 'getMany'>,
  fix: Fix,
  uses: readonly PackageUseRecord[],
): Promise<Affected[]> {
  const behind = uses.filter((use) => isBelow(use, fix));
  const [pipelines, plannings] = await Promise.all([
    readMany(
      table,
      behind.map(({ pipeline }) => keys.pipeline(pipeline)),
      PipelineRecordSchema,
    ),
    readMany(
      table,
      behind.map(({ pipeline }) => keys.planning(pipeline)),
      PlanningRecordSchema,
    ),
  ]);
  return behind.flatMap(({ pipeline, channel }, index) => {
    const [record, planning] = [pipelines[index], plannings[index]];
    // What stands in a channel that the pipeline has left is none of its concern any more.
    if (record === undefined || planning === undefined || record.plan.channel !== channel) return [];
    if (!isRaise(fix.format, planning.floors[fix.package]?.version, fix.version)) return [];
    const { debounceSeconds } = record.plan;
    const { floors, version } = planning;
    return [{ selector: `package:${fix.package}`, pipeline, debounceSeconds, floors, version }];
  });
}

/** Names of affected pipelines, until there are more than `most` of them. */
export async function affectedNames(table: Reader, fix: Fix, most: number): Promise<string[]> {
  const names: string[] = [];
  let after: string | undefined;
  do {
    const page = await affectedPage(table, fix, { limit: 100, after });
    names.push(...page.users.map(({ pipeline }) => pipeline));
    after = page.cursor;
  } while (after !== undefined && names.length <= most);
  return names;
}

/**
 * Ends releases that their definitions do not keep and that nothing uses: first marks them, two days later removes them. Every step is a conditional
 * write or a call that may be repeated, so that a run may stop anywhere; the next one goes on.
 */

import * as z from 'zod';
import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { keys, lists } from '../../domain/base/naming.ts';
import { DistributionRecordSchema } from '../../domain/records/distributions.ts';
import type { ReleaseRecord } from '../../domain/records/releases.ts';
import { listArtifacts } from '../../domain/releases/removable-images.ts';
import { decideStep, findReferences, type Reference } from '../../domain/releases/retention.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import { openOwnerStore } from '../distribution/locations.ts';
import { readPage, readRecord } from '../store/read.ts';
import { tryWrite } from '../store/try-write.ts';
import { expectUnchanged } from './expect-unchanged.ts';
import {
  isUnreadable,
  listEnding,
  type PipelineReleases,
  readBuilt,
  readPipelineReleases,
  readUsage,
} from './read-usage.ts';
import { beginRemoval, type RemoveReleaseDeps, removeRelease } from './remove-release.ts';

export interface CleanUpReleasesDeps extends RemoveReleaseDeps {
  /** False when too little time is left to begin with another pipeline. */
  readonly hasTime: () => boolean;
}

export interface CleanedUp {
  readonly marked: number;
  readonly undone: number;
  readonly removed: number;
  /** What stays although the definition does not keep it, and why. */
  readonly kept: readonly {
    readonly pipeline: string;
    readonly release: string;
    readonly why: readonly string[];
  }[];
  /** Errors of single pipelines, which do not stop the others. */
  readonly problems: readonly { readonly pipeline: string; readonly error: unknown }[];
}

const ListedSchema = z.object({ pipeline: z.string() });
const CursorSchema = z.object({ after: z.string() });
const RELEASES_AT_ONCE = 200;

/** All pipelines that have releases, deleted ones too; from where the last run stopped. */
export async function cleanUpReleases(deps: CleanUpReleasesDeps): Promise<CleanedUp> {
  const seen = new Set<string>();
  const done: Mutable = { marked: 0, undone: 0, removed: 0, kept: [], problems: [] };
  const list = { index: 'list', pk: lists.releases, limit: RELEASES_AT_ONCE } as const;
  let after = (await readRecord(deps.table, keys.cleanUp(), CursorSchema))?.after;
  do {
    const page = await readPage(deps.table, { ...list, after }, ListedSchema);
    for (const pipeline of new Set(page.items.map((item) => item.pipeline))) {
      if (seen.has(pipeline)) continue;
      if (!deps.hasTime()) {
        if (after !== undefined) await deps.table.write([{ put: { ...keys.cleanUp(), after } }]);
        return done;
      }
      seen.add(pipeline);
      try {
        await cleanUpPipeline(deps, pipeline, done);
      } catch (error) {
        done.problems.push({ pipeline, error });
      }
    }
    after = page.cursor;
  } while (after !== undefined);
  await deps.table.write([{ delete: keys.cleanUp() }]);
  return done;
}

interface Mutable extends CleanedUp {
  marked: number;
  undone: number;
  removed: number;
  readonly kept: CleanedUp['kept'][number][];
  readonly problems: CleanedUp['problems'][number][];
}

async function cleanUpPipeline(deps: CleanUpReleasesDeps, pipeline: string, done: Mutable): Promise<void> {
  const read = await readPipelineReleases(deps, pipeline);
  if (read === undefined) return;
  const open = listEnding(read);
  if (open.length === 0) return;
  const usage = await readUsage(deps, read, open);
  for (const release of open) {
    const references = findReferences(release, usage);
    const left = await takeStep(deps, read, release, references, usage.recent, done).catch(
      (error: unknown) => {
        if (isUnreadable(error)) return [error.message];
        throw error;
      },
    );
    const why = [...(read.superfluous.has(release.id) ? references.map(({ text }) => text) : []), ...left];
    if (why.length > 0) done.kept.push({ pipeline, release: release.id, why });
  }
}

/** What stays of a release that is being removed. */
async function takeStep(
  deps: CleanUpReleasesDeps,
  read: PipelineReleases,
  release: ReleaseRecord,
  references: readonly Reference[],
  recent: string,
  done: Mutable,
): Promise<readonly string[]> {
  const superfluous = read.superfluous.has(release.id);
  const step = decideStep(release, { superfluous, references, now: deps.clock.now() });
  switch (step.kind) {
    case 'none':
      return [];
    case 'mark': {
      const mark = { cleanUp: 'marked', removeAt: step.removeAt } as const;
      if (!(await save(deps, release, mark))) return [];
      done.marked += 1;
      await announce(deps, { ...release, ...mark });
      return [];
    }
    case 'announce':
      await announce(deps, release);
      return [];
    case 'undo':
      if (!(await save(deps, release, { cleanUp: 'undone' }))) return [];
      done.undone += 1;
      await restore(deps, { ...release, cleanUp: 'undone' });
      return [];
    case 'restore':
      await restore(deps, release);
      return [];
    case 'begin-removal':
      if (!(await beginRemoval(deps, read, release))) return [];
      return await remove(deps, { ...release, cleanUp: 'removing' }, recent, done);
    case 'remove':
      return await remove(deps, release, recent, done);
  }
}

async function remove(
  deps: CleanUpReleasesDeps,
  release: ReleaseRecord,
  recent: string,
  done: Mutable,
): Promise<readonly string[]> {
  const { left } = await removeRelease(deps, release, recent);
  if (left.length === 0) done.removed += 1;
  return left;
}

/** Loses where the release was made current, kept or marked otherwise meanwhile. */
async function save(
  { table }: Pick<CleanUpReleasesDeps, 'table'>,
  release: ReleaseRecord,
  set: Pick<ReleaseRecord, 'cleanUp' | 'removeAt'>,
): Promise<boolean> {
  return await tryWrite(table, [
    {
      update: keys.release(release.pipeline, release.channel, release.id),
      set,
      when: expectUnchanged(release),
    },
  ]);
}

/** Whoever looks at the images sees when they go. */
async function announce(deps: CleanUpReleasesDeps, release: ReleaseRecord): Promise<void> {
  const { removeAt = '' } = release;
  await changeImages(deps, release, async (store, id) => {
    const facts = await store.describe(id);
    if (facts === undefined || (facts.deprecatedAt !== undefined && facts.deprecatedAt <= removeAt)) return;
    await store.retireAt(facts.artifact, removeAt);
  });
  await save(deps, release, { cleanUp: 'announced' });
}

/** The dates that the definition had given the images come back; a date that somebody else set stays. */
async function restore(deps: CleanUpReleasesDeps, release: ReleaseRecord): Promise<void> {
  const { removeAt = '', pipeline, channel, id: own, at } = release;
  const plan = await readRecord(
    deps.table,
    keys.distribution(release.bakes.at(-1)?.bake ?? release.bake),
    DistributionRecordSchema,
  );
  const planned = plan?.deprecateAt;
  await changeImages(deps, release, async (store, id) => {
    const facts = await store.describe(id);
    if (facts?.deprecatedAt === undefined || !isSameMinute(facts.deprecatedAt, removeAt)) return;
    if (planned !== undefined && planned > deps.clock.now().toISOString())
      await store.retireAt(facts.artifact, planned);
    else await store.unretire(facts.artifact);
  });
  await tryWrite(deps.table, [
    {
      update: keys.release(pipeline, channel, own),
      remove: ['cleanUp', 'removeAt'],
      when: { equals: { at, cleanUp: 'undone' } },
    },
  ]);
}

/** EC2 keeps the minute (docs/aws/ec2-images.md#end-of-life). */
function isSameMinute(one: string, other: string): boolean {
  return Math.abs(Date.parse(one) - Date.parse(other)) <= 60_000;
}

async function changeImages(
  deps: CleanUpReleasesDeps,
  release: ReleaseRecord,
  change: (store: Pick<ArtifactStore, 'describe' | 'retireAt' | 'unretire'>, id: string) => Promise<void>,
): Promise<void> {
  const { account: control } = deps.home;
  for (const artifact of listArtifacts(release, await readBuilt(deps, [release]), control)) {
    await change(await openOwnerStore(deps, artifact), findArtifactId(artifact));
  }
}

/**
 * The end of a release, in two parts. One transaction decides it: from then on no bake reuses its images, and none that runs does. Then its images go,
 * those of targets first, each looked at once more; what stops is taken up by the next call.
 */

import { type Artifact, findArtifactId } from '../../domain/artifacts/artifacts.ts';
import { PreflightFailed } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { ArtifactRecordSchema, listBuilds } from '../../domain/records/bakes.ts';
import type { ReleaseRecord } from '../../domain/records/releases.ts';
import { FingerprintRecordSchema } from '../../domain/records/status.ts';
import { listArtifacts } from '../../domain/releases/removable-images.ts';
import type { Engines } from '../../ports/build-engine.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import { openOwnerStore } from '../distribution/locations.ts';
import { readAll, readFound } from '../store/read.ts';
import { tryWrite } from '../store/try-write.ts';
import { expectUnchanged } from './expect-unchanged.ts';
import { isUnreadable, type PipelineReleases, type ReadUsageDeps, readBuilt } from './read-usage.ts';

export interface RemoveReleaseDeps extends Omit<ReadUsageDeps, 'table'>, Pick<Ports, 'table'> {
  readonly engines: Engines<'forget'>;
}

/** Fingerprints of one release differ in their proof alone; a transaction holds 100 writes. */
const FINGERPRINTS_AT_ONCE = 90;

/** False where something has changed since it was read, so that it has to be decided anew. */
export async function beginRemoval(
  { table }: Pick<RemoveReleaseDeps, 'table'>,
  { pipeline, status, channels }: PipelineReleases,
  release: ReleaseRecord,
): Promise<boolean> {
  const own = channels.find(({ channel }) => channel === release.channel);
  return await tryWrite(table, [
    {
      update: keys.release(pipeline, release.channel, release.id),
      set: { cleanUp: 'removing' },
      when: expectUnchanged(release),
    },
    {
      check: keys.status(pipeline),
      when: status === undefined ? { exists: false } : { equals: { version: status.version } },
    },
    {
      check: keys.channel(pipeline, release.channel),
      when: own === undefined ? { exists: false } : { equals: { sequence: own.sequence } },
    },
    ...(await prepareForgottenFingerprints({ table }, release)),
  ]);
}

/** What is wanted again later is built anew. */
async function prepareForgottenFingerprints(
  { table }: Pick<RemoveReleaseDeps, 'table'>,
  { pipeline, bits, bake, bakes }: ReleaseRecord,
): Promise<Write[]> {
  const made = new Set([bake, ...bakes.map((entry) => entry.bake)]);
  const { pk, sk: prefix } = keys.fingerprint(pipeline, bits, '');
  const rows = await readAll(table, { pk, prefix }, FingerprintRecordSchema);
  return rows.slice(0, FINGERPRINTS_AT_ONCE).flatMap((row): Write[] => {
    const key = keys.fingerprint(pipeline, bits, row.proof);
    const { state } = row;
    if (state === 'released' && made.has(row.bake))
      return [{ delete: key, when: { equals: { bake: row.bake, state } } }];
    if (row.retained === undefined || !made.has(row.retained)) return [];
    return [
      {
        update: key,
        remove: ['retained', 'targets'],
        when: { equals: { bake: row.bake, state, retained: row.retained } },
      },
    ];
  });
}

export interface Removal {
  readonly removed: readonly string[];
  /** What stays for now, and why. */
  readonly left: readonly string[];
}

/** May be repeated. The release counts as removed once nothing is left. `recent`: from here on a launch counts as use. */
export async function removeRelease(
  deps: RemoveReleaseDeps,
  release: ReleaseRecord,
  recent: string,
): Promise<Removal> {
  const removed: string[] = [];
  const left: string[] = [];
  const { account: control } = deps.home;
  const built = await readBuilt(deps, [release]);
  for (const artifact of listArtifacts(release, built, control)) {
    // What is copied or shared from here belongs to what is still there.
    if (artifact.account === control && left.length > 0) break;
    const id = findArtifactId(artifact);
    const kept = await removeUnused(deps, release, artifact, recent);
    if (kept.length === 0) removed.push(id);
    else left.push(...kept);
  }
  if (left.length > 0) return { removed, left };
  await forgetBuilds(deps, release);
  await tryWrite(deps.table, [
    {
      update: keys.release(release.pipeline, release.channel, release.id),
      set: { cleanUp: 'removed' },
      when: { equals: { cleanUp: 'removing' } },
    },
  ]);
  return { removed, left };
}

/** Why the artifact stays; nothing where it is gone. */
async function removeUnused(
  deps: RemoveReleaseDeps,
  release: ReleaseRecord,
  artifact: Artifact,
  recent: string,
): Promise<string[]> {
  const id = findArtifactId(artifact);
  const { account, region } = artifact;
  try {
    const store = await openOwnerStore(deps, artifact);
    const isShared = account === deps.home.account;
    const uses = [
      ...(await store.findUses([id])),
      ...(isShared ? await findSharedUses(deps, release, artifact, recent) : []),
    ];
    if (uses.length > 0) return uses.map(({ by }) => `${id} in ${account} ${region}: ${by}`);
    await store.remove(artifact);
    return [];
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return [`${id} in ${account} ${region}: ${error.message}`];
  }
}

/** Uses by the accounts that an artifact of the control account is shared with. */
async function findSharedUses(
  { locations, home }: RemoveReleaseDeps,
  { targets }: ReleaseRecord,
  artifact: Artifact,
  recent: string,
): Promise<{ readonly by: string }[]> {
  const id = findArtifactId(artifact);
  const uses: { by: string }[] = [];
  for (const target of targets) {
    if (findArtifactId(target.artifact) !== id || target.account === home.account) continue;
    try {
      const { artifacts } = await locations.open(target.account, target.region);
      uses.push(...(await artifacts[artifact.kind].findUses([id])));
    } catch (error) {
      if (!(error instanceof PreflightFailed)) throw error;
      const facts = await locations.openControl(artifact.region).artifacts[artifact.kind].describe(id);
      const at = facts?.lastLaunchedAt;
      if (at !== undefined && at > recent) uses.push({ by: `last launched on ${at.slice(0, 10)}` });
    }
  }
  return uses;
}

/** The engine's records of the builds are gone since the release; a function that ended early may have left them. */
async function forgetBuilds(deps: RemoveReleaseDeps, { bake, images }: ReleaseRecord): Promise<void> {
  const wanted = Object.keys(images).map((variant) => keys.artifact(bake, variant));
  for (const row of await readFound(deps.table, wanted, ArtifactRecordSchema)) {
    if (row.reusedFrom === undefined)
      for (const build of listBuilds(row)) await deps.engines[row.engine]().forget(build);
    await deps.table.write([{ update: keys.artifact(bake, row.variant), set: { removed: true } }]);
  }
}

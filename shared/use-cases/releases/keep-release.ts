/** A person keeps a release, whatever its definition says; a mark is taken back with it. */
import { ReleaseGone, ReleaseNotFound } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { isGoing, type ReleaseRecord, ReleaseRecordSchema } from '../../domain/records/releases.ts';
import type { Ports } from '../../ports/ports.ts';
import { readAll } from '../store/read.ts';
import { AGAIN, retryOnConflict } from '../store/retry-on-conflict.ts';
import { tryWrite } from '../store/try-write.ts';
import { expectUnchanged } from './expect-unchanged.ts';

export interface KeepRequest {
  readonly pipeline: string;
  readonly release: string;
  /** False lets the definition decide again. */
  readonly kept: boolean;
  /** ARN of the caller. */
  readonly by: string;
}

/** Throws ReleaseNotFound, and ReleaseGone where its removal has begun. */
export async function keepRelease(
  { table }: Pick<Ports, 'table'>,
  { pipeline, release: id, kept, by }: KeepRequest,
): Promise<ReleaseRecord> {
  return await retryOnConflict(`Release ${id} kept changing.`, async () => {
    const { pk } = keys.pipeline(pipeline);
    const all = await readAll(table, { pk, prefix: 'RELEASE#' }, ReleaseRecordSchema);
    const release = all.find((one) => one.id === id);
    if (release === undefined) throw new ReleaseNotFound(id, pipeline);
    if (isGoing(release)) throw new ReleaseGone(id);
    if ((release.keptBy !== undefined) === kept) return release;
    const { cleanUp, keptBy: _, ...rest } = release;
    const isMarked = kept && cleanUp !== undefined;
    const written = await tryWrite(table, [
      {
        update: keys.release(pipeline, release.channel, id),
        set: { ...(kept ? { keptBy: by } : {}), ...(isMarked ? { cleanUp: 'undone' } : {}) },
        ...(kept ? {} : { remove: ['keptBy'] }),
        when: expectUnchanged(release),
      },
    ]);
    if (!written) return AGAIN;
    return {
      ...rest,
      ...(isMarked ? { cleanUp: 'undone' as const } : cleanUp === undefined ? {} : { cleanUp }),
      ...(kept ? { keptBy: by } : {}),
    };
  });
}

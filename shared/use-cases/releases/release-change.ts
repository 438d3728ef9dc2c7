/**
 * The change that a release is for the pipelines built on it. It is written in the transaction of the release, so that the selector's row always
 * names the release that is current in the channel and no event has to tell of it.
 */

import { keys, parseNonSelectorChange } from '../../domain/base/naming.ts';
import type { BakeRecord } from '../../domain/records/bakes.ts';
import type { ReleaseRecord } from '../../domain/records/releases.ts';
import {
  type ChangeRecord,
  ChangeRecordSchema,
  SelectorRecordSchema,
} from '../../domain/records/selectors.ts';
import { selectorKey } from '../../domain/selectors/selectors.ts';
import type { Limits } from '../../ports/limits.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Write } from '../../ports/table.ts';
import { DEPENDENTS_READ } from '../detect/record-changes.ts';
import { selectorChangeWrites, toChangeRecord } from '../detect/selector-writes.ts';
import { waveWrites } from '../detect/wave-rows.ts';
import { readSelectorDependents } from '../graph/dependents.ts';
import { countWave } from '../graph/wave-size.ts';
import { readMany, readRecord } from '../store/read.ts';

export interface ReleaseChangeDeps extends Pick<Ports, 'table' | 'ids'> {
  readonly limits: Pick<Limits, 'wave'>;
}

export interface ReleaseChange {
  /** The change with its fan-out open; undefined where no pipeline uses the channel, or its release stays the same. */
  readonly change?: string;
  readonly writes: readonly Write[];
}

/** The writes lose when the selector's row has appeared or changed since it was read. */
export async function prepareReleaseChange(
  deps: ReleaseChangeDeps,
  release: Pick<ReleaseRecord, 'id' | 'pipeline' | 'channel' | 'images'>,
  bake: Pick<BakeRecord, 'changes' | 'causes'>,
  at: string,
): Promise<ReleaseChange> {
  const { pipeline, channel } = release;
  const key = selectorKey({ kind: 'pipeline', pipeline, channel });
  const row = await readRecord(deps.table, keys.selector(key), SelectorRecordSchema);
  if (row === undefined) return { writes: [{ check: keys.selector(key), when: { exists: false } }] };
  if (row.version === release.id) return { writes: [] };
  const move = { row, to: release.id, detail: release.images };
  const chain = { causes: [...bake.causes], follows: [...bake.changes], release: release.id };
  const first = toChangeRecord(move, { id: deps.ids.next(), at }, chain);
  const counted = await countReleaseWave(deps, first);
  return {
    change: first.id,
    writes: [...selectorChangeWrites(deps, move, { ...first, ...counted.own }), ...counted.writes],
  };
}

/**
 * A wave belongs to the first change of its chain, which has counted it. A definition, a request and a tick bake one pipeline and count nothing:
 * the wave of their first release is counted here and recorded with that change, unless the pipeline had no release to build on before.
 */
async function countReleaseWave(
  deps: ReleaseChangeDeps,
  change: ChangeRecord,
): Promise<{ readonly own?: Pick<ChangeRecord, 'wave'>; readonly writes: readonly Write[] }> {
  const count = async () =>
    countWave(
      deps,
      change.selector,
      await readSelectorDependents(deps.table, change.selector, { limit: DEPENDENTS_READ }),
    );
  if (change.causes.length === 0) {
    const wave = await count();
    return { ...(wave === undefined ? {} : { own: { wave } }), writes: [] };
  }
  if (change.from === undefined) return { writes: [] };
  const followed = await readMany(deps.table, change.follows.map(keys.change), ChangeRecordSchema);
  const cause = followed.findLast((entry) => entry !== undefined && isSinglePipelineChange(entry));
  if (cause === undefined || cause.wave !== undefined) return { writes: [] };
  const wave = await count();
  if (wave === undefined) return { writes: [] };
  return {
    writes: [
      { update: keys.change(cause.id), set: { wave }, when: { exists: true, equals: { wave: null } } },
      ...waveWrites(deps, { ...cause, wave }),
    ],
  };
}

function isSinglePipelineChange({ selector }: ChangeRecord): boolean {
  const other = parseNonSelectorChange(selector);
  return other !== undefined && other !== 'finding';
}

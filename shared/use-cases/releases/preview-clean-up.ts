/** What the clean-up would do with the releases of a pipeline, why, and what it saves. Nothing is written. */

import type { CleanUp, EndingRelease } from '../../domain/api/clean-up.ts';
import { PipelineNotFound } from '../../domain/base/errors.ts';
import { PRICES } from '../../domain/estimates/prices.ts';
import type { ReleaseRecord } from '../../domain/records/releases.ts';
import type { Usage } from '../../domain/releases/references/reference.ts';
import { listImageIds } from '../../domain/releases/removable-images.ts';
import { decideStep, findReferences } from '../../domain/releases/retention.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import {
  listEnding,
  type PipelineReleases,
  type ReadUsageDeps,
  readBuilt,
  readPipelineReleases,
  readUsage,
} from './read-usage.ts';

export type PreviewCleanUpDeps = ReadUsageDeps;

const IMAGES_AT_ONCE = 10;
const GOING = ['mark', 'announce', 'begin-removal', 'remove'];

export async function previewCleanUp(deps: PreviewCleanUpDeps, pipeline: string): Promise<CleanUp> {
  const read = await readPipelineReleases(deps, pipeline);
  if (read === undefined) throw new PipelineNotFound(pipeline);
  const open = listEnding(read).toSorted((a, b) => a.at.localeCompare(b.at));
  const usage = await readUsage(deps, read, open);
  const items = await mapConcurrent(IMAGES_AT_ONCE, open, (release) => describe(deps, read, release, usage));
  return { pipeline, keep: read.policy.keep, days: read.policy.days, items };
}

async function describe(
  deps: PreviewCleanUpDeps,
  { superfluous, policy }: PipelineReleases,
  release: ReleaseRecord,
  usage: Usage,
): Promise<EndingRelease> {
  const { id, channel, at, cleanUp, removeAt } = release;
  const references = findReferences(release, usage);
  const isSuperfluous = superfluous.has(id);
  const now = deps.clock.now();
  const { kind } = decideStep(release, { superfluous: isSuperfluous, references, now });
  const isMarked = cleanUp === 'announced' && isSuperfluous && references.length === 0;
  const goes = isMarked || GOING.includes(kind);
  const images = listImageIds(release).size;
  const rule = `It is not among the newest ${policy.keep} of ${channel} and older than ${policy.days} days.`;
  const kept = isSuperfluous || cleanUp === 'removing' ? [] : ['The definition keeps it again.'];
  return {
    release: id,
    channel,
    at,
    cleanUp,
    removeAt,
    goes,
    why: goes ? [rule] : [...references.map(({ text }) => text), ...kept],
    images,
    usdMonth: (await readGiB(deps, release)) * images * PRICES.snapshotGiBMonth,
  };
}

/** Of one copy: all copies are as large as what was built. */
async function readGiB(deps: PreviewCleanUpDeps, release: ReleaseRecord): Promise<number> {
  const [built] = await readBuilt(deps, [release]);
  if (built === undefined) return 0;
  const store = deps.locations.openControl(built.region).artifacts[built.kind];
  const id = release.images[Object.keys(release.images)[0] ?? ''] ?? '';
  return (await store.describe(id))?.sizeGiB ?? 0;
}

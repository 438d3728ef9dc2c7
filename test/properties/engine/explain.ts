/**
 * Whether what is recorded as the reason is the reason, by replay on a copy of the table. Of a bake: without its named changes it does not
 * begin, and any one of them alone begins it. Of a hold: when what it names is supplied, the bake begins.
 */
import { keys } from '../../../shared/domain/base/naming.ts';
import type { BakeRecord } from '../../../shared/domain/records/bakes.ts';
import { type PipelineRecord, PipelineRecordSchema } from '../../../shared/domain/records/pipelines.ts';
import type { ChangeRecord } from '../../../shared/domain/records/selectors.ts';
import type { PipelineStatus } from '../../../shared/domain/records/status.ts';
import type { Item } from '../../../shared/ports/table.ts';
import { reconcilePipeline } from '../../../shared/use-cases/reconcile/reconcile-pipeline.ts';
import type { ReconcileWorld } from '../../support/reconcile-world.ts';
import { createWorldCopy, updateRow } from './copies.ts';
import { readCurrentBake } from './freshness.ts';
import type { Stage } from './stage.ts';
import { listLockEntries } from './start-rules.ts';

/** A moment at which a bake began, with what is needed to let it begin again. */
interface BakeSample {
  readonly bake: BakeRecord;
  readonly before: PipelineStatus;
  /** What was current then. */
  readonly current: BakeRecord;
  readonly rows: readonly Item[];
  readonly at: number;
}

/** Keeps one of the bakes that replace a release; which one is left to chance. */
export function sampleBakes(stage: Stage): () => Promise<string[]> {
  const { world, seen, random, entries } = stage;
  let sample: BakeSample | undefined;
  let count = 0;
  seen.onStart = (bake, before) => {
    const current = readCurrentBake(world, bake.pipeline);
    const entry = entries.find(({ name }) => name === bake.pipeline);
    // A tick is a time and a cause at once: what it would be without it cannot be asked at that time.
    if (current === undefined || entry === undefined || entry.given.mode === 'always') return;
    count += 1;
    if (random.below(count) > 0) return;
    sample = { bake, before, current, rows: world.table.items(), at: world.clock.now().getTime() };
  };
  return async () => (sample === undefined ? [] : checkNamedChanges(stage, sample));
}

async function checkNamedChanges(stage: Stage, sample: BakeSample): Promise<string[]> {
  const { world } = stage;
  const { bake } = sample;
  const named = bake.changes.flatMap((id) => world.change(id) ?? []);
  const where = `${bake.id} of ${bake.pipeline}`;
  const found: string[] = [];
  if (await wouldStart(stage, sample, []))
    found.push(`7: ${where} begins without any of the changes that it names: ${describeChanges(named)}`);
  for (const change of named) {
    // A request starts a bake earlier; alone it starts one only where it is forced.
    if (change.selector.startsWith('request:') && !change.to.startsWith('forced')) continue;
    // Of several revisions only the newest can be there.
    if (change.selector.startsWith('definition:') && change.to !== String(bake.revision)) continue;
    if (!(await wouldStart(stage, sample, [change])))
      found.push(`7: ${where} names ${change.selector} ${change.to}, which alone does not begin it`);
  }
  return found;
}

function describeChanges(changes: readonly ChangeRecord[]): string {
  return changes.map(({ selector, to }) => `${selector} ${to}`).join('; ');
}

/** Whether the pipeline bakes where nothing has changed since its release but this, and nothing else holds it. */
async function wouldStart(
  stage: Stage,
  sample: BakeSample,
  changes: readonly ChangeRecord[],
): Promise<boolean> {
  const { bake, current, rows, at } = sample;
  const copy = await createWorldCopy(
    rows.filter((row) => !isRowFromBake(row, bake)).map((row) => toRetainedRow(row, bake)),
    at,
  );
  for (const { key, selector, version } of listLockEntries(bake.lock)) {
    const old = listLockEntries(current.lock).find((entry) => entry.key === key)?.version ?? version;
    const change = changes.find((entry) => entry.selector === key);
    const now = change?.to ?? old;
    await updateRow(copy, keys.selector(key), {
      version: now,
      ...(change === undefined ? {} : { change: change.id }),
    });
    if (selector.kind === 'pipeline')
      await updateRow(copy, keys.channel(selector.pipeline, selector.channel), { release: now });
  }
  // Every wave is confirmed.
  for (const id of new Set(changes.flatMap((change) => [change.id, change.cause, ...change.causes])))
    await updateRow(copy, keys.change(id), {}, ['wave']);
  await removeOtherHolds(copy, stage, bake.pipeline);
  await updateRow(copy, keys.pipeline(bake.pipeline), buildPipelineRow(stage, sample, changes));
  await updateRow(copy, keys.status(bake.pipeline), buildStatus(sample, changes), [
    'activeBake',
    'debounceUntil',
    'heldByAncestors',
    'duePk',
    'dueSk',
    'refusedTargets',
    ...(changes.some(({ id }) => id === sample.before.request?.id) ? [] : ['request']),
    ...(pickRebuildToken(sample, changes) === undefined ? ['rebuildToken'] : []),
  ]);
  const { kind } = await reconcilePipeline(copy.ports, bake.pipeline);
  return kind === 'started';
}

/** The bake never was: its own rows are gone, and so is what was known of fingerprints, except for retained ones. */
function isRowFromBake(row: Item, bake: BakeRecord): boolean {
  if (row.pk === `BAKE#${bake.id}` || row.sk === `BAKE#${bake.id}`) return true;
  return isFingerprint(row, bake) && row.state !== 'released' && row.retained === undefined;
}

function isFingerprint({ pk, sk }: Item, { pipeline }: BakeRecord): boolean {
  return pk === `PIPELINE#${pipeline}` && sk.startsWith('FINGERPRINT#');
}

/** Retained images are as they were when they were released: a failure or refusal since then is a condition and no cause. */
function toRetainedRow(row: Item, of: BakeRecord): Item {
  if (!isFingerprint(row, of) || row.retained === undefined) return row;
  const { retained, reason: _, lastFailureAt: __, ...known } = row;
  return { ...known, pk: row.pk, sk: row.sk, state: 'released', bake: retained, failures: 0 };
}

/** No other pipeline bakes or is about to, and slots are free: conditions are supplied, causes are in question. */
async function removeOtherHolds(copy: ReconcileWorld, { entries }: Stage, pipeline: string): Promise<void> {
  for (const { name } of entries) {
    if (name === pipeline) continue;
    await updateRow(copy, keys.pipeline(name), { enabled: false });
    await updateRow(copy, keys.status(name), {}, ['activeBake', 'request']);
  }
  for (const row of copy.table.items())
    if (row.pk.startsWith('CAPACITY#')) await updateRow(copy, row, { used: 0 });
}

/** The definition that its release was made of, unless a newer one is what has changed; it may start at any time. */
function buildPipelineRow(
  { seen }: Stage,
  { bake, current }: BakeSample,
  changes: readonly ChangeRecord[],
): Partial<PipelineRecord> {
  const isNew = changes.some(({ selector }) => selector.startsWith('definition:'));
  const revision = isNew ? bake.revision : current.revision;
  const row = PipelineRecordSchema.parse(seen.rows.get(`${bake.pipeline}#${revision}`));
  const { schedule: _, ...spec } = row.spec;
  return {
    revision,
    enabled: true,
    parents: row.parents,
    spec: { ...spec, mode: 'immediate', pinned: false, freeze: [], debounceSeconds: 0 },
  };
}

function pickRebuildToken(
  { bake, current }: BakeSample,
  changes: readonly ChangeRecord[],
): string | undefined {
  const isForced = changes.some(
    ({ to, selector }) => selector.startsWith('request:') && to.startsWith('forced'),
  );
  return (isForced ? bake : current).fingerprintInputs?.rebuildToken;
}

function buildStatus(sample: BakeSample, changes: readonly ChangeRecord[]): Record<string, unknown> {
  const { before, at } = sample;
  const rebuildToken = pickRebuildToken(sample, changes);
  const since = new Date(at).toISOString();
  return {
    dirty: true,
    dirtySince: since,
    changes: changes.map(({ id }) => id),
    causes: changes.map(({ cause }) => cause),
    consecutiveFailures: 0,
    supersededInRow: 0,
    ...(rebuildToken === undefined ? {} : { rebuildToken }),
    ...(changes.some(({ id }) => id === before.request?.id) ? { request: before.request } : {}),
  };
}

/**
 * Lays an estate into a table as it stands when everything is fresh: every definition applied, baked and released, and what has no bearing on
 * reconciling (changes of the past, attempts, steps, releases before) left out. The writes are those of applying and releasing; nothing is
 * decided on the way, which is why it is quick. test/bench/estate.test.ts holds it to an estate that was applied and baked.
 */

import { cronerCalendar } from '../shared/adapters/croner-calendar.ts';
import { type Key, keys } from '../shared/domain/base/naming.ts';
import type { Home } from '../shared/domain/base/regions.ts';
import { computeDesired, type Desired, type ObservedPipeline } from '../shared/domain/reconcile/desired.ts';
import { toHoldReason } from '../shared/domain/reconcile/holds.ts';
import { listDependencies } from '../shared/domain/records/pipelines.ts';
import type { ChannelRecord } from '../shared/domain/records/releases.ts';
import type { SelectorRecord } from '../shared/domain/records/selectors.ts';
import type { FingerprintRecord, PipelineStatus } from '../shared/domain/records/status.ts';
import { PipelineStatusSchema } from '../shared/domain/records/status.ts';
import { type Selector, selectorKey, selectorTopic } from '../shared/domain/selectors/selectors.ts';
import type { Clock } from '../shared/ports/clock.ts';
import type { Digest, Ids } from '../shared/ports/ids.ts';
import { type Item, MAX_WRITES, type Table } from '../shared/ports/table.ts';
import type { FoundSelector } from '../shared/use-cases/definitions/apply-selectors.ts';
import { applyWrites } from '../shared/use-cases/definitions/apply-writes.ts';
import { type ParsedDefinition, parseDefinition } from '../shared/use-cases/definitions/parse-definition.ts';
import { type Estate, toEstateDefinition } from './estate.parts.ts';

export interface EstateDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly digest: Digest;
  readonly home: Home;
  /** What a selector means, and the image behind it. */
  readonly readVersion: (selector: Selector) => { version: string; detail: Record<string, string> };
}

export async function writeEstate(deps: EstateDeps, estate: Estate): Promise<void> {
  const known = new Map<string, SelectorRecord>();
  const channels = new Map<string, ChannelRecord>();
  /** How often each selector was named again. */
  const uses = new Map<string, { readonly update: Key; readonly add: { readonly uses: number } }>();
  let batch: Item[] = [];
  for (const spec of estate.specs) {
    const reading = parseDefinition({ ...deps, calendar: cronerCalendar }, toEstateDefinition(spec));
    const selectors = listDependencies(reading.spec).map((selector) =>
      findSelector(deps, selector, known, channels),
    );
    const applied = applyWrites(deps, { reading, before: undefined, revision: 1, selectors, by: 'bench' });
    for (const write of applied)
      if ('update' in write && write.add?.uses !== undefined)
        uses.set(write.update.pk, {
          ...write,
          add: { uses: (uses.get(write.update.pk)?.add.uses ?? 0) + 1 },
        });
    const items = applied.flatMap((write) => ('put' in write ? [write.put] : []));
    const rows = items.filter((item) => !item.pk.startsWith('CHANGE#') && item.sk !== 'STATUS');
    const status = PipelineStatusSchema.parse(items.find((item) => item.sk === 'STATUS'));
    const at = deps.clock.now().toISOString();
    const observed: ObservedPipeline = {
      pipeline: { name: spec.name, revision: 1, spec: reading.spec, ...EMPTY, createdAt: at, updatedAt: at },
      status,
      selectors: selectors.map(({ record }) => record),
      channel: undefined,
      channels,
    };
    const desiredState = computeDesired(deps.digest, observed);
    if (!desiredState.known) throw new Error(`${spec.name} names what is not in the estate.`);
    const fresh = createReleasedRows(deps, reading, status, desiredState.desired, at);
    channels.set(channelKey(fresh.channel), fresh.channel);
    for (const { record } of selectors) known.set(record.key, record);
    batch.push(...rows, ...fresh.items);
    while (batch.length >= MAX_WRITES) {
      await deps.table.write(batch.slice(0, MAX_WRITES).map((put) => ({ put })));
      batch = batch.slice(MAX_WRITES);
    }
  }
  await deps.table.write(batch.map((put) => ({ put })));
  for (const write of uses.values()) await deps.table.write([write]);
}

const EMPTY = { digest: '', enabled: true, parents: [] };

function channelKey({ pipeline, channel }: ChannelRecord): string {
  return selectorKey({ kind: 'pipeline', pipeline, channel });
}

function findSelector(
  deps: EstateDeps,
  selector: Selector,
  known: ReadonlyMap<string, SelectorRecord>,
  channels: ReadonlyMap<string, ChannelRecord>,
): FoundSelector {
  const key = selectorKey(selector);
  const row = known.get(key);
  if (row !== undefined) return { record: row, isKnown: true };
  const channel = channels.get(key);
  const { version, detail } =
    channel === undefined
      ? deps.readVersion(selector)
      : { version: channel.release, detail: { ...channel.images } };
  const at = deps.clock.now().toISOString();
  const named = { key, topic: selectorTopic(selector), selector, namedAt: at };
  const record = { ...named, version, detail, since: at, checkedAt: at };
  return { record, isKnown: false };
}

const VERSION = 4;

/** What a first bake that was released leaves. */
function createReleasedRows(
  deps: EstateDeps,
  reading: ParsedDefinition,
  status: PipelineStatus,
  { bits, proof, fingerprintInputs }: Desired,
  at: string,
): { items: Item[]; channel: ChannelRecord } {
  const { spec, definition } = reading;
  const { name } = definition;
  const { channel: inChannel, targets } = spec;
  const [bake, release] = [deps.ids.next(), deps.ids.next()];
  const fingerprint: FingerprintRecord = {
    pipeline: name,
    bits,
    proof,
    state: 'released',
    bake,
    failures: 0,
    targets,
  };
  const channel: ChannelRecord = {
    pipeline: name,
    channel: inChannel,
    release,
    bake,
    bits,
    proof,
    sequence: 1,
    images: listImages(reading),
    fingerprintInputs,
    targets,
    at,
  };
  const reason = toHoldReason('up-to-date', { release, channel: inChannel }, name);
  const rested: PipelineStatus = {
    pipeline: name,
    // Applied, started, released, found current.
    version: VERSION,
    dirty: false,
    changes: [],
    causes: [],
    minimumVersions: {},
    ...(status.ticksHandledUntil === undefined ? {} : { ticksHandledUntil: status.ticksHandledUntil }),
    supersededInRow: 0,
    consecutiveFailures: 0,
    decision: { at, kind: 'up-to-date', reasons: [reason], version: VERSION },
  };
  return {
    channel,
    items: [
      { ...keys.status(name), ...rested },
      { ...keys.channel(name, inChannel), ...channel },
      { ...keys.fingerprint(name, bits, proof), ...fingerprint },
    ],
  };
}

/** One image per variant; the estate's are all the same, since nothing reads them. */
export function listImages({ definition }: Pick<ParsedDefinition, 'definition'>): Record<string, string> {
  return Object.fromEntries(definition.variants.map(({ name }) => [name, 'ami-00000000000000063']));
}

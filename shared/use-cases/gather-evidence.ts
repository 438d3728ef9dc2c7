/** Reads together what a decision is about, as it stands now. The caller freezes it. */
import { diffPackages, type Evidence, EvidenceSchema } from '../domain/approval.ts';
import { type Inventory, InventorySchema } from '../domain/inventory.ts';
import { keys } from '../domain/naming.ts';
import type { BakeRef } from '../domain/payloads.ts';
import {
  type BakeRecord,
  type ChangeRecord,
  ChangeRecordSchema,
  ChannelRecordSchema,
  type ImageRecord,
  ImageRecordSchema,
  type RevisionRecord,
  StepRecordSchema,
  TestRecordSchema,
} from '../domain/records.ts';
import type { Documents, Item, Table } from '../ports.ts';

export interface GatherEvidenceDeps {
  readonly table: Table;
  readonly documents: Pick<Documents, 'get'>;
}

export async function gatherEvidence(
  deps: GatherEvidenceDeps,
  ref: BakeRef,
  bake: BakeRecord,
  revision: RevisionRecord,
): Promise<Evidence> {
  const { definition } = revision;
  const [images, tests, gate, changes] = await Promise.all([
    readImages(deps, ref.bake),
    readAll(deps, keys.bake(ref.bake).pk, 'TEST#'),
    deps.table.get(keys.step(ref.bake, ref.attempt, 'Gate')),
    readChanges(deps, bake),
  ]);
  return EvidenceSchema.parse({
    version: 1,
    pipeline: bake.pipeline,
    description: definition.description,
    team: definition.team,
    channel: bake.channel,
    revision: bake.revision,
    bake: bake.id,
    reason: bake.reason,
    requestedBy: bake.requestedBy,
    changes,
    lock: bake.lock,
    images: images.map(({ variant, imageId = '', account, region }) => ({
      variant,
      imageId,
      account,
      region,
    })),
    tests: tests
      .map((item) => TestRecordSchema.parse(item))
      .filter((test) => test.attempt === ref.attempt)
      .map(({ variant, instanceType, results }) => ({ variant, instanceType, results })),
    gates: gate === undefined ? [] : [gateOf(gate)],
    packages: await Promise.all(images.map((image) => comparePackages(deps, bake, image))),
    targets: definition.distribution.targets,
  });
}

function gateOf(item: Item): Evidence['gates'][number] {
  const { name, state, summary = '' } = StepRecordSchema.parse(item);
  return { name, passed: state === 'succeeded', detail: summary };
}

export async function readImages(
  deps: Pick<GatherEvidenceDeps, 'table'>,
  bake: string,
): Promise<ImageRecord[]> {
  const items = await readAll(deps, keys.bake(bake).pk, 'IMAGE#');
  return items.map((item) => ImageRecordSchema.parse(item));
}

export async function readAll(
  deps: { readonly table: Pick<Table, 'query'> },
  pk: string,
  prefix?: string,
): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | undefined;
  do {
    const page = await deps.table.query({
      pk,
      ...(prefix === undefined ? {} : { prefix }),
      ...(after === undefined ? {} : { after }),
    });
    items.push(...page.items);
    after = page.cursor;
  } while (after !== undefined);
  return items;
}

/** A bake takes up as many changes as came together; people are shown the newest hundred. */
const CHANGES_SHOWN = 100;

/** The changes of a bake, each with the first one of its chain where that is another. */
export async function readChanges(
  deps: Pick<GatherEvidenceDeps, 'table'>,
  bake: Pick<BakeRecord, 'changes'>,
): Promise<Evidence['changes']> {
  const own = await readChangeRows(deps, bake.changes.slice(-CHANGES_SHOWN));
  const causes = await readChangeRows(deps, [
    ...new Set(own.filter((change) => change.cause !== change.id).map((change) => change.cause)),
  ]);
  return own.map((change) => {
    const cause = causes.find((candidate) => candidate.id === change.cause);
    return { ...inShort(change), ...(cause === undefined ? {} : { cause: inShort(cause) }) };
  });
}

async function readChangeRows(
  deps: Pick<GatherEvidenceDeps, 'table'>,
  ids: readonly string[],
): Promise<ChangeRecord[]> {
  const items = await deps.table.getMany(ids.map((id) => keys.change(id)));
  return items.flatMap((item) => (item === undefined ? [] : [ChangeRecordSchema.parse(item)]));
}

function inShort({ id, selector, from, to, at }: ChangeRecord) {
  return { id, selector, ...(from === undefined ? {} : { from }), to, at };
}

async function comparePackages(
  deps: GatherEvidenceDeps,
  bake: BakeRecord,
  image: ImageRecord,
): Promise<Evidence['packages'][number]> {
  const after = (await readInventory(deps, image.inventory))?.packages ?? [];
  const channel = await deps.table.get(keys.channel(bake.pipeline, bake.channel));
  const current = channel === undefined ? undefined : ChannelRecordSchema.parse(channel);
  const released =
    current === undefined ? undefined : await deps.table.get(keys.image(current.bake, image.variant));
  const before =
    released === undefined
      ? undefined
      : await readInventory(deps, ImageRecordSchema.parse(released).inventory);
  const compared = { variant: image.variant, total: after.length };
  if (current === undefined || before === undefined)
    return { ...compared, diff: { added: [], removed: [], changed: [] } };
  return { ...compared, against: current.release, diff: diffPackages(before.packages, after) };
}

async function readInventory(
  deps: GatherEvidenceDeps,
  key: string | undefined,
): Promise<Inventory | undefined> {
  const text = key === undefined ? undefined : await deps.documents.get(key);
  return text === undefined ? undefined : InventorySchema.parse(JSON.parse(text));
}

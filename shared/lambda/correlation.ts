/**
 * The ids that every line of log carries while something is handled: the bake and the pipeline that it is about, and as `cause` the first change
 * that led to it, which leads from the detected change to the release.
 */
import * as z from 'zod';
import { keys } from '../domain/base/naming.ts';
import { lazyObject } from '../domain/base/schemas.ts';
import type { Item, Table } from '../ports/table.ts';
import { correlate, type LogIds, readLogIds } from './telemetry.ts';

const optional = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);
const NamedSchema = lazyObject(() => ({
  bake: optional(z.string()),
  attempt: optional(z.number()),
  change: optional(z.string()),
  pipeline: optional(z.string()),
  cause: optional(z.string()),
  causes: optional(z.array(z.string())),
}));
/** One of our own events, or the row that is published as one. */
const OwnEventSchema = z.lazy(() =>
  z.union([
    z.object({ source: z.literal('ovenbird'), detail: z.unknown() }),
    z.object({ detailType: z.string(), detail: z.unknown() }),
  ]),
);

/** Takes the ids that an input, a message or a row names, and finds out those that it does not. */
export async function correlateWith(ports: unknown, subject: unknown): Promise<void> {
  const event = OwnEventSchema.safeParse(subject);
  correlate(parseLogIds(event.success ? event.data.detail : subject));
  const ids = readLogIds();
  const table = findTable(ports);
  if (table === undefined || ids.cause !== undefined) return;
  // Better a line without a cause than a step that fails for the sake of its lines.
  const row = await findRow(table, ids).catch(() => undefined);
  const { pipeline, cause } = parseLogIds(row);
  correlate({ ...(pipeline === undefined ? {} : { pipeline }), ...(cause === undefined ? {} : { cause }) });
}

function parseLogIds(subject: unknown): LogIds {
  const parsed = NamedSchema.safeParse(subject);
  if (!parsed.success) return {};
  const { causes, ...named } = parsed.data;
  const ids = { ...named, cause: causes?.[0] ?? named.cause };
  return Object.fromEntries(
    Object.entries(ids).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function findTable(ports: unknown): Pick<Table, 'get'> | undefined {
  return typeof ports === 'object' && ports !== null && 'table' in ports
    ? (ports.table as Pick<Table, 'get'>)
    : undefined;
}

async function findRow(
  table: Pick<Table, 'get'>,
  { bake, change, pipeline }: LogIds,
): Promise<Item | undefined> {
  if (bake !== undefined) return table.get(keys.bake(String(bake)));
  if (change !== undefined) return table.get(keys.change(String(change)));
  if (pipeline !== undefined) return table.get(keys.status(String(pipeline)));
  return undefined;
}

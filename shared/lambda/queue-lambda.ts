/** Functions behind queues and behind the table's stream. A message that failed comes again alone; one that can never be understood is acknowledged and logged. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord, DynamoDBStreamEvent, SQSEvent, SQSRecord } from 'aws-lambda';
import type * as z from 'zod';
import { correlateWith } from './correlation.ts';
import { type MakeDeps, overPorts, withTelemetry } from './lambda.ts';
import { log, withOwnIds } from './telemetry.ts';

/** Of the SDK, whose types and those of events differ in binary values, which our table has none of. */
type AttributeMap = Parameters<typeof unmarshall>[0];

export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Messages are worked on side by side; order and repeats must not matter to `run`. */
export function queueLambda<Schema extends z.ZodType, Deps>(parts: {
  readonly message: Schema;
  readonly deps: MakeDeps<Deps>;
  readonly run: (deps: Deps, message: z.output<Schema>) => Promise<unknown>;
}) {
  const take = async (deps: MakeDeps<Deps>, record: SQSRecord): Promise<void> => {
    const body = parts.message.safeParse(parseJson(record.body));
    if (!body.success) {
      log.warn('message-invalid', { messageId: record.messageId, queue: record.eventSourceARN });
      return;
    }
    await withLogIds(record.messageId, deps, body.data, (ports) => parts.run(ports, body.data));
  };
  return overPorts(parts.deps, (deps) =>
    withTelemetry(async (event: SQSEvent): Promise<BatchAnswer> => {
      const processor = new BatchProcessor(EventType.SQS);
      const taken = (record: SQSRecord) => take(deps, record);
      return processPartialResponse(event, taken, processor, { throwOnFullBatchFailure: false });
    }),
  );
}

/** A row of the table as the stream tells of it. */
export interface TableChange {
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

/** Lambda starts again from the first failed record, so the rows of one partition stay in order. */
export function streamLambda<Deps>(parts: {
  readonly deps: MakeDeps<Deps>;
  readonly run: (deps: Deps, change: TableChange) => Promise<unknown>;
}) {
  const take = async (deps: MakeDeps<Deps>, record: DynamoDBRecord): Promise<void> => {
    const { OldImage, NewImage } = record.dynamodb ?? {};
    const change: TableChange = {
      ...(OldImage === undefined ? {} : { before: unmarshall(OldImage as AttributeMap) }),
      ...(NewImage === undefined ? {} : { after: unmarshall(NewImage as AttributeMap) }),
    };
    const row = change.after ?? change.before;
    await withLogIds(record.eventID ?? '', deps, row, (ports) => parts.run(ports, change));
  };
  return overPorts(parts.deps, (deps) =>
    withTelemetry(async (event: DynamoDBStreamEvent): Promise<BatchAnswer> => {
      const processor = new BatchProcessor(EventType.DynamoDBStreams);
      const taken = (record: DynamoDBRecord) => take(deps, record);
      return processPartialResponse(event, taken, processor, { throwOnFullBatchFailure: false });
    }),
  );
}

/** Works on one message or row; every line about it, the failure too, carries the ids of what it is about. */
function withLogIds<Deps>(
  message: string,
  deps: MakeDeps<Deps>,
  about: unknown,
  work: (ports: Deps) => Promise<unknown>,
): Promise<void> {
  return withOwnIds(async () => {
    try {
      const ports = deps();
      await correlateWith(ports, about);
      await work(ports);
    } catch (error) {
      log.error('message-failed', error, { messageId: message });
      throw error;
    }
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

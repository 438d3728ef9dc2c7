/**
 * What every function wears. A handler is wiring: `export const handler = lambda({ input, deps, run })`; queues and streams have their own
 * form, because a batch may fail in part (lambda/latest/dg/services-sqs-errorhandling, services-ddb-batchfailurereporting).
 */
import middy from '@middy/core';
import * as z from 'zod';
import { DomainError, InvalidRequest } from '../domain/base/errors.ts';
import { correlateWith } from './correlation.ts';
import { log, publishMetrics, withOwnIds } from './telemetry.ts';

/** A port that is made when the first call needs it. */
export type MakeDeps<Deps> = () => Deps;

/** Logs how a call failed and sends the metrics; each call has log ids of its own. */
export function withTelemetry<Event, Result>(run: (event: Event) => Promise<Result>) {
  return middy<Event, Result>()
    .use({ after: () => publishMetrics(), onError: () => publishMetrics() })
    .handler((event: Event) =>
      withOwnIds(async () => {
        try {
          return await run(event);
        } catch (error) {
          logFailure(error);
          throw error;
        }
      }),
    );
}

function logFailure(error: unknown): void {
  if (error instanceof DomainError)
    log.info('domain-error', { error: error.name, code: error.code, reason: error.message });
  else log.error('function-failed', error);
}

/** Makes a handler over its own ports; `over` makes the same one over others, such as the fakes of a test. */
export function overPorts<Deps, Handler extends object>(
  own: MakeDeps<Deps>,
  over: (deps: MakeDeps<Deps>) => Handler,
): Handler & { readonly over: (deps: MakeDeps<Deps>) => Handler } {
  return Object.assign(over(own), { over });
}

/** A function that is called directly: by a state machine, a schedule or a person. What it throws is the machine's error name. */
export function lambda<Schema extends z.ZodType, Deps, Result>(parts: {
  readonly input: Schema;
  readonly deps: MakeDeps<Deps>;
  readonly run: (deps: Deps, input: z.output<Schema>) => Promise<Result>;
}) {
  return overPorts(parts.deps, (deps) =>
    withTelemetry(async (event: unknown): Promise<Result> => {
      const input = parseInput(parts.input, event);
      const ports = deps();
      await correlateWith(ports, input);
      return parts.run(ports, input);
    }),
  );
}

function parseInput<Schema extends z.ZodType>(schema: Schema, event: unknown): z.output<Schema> {
  const parsed = schema.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new InvalidRequest(`The input has another shape than agreed: ${z.prettifyError(parsed.error)}`);
}

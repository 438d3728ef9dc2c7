/** The one logger and the one metrics buffer of a function. Service name, namespace and level come from the POWERTOOLS_* and LOG_LEVEL variables. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { lazy } from './lazy.ts';
import type { LogEvent } from './log-events.ts';

const logger = lazy(() => new Logger());
const metrics = lazy(() => new Metrics());
let hasMetrics = false;

export type LogFacts = Readonly<Record<string, unknown>>;

/** One line of log: a code of the closed list and facts. Facts hold ids and reasons, never raw events, tokens or links. */
export interface Log {
  info(event: LogEvent, facts?: LogFacts): void;
  warn(event: LogEvent, facts?: LogFacts): void;
  error(event: LogEvent, error: unknown, facts?: LogFacts): void;
}

export const log: Log = {
  info: (event, facts = {}) => logger().info(event, { event, ...readLogIds(), ...facts }),
  warn: (event, facts = {}) => logger().warn(event, { event, ...readLogIds(), ...facts }),
  error: (event, error, facts = {}) =>
    logger().error(event, {
      event,
      ...readLogIds(),
      ...facts,
      error: error instanceof Error ? error : new Error(String(error)),
    }),
};

export type LogIds = Readonly<Record<string, string | number>>;

/** Messages of a batch are worked on side by side, so each has ids of its own. */
const ids = new AsyncLocalStorage<Record<string, string | number>>();

/** Begins without ids; what `correlate` adds ends with the work. */
export function withOwnIds<Result>(work: () => Promise<Result>): Promise<Result> {
  return ids.run({}, work);
}

/** Ids that every following line of the same work carries. */
export function correlate(more: LogIds): void {
  Object.assign(ids.getStore() ?? {}, more);
}

export function readLogIds(): LogIds {
  return ids.getStore() ?? {};
}

export function countMetric(name: string, value = 1): void {
  hasMetrics = true;
  metrics().addMetric(name, MetricUnit.Count, value);
}

export function secondsMetric(name: string, seconds: number): void {
  hasMetrics = true;
  metrics().addMetric(name, MetricUnit.Seconds, seconds);
}

export function publishMetrics(): void {
  // Without any, Powertools warns about it in every call.
  if (hasMetrics) metrics().publishStoredMetrics();
  hasMetrics = false;
}

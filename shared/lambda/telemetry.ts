/** The one logger and the one metrics buffer of a function. Service name, namespace and level come from the POWERTOOLS_* and LOG_LEVEL variables. */
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
  info: (event, facts = {}) => logger().info(event, { event, ...facts }),
  warn: (event, facts = {}) => logger().warn(event, { event, ...facts }),
  error: (event, error, facts = {}) =>
    logger().error(event, {
      event,
      ...facts,
      error: error instanceof Error ? error : new Error(String(error)),
    }),
};

/** Ids that every following line carries until the call ends. */
export function correlate(ids: Readonly<Record<string, string | number>>): void {
  logger().appendKeys(ids);
}

export function forgetCorrelation(): void {
  logger().resetKeys();
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

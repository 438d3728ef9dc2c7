/** What the packaged service costs in a month in which nothing changes, from its template and the price table. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as YAML from 'yaml';
import * as z from 'zod';

const PriceFileSchema = z.object({
  region: z.string(),
  date: z.string(),
  prices: z.record(z.string(), z.object({ usd: z.number(), source: z.string() })),
});
export type Prices = z.output<typeof PriceFileSchema>['prices'];

export function readPrices(): z.output<typeof PriceFileSchema> {
  return PriceFileSchema.parse(YAML.parse(readFileSync(join(import.meta.dirname, 'prices.yml'), 'utf8')));
}

const TemplateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Condition: z.string().optional(),
      Properties: z.looseObject({}).default({}),
    }),
  ),
});

export interface Cost {
  readonly what: string;
  readonly count: string;
  readonly usd: number;
}

const HOURS = 730;
const MONTH_SECONDS = HOURS * 3600;
/** Lambda reads a queue with five pollers, each of which waits 20 s for a message (lambda/latest/dg/services-sqs-scaling; SQS long polling). */
const POLLERS = 5;
const POLL_SECONDS = 20;
/** Names of metrics that an idle service sends: the sweep's own. Others are paid by the hour in which they are sent (CloudWatch pricing). */
const IDLE_METRICS = 1;

/** What is assumed of a scheduled run that finds nothing to do: a sweep asks eleven partitions of an index, each a read at least. */
const IDLE_RUN = { seconds: 0.3, memoryGB: 0.5, reads: 12, logBytes: 1500 } as const;

export function computeIdleCosts(template: unknown, prices: Prices): Cost[] {
  const resources = Object.values(TemplateSchema.parse(template).Resources).filter(
    ({ Condition }) => Condition === undefined,
  );
  const ofType = (type: string) => resources.filter(({ Type }) => Type === type);
  const price = (name: string) => {
    const found = prices[name];
    if (found === undefined) throw new Error(`prices.yml has no ${name}.`);
    return found.usd;
  };
  const keys = ofType('AWS::KMS::Key').length;
  const alarms = ofType('AWS::CloudWatch::Alarm').length;
  const queues = ofType('AWS::Lambda::EventSourceMapping').filter(({ Properties }) =>
    JSON.stringify(Properties.EventSourceArn ?? '').includes('Queue'),
  ).length;
  const polls = (queues * POLLERS * MONTH_SECONDS) / POLL_SECONDS;
  const runs = ofType('AWS::Events::Rule').reduce(
    (sum, { Properties }) => sum + runsAMonth(String(Properties.ScheduleExpression ?? '')),
    0,
  );
  return [
    { what: 'KMS keys', count: String(keys), usd: keys * price('keyMonth') },
    { what: 'alarms', count: String(alarms), usd: alarms * price('alarmMonth') },
    { what: 'own metrics', count: String(IDLE_METRICS), usd: IDLE_METRICS * price('metricMonth') },
    { what: 'dashboard, where the account has three others', count: '1', usd: price('dashboardMonth') },
    {
      what: 'polls of queues',
      count: thousands(polls),
      usd: (polls / 1e6) * price('millionQueueRequests'),
    },
    {
      what: 'scheduled runs of functions',
      count: thousands(runs),
      usd:
        (runs / 1e6) * price('millionInvocations') +
        runs * IDLE_RUN.seconds * IDLE_RUN.memoryGB * price('gigabyteSecond'),
    },
    {
      what: 'reads of the table',
      count: thousands(runs * IDLE_RUN.reads),
      usd: ((runs * IDLE_RUN.reads) / 1e6) * price('millionReads'),
    },
    {
      what: 'GB of logs',
      count: ((runs * IDLE_RUN.logBytes) / 1e9).toFixed(2),
      usd: ((runs * IDLE_RUN.logBytes) / 1e9) * price('logGigabyte'),
    },
  ];
}

/** `rate(1 minute)`: the only form that our schedules have. */
function runsAMonth(expression: string): number {
  if (expression === '') return 0;
  const [, minutes] = /^rate\((\d+) minutes?\)$/.exec(expression) ?? [];
  if (minutes === undefined) throw new Error(`The schedule ${expression} is no rate in minutes.`);
  return MONTH_SECONDS / 60 / Number(minutes);
}

function thousands(count: number): string {
  return `${Math.round(count / 1000).toLocaleString('en')},000`;
}

export function sumCosts(costs: readonly Cost[]): number {
  return costs.reduce((sum, { usd }) => sum + usd, 0);
}

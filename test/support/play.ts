/** Plays short scenarios, each run with names of its own, so that several share one deployed cloud. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConditionalCheckFailedException, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { parse } from 'yaml';
import { loadDefinitions } from '../../cli/definition-file.ts';
import { type Api, ApiRefused } from '../../local/scenario/api.ts';
import { findLink, PageRefused, submitDecision } from '../../local/scenario/approver.ts';
import type { LaunchResult } from '../../local/scenario/consumers.ts';
import { isMet, isQuiet, type Observation, Observer } from '../../local/scenario/observe.ts';
import { prepareCloud } from '../../local/scenario/prepare.ts';
import { type Action, type Scenario, ScenarioSchema } from '../../local/scenario/schema.ts';
import { perform, runSchedule, type ScenarioContext } from '../../local/scenario/timeline.ts';
import type { LocalCloud } from '../../local-cloud/client.ts';
import { TERMINAL_STATES } from '../../shared/domain/records/attempt-states.ts';
import type { World } from './world.ts';

const FOLDER = resolve(import.meta.dirname, '../../examples/short');
const SCHEDULED = ['sweep-work', 'resync-selectors', 'finalize-bakes'];
const LOOK_EVERY_MS = 250;
/** How long no function may call anything before a play counts as over. */
const REST_MS = 1200;

export const shortScenarios = (): string[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => name.slice(0, -'.yml'.length))
    .sort();

/** Every text in which the scenario's name stands gets the name of this run, but for paths of files. */
function renameScenario<T>(value: T, from: string, to: string): T {
  const visit = (part: unknown, key: string): unknown => {
    if (typeof part === 'string') return part.replaceAll(from, to);
    if (Array.isArray(part)) return key === 'apply' ? part : part.map((item) => visit(item, key));
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, item]) => [name, name === 'file' ? item : visit(item, name)]),
    );
  };
  return visit(value, '') as T;
}

export interface ScenarioPlay {
  readonly run: string;
  readonly ended: 'at rest' | 'until' | 'deadline';
  /** Numbers of the recorded calls: those of this play are above `after` and not above `last`. */
  readonly after: number;
  readonly last: number;
  /** Wall clock in milliseconds. */
  readonly began: number;
  readonly seconds: number;
  readonly observation: Observation;
  readonly launches: readonly LaunchResult[];
  /** What of the scenario's own expectations did not come. */
  readonly unmet: readonly string[];
}

interface PlayOptions {
  /** Ends the play before its end when it answers true. */
  readonly until?: () => Promise<boolean>;
  readonly deadlineSeconds?: number;
}

/** Plays examples/short/<name>.yml; what still bakes when it ends early is cancelled by `cancelAll`. */
export async function play(world: World, name: string, options: PlayOptions = {}): Promise<ScenarioPlay> {
  const { cloud, api, deployment } = world;
  const { until = async () => false } = options;
  world.runs += 1;
  const file = join(FOLDER, `${name}.yml`);
  const read = ScenarioSchema.parse(parse(readFileSync(file, 'utf8'), { merge: true }));
  const rename: Rename = (value) => renameScenario(value, read.name, `${read.name}-${world.runs}`);
  const scenario: Scenario = rename(read);
  // A scenario's own is meant for a machine that does nothing else.
  const { deadlineSeconds = Math.max(90, 1.5 * scenario.deadline) } = options;
  const stage: ScenarioContext = {
    scenario,
    folder: dirname(file),
    cloud,
    api,
    functionName: deployment.functionName,
    news: () => {},
    launches: [],
  };
  const began = Date.now();
  const seconds = () => (Date.now() - began) / 1000;
  let seen = await readLastCall(cloud);
  const after = seen;
  const finish = (ended: ScenarioPlay['ended'], observation: Observation): ScenarioPlay => ({
    run: scenario.name,
    ended,
    after,
    last: seen,
    began,
    seconds: seconds(),
    observation,
    launches: stage.launches,
    unmet: listUnmetExpectations(scenario, observation),
  });

  await cloud.control.removeFaults();
  await cloud.control.removeEventFaults();
  await cloud.control.imageServices('forget-failures', {});
  await prepareCloud(stage);
  const observer = new Observer(filterApiByRun(api, scenario.name));
  const remaining = [...scenario.timeline];
  const rules = scenario.approvals.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }));
  let observation = observer.last;
  for (;;) {
    if (await until()) return finish('until', observation);
    if (seconds() > deadlineSeconds) return finish('deadline', observation);
    observation = await observer.look().catch(() => observation);
    await answerMails(world, scenario.name, rules);
    const next = remaining[0];
    if (next === undefined) {
      if (isQuiet(observation) && observation.bakes.length > 0) break;
    } else if (next.when === undefined || isMet(next.when, observation, seconds())) {
      remaining.shift();
      if ('apply' in next.do) await apply(stage, next.do.apply, rename);
      else if ('plan' in next.do) await plan(stage, next.do.plan, rename);
      else if ('tick' in next.do) await passTime(world, stage, observation, [next.do.tick.function]);
      // What the API refuses for want of a right ends by `until`.
      else await perform(stage, next.do, observation).catch(ignoreRefusal);
      continue;
    }
    await sleep(LOOK_EVERY_MS);
  }
  await passTime(world, stage, observation, SCHEDULED);
  for (let quietSince = Date.now(); Date.now() - quietSince < REST_MS; ) {
    if (await until()) return finish('until', observation);
    if (seconds() > deadlineSeconds) return finish('deadline', observation);
    await sleep(LOOK_EVERY_MS);
    const last = await readLastCall(cloud, seen);
    if (last > seen) quietSince = Date.now();
    seen = Math.max(seen, last);
  }
  observation = await observer.look();
  seen = await readLastCall(cloud, seen);
  return finish('at rest', observation);
}

/** Cancels whatever still bakes, so that the next play has the cloud for itself. */
export async function cancelAll({ api }: World): Promise<void> {
  const bakes = await api.bakes();
  const open = bakes.filter(({ state }) => !(TERMINAL_STATES as readonly string[]).includes(state));
  for (const { id } of open) await api.request('POST', `/bakes/${id}/cancel`, {}).catch(ignoreRefusal);
}

/**
 * Lets the time pass after which the scheduled functions do what should have been done: what is due later is due now, but for bakes of earlier
 * plays, which would be cleaned up once more in each.
 */
async function passTime(
  { cloud }: World,
  stage: ScenarioContext,
  { bakes }: Observation,
  scheduled: readonly string[],
): Promise<void> {
  const own = new Set<unknown>(bakes.map(({ id }) => id));
  const client = new DynamoDBClient(cloud.clientConfig());
  const documents = DynamoDBDocumentClient.from(client);
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const TableName = TableNames.find((name) => name.startsWith('ovenbird'));
  const soon = new Date(Date.now() - 3_600_000).toISOString();
  const later = { FilterExpression: 'attribute_exists(duePk) AND dueSk > :soon' };
  for await (const { Items = [] } of paginateScan(
    { client: documents },
    { TableName, ...later, ExpressionAttributeValues: { ':soon': soon } },
  ))
    for (const { pk, sk } of Items.filter(({ bake }) => bake === undefined || own.has(bake)))
      await documents
        .send(
          new UpdateCommand({
            TableName,
            Key: { pk, sk },
            UpdateExpression: 'SET dueSk = :soon',
            ConditionExpression: 'attribute_exists(duePk)',
            ExpressionAttributeValues: { ':soon': soon },
          }),
        )
        // It was done meanwhile.
        .catch((error: unknown) => {
          if (!(error instanceof ConditionalCheckFailedException)) throw error;
        });
  client.destroy();
  for (const name of scheduled) await runSchedule(stage, name);
}

async function readLastCall(cloud: LocalCloud, after = 0): Promise<number> {
  return (await cloud.control.calls(after)).at(-1)?.seq ?? after;
}

/** The API, showing only the pipelines of one run. */
function filterApiByRun(api: Api, run: string): Api {
  const own = <T extends { readonly pipeline: string }>(items: readonly T[]) =>
    items.filter(({ pipeline }) => pipeline.startsWith(run));
  return Object.assign(Object.create(api) as Api, {
    pipelines: async () => (await api.pipelines()).filter(({ name }) => name.startsWith(run)),
    bakes: async () => own(await api.bakes()),
    releases: async () => own(await api.releases()),
  });
}

type Rename = <T>(value: T) => T;

function definitionsIn({ folder }: ScenarioContext, files: readonly string[], rename: Rename): unknown[] {
  return loadDefinitions(files.map((file) => resolve(folder, file))).map(({ definition }) =>
    rename(definition),
  );
}

async function apply(stage: ScenarioContext, files: readonly string[], rename: Rename): Promise<void> {
  for (const definition of definitionsIn(stage, files, rename))
    await stage.api.apply(definition).catch(ignoreRefusal);
}

async function plan(
  stage: ScenarioContext,
  { apply: files, changes }: Extract<Action, { plan: unknown }>['plan'],
  rename: Rename,
): Promise<void> {
  const definitions = definitionsIn(stage, files, rename);
  await stage.api.request('POST', '/plan', { definitions, changes }).catch(ignoreRefusal);
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof ApiRefused)) throw error;
}

async function answerMails(
  { mailbox }: World,
  run: string,
  rules: { rule: Scenario['approvals'][number]; left: number }[],
): Promise<void> {
  for (const mail of await mailbox.collect()) {
    const link = findLink(mail.text);
    const pipeline = mail.attributes.pipeline ?? '';
    const found = rules.find(
      ({ rule, left }) => left > 0 && (rule.pipeline === '*' || rule.pipeline === pipeline),
    );
    if (link === undefined || found === undefined || !pipeline.startsWith(run)) continue;
    found.left -= 1;
    const { decision, comment } = found.rule;
    if (decision === 'ignore') continue;
    await submitDecision(link, decision, comment).catch((error: unknown) => {
      if (!(error instanceof PageRefused)) throw error;
    });
  }
}

function listUnmetExpectations(scenario: Scenario, { bakes, releases }: Observation): string[] {
  return scenario.expect.flatMap((expectation) => {
    if ('released' in expectation) {
      const { pipeline, times } = expectation.released;
      const count = releases.filter((release) => release.pipeline === pipeline).length;
      return count === times
        ? []
        : [`${pipeline} was released ${count} times; ${describeBakes(bakes, pipeline)}`];
    }
    if ('bakes' in expectation) {
      const { pipeline, count, state } = expectation.bakes;
      const found = bakes.filter(
        (bake) => bake.pipeline === pipeline && (state === undefined || bake.state === state),
      ).length;
      return found === count ? [] : [describeBakes(bakes, pipeline)];
    }
    return [];
  });
}

function describeBakes(bakes: Observation['bakes'], pipeline: string): string {
  const own = bakes.filter((bake) => bake.pipeline === pipeline);
  const ends = own.map(
    ({ state, attempts }) => `${state} (${attempts.at(-1)?.failure?.reason ?? 'no failure'})`,
  );
  return `${pipeline}: ${ends.join(', ') || 'no bake'}`;
}

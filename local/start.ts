import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { parse } from 'yaml';
import { startLocalCloud } from '../local-cloud/client.ts';
import { ministackPython } from '../local-cloud/ministack/install.ts';
import { deployService, onboardTargets, readSettings } from './deploy.ts';
import { createPeople } from './people.ts';
import { Api } from './scenario/api.ts';
import { findScenarioProblems, readDefinitions } from './scenario/check.ts';
import type { Report } from './scenario/report-schema.ts';
import { runScenario } from './scenario/run.ts';
import { type Scenario, ScenarioSchema } from './scenario/schema.ts';
import { createView } from './scenario/view.ts';

/** `npm start`: a local cloud, the service deployed into it, and a scenario played on it with a live view. */

const repository = resolve(import.meta.dirname, '..');

interface Options {
  readonly scenario: string;
  readonly once: boolean;
  readonly report?: string;
  readonly port: string;
  readonly state: string;
}

/** Throws ScenarioRefused with everything that it cannot be played with. */
function readScenario(file: string): Scenario {
  const parsed = ScenarioSchema.safeParse(parse(readFileSync(file, 'utf8'), { merge: true }));
  const problems = parsed.success
    ? findScenarioProblems(parsed.data, dirname(file))
    : parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new ScenarioRefused(
    [`${file} cannot be played:`, ...problems.map(({ field, message }) => `  ${field}: ${message}`)].join(
      '\n',
    ),
  );
}

/** Ends the command with its message alone. */
class ScenarioRefused extends Error {
  override readonly name = 'ScenarioRefused';
}

/** Targets of each pipeline that the scenario applies; the last file wins. */
function readWantedTargets(
  scenario: Scenario,
  folder: string,
): Map<string, { account: string; region: string }[]> {
  return new Map(
    readDefinitions(scenario, folder).map((definition) => [
      definition.name,
      definition.distribution.targets.flatMap(({ account, regions }) =>
        regions.map((region) => ({ account, region })),
      ),
    ]),
  );
}

function formatSummary(report: Report): string[] {
  const failed = report.expectations.filter(({ held }) => !held);
  return [
    ...report.expectations.map(
      ({ text, held, why }) => `${held ? '  ok  ' : '  NO  '}${text}${why === undefined ? '' : `: ${why}`}`,
    ),
    '',
    `${report.releases.length} releases, ${report.bakes.length} bakes; ready ${report.seconds.ready} s, first release ${report.seconds.firstRelease ?? '-'} s, total ${report.seconds.total} s`,
    failed.length === 0 ? 'Everything came as expected.' : `${failed.length} expectations did not hold.`,
  ];
}

async function main(options: Options): Promise<number> {
  const file = resolve(options.scenario);
  const scenario = readScenario(file);
  const folder = dirname(file);
  const view = createView(process.stdout);
  view.news('installing the local cloud (once)');
  await ministackPython();
  const since = Date.now();
  view.news('starting the local cloud');
  const cloud = await startLocalCloud({
    port: Number(options.port),
    stateFile: resolve(options.state),
    controlAccount: scenario.control.account,
    region: scenario.control.region,
    speed: scenario.speed,
  });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= cloud.stop();
    return stopping;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().then(() => process.exit(130)));
  try {
    view.news('deploying the service with the Serverless CLI');
    const settings = readSettings(scenario);
    const [deployment] = await Promise.all([
      deployService(cloud, settings),
      onboardTargets(cloud, scenario, settings),
    ]);
    const people = await createPeople(cloud, scenario.people);
    writeState(options.state, { apiUrl: deployment.apiUrl, people });
    const api = new Api(deployment.apiUrl, cloud.clientConfig());
    const { functionName } = deployment;
    const context = { scenario, folder, cloud, api, functionName, news: view.news, launches: [] };
    const report = await runScenario({
      context,
      view,
      topics: deployment.topics,
      since,
      wantedTargets: readWantedTargets(scenario, folder),
      now: () => Date.now(),
    });
    view.end();
    if (options.report !== undefined)
      writeFileSync(options.report, `${JSON.stringify(report, undefined, 2)}\n`);
    process.stdout.write(`\n${formatSummary(report).join('\n')}\n`);
    const ok = report.expectations.every(({ held }) => held);
    if (options.once) return ok ? 0 : 1;
    process.stdout.write(
      `\nThe local cloud stays up. Try:\n  npx ovenbird status\n  npx ovenbird bake hardened --force\n  npx ovenbird mail\n\n  API   ${deployment.apiUrl}\n  AWS   ${cloud.endpoint}\n\nCtrl-C ends it.\n`,
    );
    await new Promise(() => {});
    return 0;
  } finally {
    await stop();
  }
}

function writeState(file: string, more: Record<string, unknown>): void {
  const state: unknown = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, `${JSON.stringify({ ...(state as object), ...more }, undefined, 2)}\n`);
}

const program = new Command('npm start --')
  .description('Start a local cloud, deploy Ovenbird into it and play a scenario')
  .option('--scenario <file>', 'scenario to play', join(repository, 'examples/golden-images/scenario.yml'))
  .option('--once', 'end after the scenario with exit code 0 or 1', false)
  .option('--report <file>', 'write the report here')
  .option('--port <number>', 'port of the local cloud; 0 takes a free one', '4566')
  .option(
    '--state <file>',
    'where the running cloud is announced',
    join(repository, '.cache/local-cloud.json'),
  );
program.parse();
try {
  process.exitCode = await main(program.opts<Options>());
} catch (error) {
  if (!(error instanceof ScenarioRefused)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

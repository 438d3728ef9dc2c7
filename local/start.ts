import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { parse } from 'yaml';
import { loadDefinitions } from '../cli/definition-file.ts';
import { startLocalCloud } from '../local-cloud/client.ts';
import { ministackPython } from '../local-cloud/ministack/install.ts';
import { deployService, onboardTargets, readSettings } from './deploy.ts';
import { Api } from './scenario/api.ts';
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

export function readScenario(file: string): Scenario {
  const parsed = ScenarioSchema.safeParse(parse(readFileSync(file, 'utf8'), { merge: true }));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`${file} is not a scenario:\n${problems.join('\n')}`);
}

/** Targets of each pipeline that the scenario applies; the last file wins. */
function readWantedTargets(
  scenario: Scenario,
  folder: string,
): Map<string, { account: string; region: string }[]> {
  const files = scenario.timeline.flatMap((entry) => ('apply' in entry.do ? entry.do.apply : []));
  // Files are read one by one, since a scenario may apply several definitions of one pipeline.
  return new Map(
    files
      .flatMap((file) => loadDefinitions([resolve(folder, file)]))
      .map(({ definition }) => [
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
    writeState(options.state, { apiUrl: deployment.apiUrl });
    const api = new Api(deployment.apiUrl, cloud.clientConfig());
    const context = { scenario, folder, cloud, api, functionName: deployment.functionName, news: view.news };
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
      `\nThe local cloud stays up. Try:\n  npx ovenbird status\n  npx ovenbird bake hardened --force\n\n  API   ${deployment.apiUrl}\n  AWS   ${cloud.endpoint}\n\nCtrl-C ends it.\n`,
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
process.exitCode = await main(program.opts<Options>());

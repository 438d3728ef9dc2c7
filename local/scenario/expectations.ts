import { assertNever } from '../../shared/domain/base/errors.ts';
import type { LaunchResult } from './consumers.ts';
import type { LocationContents } from './read-location.ts';
import type { Report } from './report-schema.ts';
import type { Expectation, Scenario } from './schema.ts';

/** The facts that expectations are checked against: the report, the contents of AWS, and the observations of the runner. */
export interface ScenarioOutcome {
  readonly report: Omit<Report, 'expectations'>;
  readonly locations: readonly LocationContents[];
  /** Targets (account, region) that each pipeline's current definition names. */
  readonly wantedTargets: ReadonlyMap<string, readonly { account: string; region: string }[]>;
  /** Pipelines that are stale, with what holds them. */
  readonly stale: readonly { pipeline: string; why: string }[];
  /** All attempts that ended, retried ones included. */
  readonly attempts: readonly {
    pipeline: string;
    bake: string;
    attempt: number;
    state: string;
    reason: string;
  }[];
  readonly launches: readonly LaunchResult[];
  readonly failedCopies: readonly { account: string; region: string; count: number }[];
}

export interface ExpectationResult {
  readonly text: string;
  readonly held: boolean;
  readonly why?: string;
}

const held = (text: string, ok: boolean, why: string): ExpectationResult =>
  ok ? { text, held: true } : { text, held: false, why };

function releaseTime(
  outcome: ScenarioOutcome,
  pipeline: string,
  which: 'first' | 'last',
): string | undefined {
  const times = outcome.report.releases
    .filter((release) => release.pipeline === pipeline)
    .map((release) => release.at);
  times.sort();
  return which === 'first' ? times[0] : times.at(-1);
}

/** Follows the causes of a pipeline's released bake to changes. */
function causeSelectors(outcome: ScenarioOutcome, pipeline: string): string[] {
  const released = outcome.report.releases
    .filter((release) => release.pipeline === pipeline)
    .map((release) => release.bake);
  const causes = new Set(
    outcome.report.bakes.filter((bake) => released.includes(bake.id)).flatMap((bake) => bake.causes),
  );
  return outcome.report.changes.filter((change) => causes.has(change.id)).map((change) => change.selector);
}

/** Each wanted target holds the released image, and its parameter and launch template point to it. */
function findWrongTargets(outcome: ScenarioOutcome): string[] {
  const problems: string[] = [];
  for (const [pipeline, targets] of outcome.wantedTargets) {
    const release = outcome.report.releases.filter((candidate) => candidate.pipeline === pipeline).at(-1);
    if (release === undefined) {
      problems.push(`${pipeline} has no release`);
      continue;
    }
    for (const target of targets) {
      const row = release.targets.find(
        (candidate) => candidate.account === target.account && candidate.region === target.region,
      );
      const location = outcome.locations.find(
        (candidate) => candidate.account === target.account && candidate.region === target.region,
      );
      const where = `${pipeline} in ${target.account}/${target.region}`;
      if (row === undefined) problems.push(`${where} is not in the release`);
      else if (location?.images.find(({ id }) => id === row.imageId)?.state !== 'available')
        problems.push(`${where}: ${row.imageId} is not available`);
      else if (row.parameter !== null && location.parameters.get(row.parameter) !== row.imageId)
        problems.push(`${where}: ${row.parameter} does not hold ${row.imageId}`);
      else if (
        row.launchTemplate !== null &&
        location.launchTemplates.get(row.launchTemplate) !== row.imageId
      )
        problems.push(`${where}: ${row.launchTemplate} does not name ${row.imageId}`);
    }
  }
  return problems;
}

/** Holds one expectation against the outcome; never throws. */
export function checkExpectation(expectation: Expectation, outcome: ScenarioOutcome): ExpectationResult {
  const { report } = outcome;
  if ('released' in expectation) {
    const { pipeline, times } = expectation.released;
    const count = report.releases.filter((release) => release.pipeline === pipeline).length;
    return held(
      `${pipeline} is released ${times === 1 ? 'once' : `${times} times`}`,
      count === times,
      `it was released ${count} times`,
    );
  }
  if ('bakes' in expectation) {
    const { pipeline, count, state } = expectation.bakes;
    const found = report.bakes.filter(
      (bake) => bake.pipeline === pipeline && (state === undefined || bake.state === state),
    ).length;
    return held(
      `${pipeline} has ${count} ${state === undefined ? '' : `${state} `}${count === 1 ? 'bake' : 'bakes'}`,
      found === count,
      `it has ${found}`,
    );
  }
  if ('attempts' in expectation) {
    const { pipeline, count } = expectation.attempts;
    const found = outcome.attempts.filter((attempt) => attempt.pipeline === pipeline).length;
    return held(`${pipeline} takes ${count} attempts`, found === count, `it took ${found}`);
  }
  if ('after' in expectation) {
    const { parent, child } = expectation.after;
    const parentAt = releaseTime(outcome, parent, 'last');
    const started = report.bakes
      .filter((bake) => bake.pipeline === child && bake.state === 'released')
      .flatMap((bake) => bake.steps.map((step) => step.startedAt));
    started.sort();
    const childAt = started[0];
    return held(
      `${child} bakes after ${parent} is released`,
      parentAt !== undefined && childAt !== undefined && parentAt <= childAt,
      `${parent} at ${parentAt}, ${child} at ${childAt}`,
    );
  }
  if ('cause' in expectation) {
    const { pipeline, selector } = expectation.cause;
    const selectors = causeSelectors(outcome, pipeline);
    return held(
      `${pipeline} is traced to ${selector}`,
      selectors.includes(selector),
      `its causes are ${selectors.join(', ') || 'none'}`,
    );
  }
  if ('reason' in expectation) {
    const { pipeline, state, contains } = expectation.reason;
    const reasons = outcome.attempts
      .filter((attempt) => attempt.pipeline === pipeline && attempt.state === state)
      .map((attempt) => attempt.reason);
    return held(
      `${pipeline} is ${state} with "${contains}" in its reason`,
      reasons.some((reason) => reason.includes(contains)),
      `reasons: ${reasons.join('; ') || 'none'}`,
    );
  }
  if ('notified' in expectation) {
    const { kind, pipeline } = expectation.notified;
    const found = report.notifications.some((mail) => mail.kind === kind && mail.pipeline === pipeline);
    return held(`people were told: ${pipeline} ${kind}`, found, 'no such notification arrived');
  }
  if ('copyFailures' in expectation) {
    const { account, region, count } = expectation.copyFailures;
    const found =
      outcome.failedCopies.find((entry) => entry.account === account && entry.region === region)?.count ?? 0;
    return held(
      `copies to ${account}/${region} failed ${count} times`,
      found === count,
      `they failed ${found} times`,
    );
  }
  if ('linksScanned' in expectation) {
    const { pipeline } = expectation.linksScanned;
    const bakes = report.bakes.filter((bake) => bake.pipeline === pipeline).map((bake) => bake.id);
    const scanned = report.approvals.filter((approval) => bakes.includes(approval.bake));
    return held(
      `a scanner opened the links of ${pipeline} and decided nothing`,
      scanned.length > 0 && scanned.every((approval) => approval.scanned > 0),
      'a link was not scanned',
    );
  }
  if ('launched' in expectation) {
    const { pipeline, account, region, as, state } = expectation.launched;
    const found = outcome.launches.filter(
      (launch) =>
        launch.pipeline === pipeline &&
        launch.account === account &&
        launch.region === region &&
        launch.as === as,
    );
    return held(
      `what ${as} starts from ${pipeline} in ${account}/${region} is ${state}`,
      found.length > 0 && found.every((launch) => launch.state === state),
      found.map((launch) => `${launch.state} ${launch.reason}`).join('; ') || 'nothing was started',
    );
  }
  if ('everyTarget' in expectation) {
    const problems = findWrongTargets(outcome);
    return held(
      'every target of every definition holds its release',
      problems.length === 0,
      problems.join('; '),
    );
  }
  if ('nothingLeftBehind' in expectation) {
    return held(
      'nothing is left behind',
      report.leftBehind.length === 0,
      report.leftBehind.map(({ kind, id }) => `${kind} ${id}`).join(', '),
    );
  }
  if ('nothingDenied' in expectation) {
    return held(
      'no call was denied',
      report.denied.length === 0,
      report.denied.map(({ role, action }) => `${role} ${action}`).join(', '),
    );
  }
  if ('fresh' in expectation) {
    return held(
      'no pipeline is stale',
      outcome.stale.length === 0,
      outcome.stale.map(({ pipeline, why }) => `${pipeline}: ${why}`).join('; '),
    );
  }
  return assertNever(expectation);
}

export function checkExpectations(scenario: Scenario, outcome: ScenarioOutcome): ExpectationResult[] {
  return scenario.expect.map((expectation) => checkExpectation(expectation, outcome));
}

import type { LocalCloud, RecordedCall } from '../../local-cloud/client.ts';
import { findArtifactId } from '../../shared/domain/artifacts/artifacts.ts';
import type { Api } from './api.ts';
import type { Mail } from './mailbox.ts';
import { listKeptBakes, type Observer } from './observe.ts';
import {
  type ClientConfig,
  findLeftBehind,
  type LocationContents,
  readLocation,
  readRunning,
} from './read-location.ts';
import type { LeftBehind, Report } from './report-schema.ts';
import type { Scenario } from './schema.ts';
import { listRegions } from './timeline.ts';

/** Use of one approval link during the scenario. */
export interface LinkUse {
  readonly approval: string;
  scanned: number;
}

export interface ReportInput {
  readonly scenario: Scenario;
  readonly cloud: LocalCloud;
  readonly api: Api;
  readonly observer: Observer;
  readonly seconds: Report['seconds'];
  readonly mails: readonly Mail[];
  readonly links: ReadonlyMap<string, LinkUse>;
  /** Number of the last recorded call before the scenario; calls of the deployment do not count. */
  readonly callsAfter: number;
}

const DENIALS = [
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'AuthorizationError',
  'Client.UnauthorizedOperation',
  'NotAuthorized',
];

export function isDenied(call: RecordedCall): boolean {
  return call.fault === undefined && call.errorCode !== undefined && DENIALS.includes(call.errorCode);
}

/** Reads every account and region that the scenario names. */
export async function readLocations(scenario: Scenario, cloud: LocalCloud): Promise<LocationContents[]> {
  const config = (account: string, region: string): ClientConfig => cloud.clientConfig(account, region);
  const wanted = [
    ...listRegions(scenario).map((region) => ({ account: scenario.control.account, region })),
    ...scenario.targets.flatMap(({ account, regions }) => regions.map((region) => ({ account, region }))),
  ];
  return Promise.all(
    wanted.map(({ account, region }) => readLocation(account, region, config(account, region))),
  );
}

export async function buildReport(
  input: ReportInput,
): Promise<{ report: Omit<Report, 'expectations'>; locations: LocationContents[] }> {
  const { scenario, cloud, api, observer, seconds, mails, links } = input;
  const [observation, changes, approvals, locations, running, calls] = await Promise.all([
    observer.look(),
    api.changes(),
    api.approvals(),
    readLocations(scenario, cloud),
    readRunning(scenario.control.account, cloud.clientConfig()),
    cloud.control.calls(input.callsAfter),
  ]);
  const retained = {
    images: new Set(
      observation.releases.flatMap((release) => [
        ...Object.values(release.images),
        ...release.targets.map(({ artifact }) => findArtifactId(artifact)),
      ]),
    ),
    bakes: listKeptBakes(observation.bakes),
  };
  const leftBehind: LeftBehind[] = [
    ...locations.flatMap((location) => findLeftBehind(location, retained)),
    ...running,
  ];
  const report: Omit<Report, 'expectations'> = {
    scenario: scenario.name,
    seconds,
    changes: changes.map((change) => ({
      id: change.id,
      selector: change.selector,
      from: change.from ?? null,
      to: change.to,
      at: change.at,
      cause: change.cause,
    })),
    bakes: observation.bakes.map((bake) => ({
      id: bake.id,
      pipeline: bake.pipeline,
      attempt: bake.attempt,
      bits: bake.bits,
      proof: bake.proof,
      causes: bake.causes,
      state: bake.state,
      reason: bake.reason,
      steps: bake.steps.map((step) => ({
        name: step.name,
        state: step.state,
        startedAt: step.startedAt,
        endedAt: step.endedAt ?? null,
      })),
    })) as Report['bakes'],
    releases: [...observation.releases]
      .sort((a, b) => (a.at < b.at ? -1 : 1))
      .map((release) => ({
        pipeline: release.pipeline,
        channel: release.channel,
        bake: release.bake,
        at: release.at,
        targets: release.targets.map(({ artifact, ...target }) => ({
          ...target,
          imageId: findArtifactId(artifact),
          parameter: target.parameter ?? null,
          launchTemplate: target.launchTemplate ?? null,
        })),
      })),
    approvals: approvals.map((approval) => ({
      id: approval.id,
      bake: approval.bake,
      attempt: approval.attempt,
      state: approval.state,
      by: approval.decision?.by ?? null,
      via: approval.decision?.via ?? null,
      at: approval.decision?.at ?? null,
      scanned: links.get(approval.id)?.scanned ?? 0,
    })),
    notifications: mails.map((mail) => ({
      to: mail.to,
      subject: mail.subject,
      kind: mail.attributes.kind ?? '',
      pipeline: mail.attributes.pipeline ?? '',
      at: mail.at,
    })),
    denied: calls
      .filter(isDenied)
      .flatMap((call) =>
        (call.actions.length === 0
          ? [{ action: `${call.service}:${call.operation}`, resource: '*' }]
          : call.actions
        ).map(({ action, resource }) => ({ role: call.principal, action, resource })),
      ),
    leftBehind,
  };
  return { report, locations };
}

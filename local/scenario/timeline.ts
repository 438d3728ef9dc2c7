import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CreateComponentCommand, ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { loadDefinitions } from '../../cli/definition-file.ts';
import type { LocalCloud } from '../../local-cloud/client.ts';
import { assertNever } from '../../shared/domain/base/errors.ts';
import type { Api } from './api.ts';
import { type LaunchResult, launchFromRelease } from './consumers.ts';
import type { Observation } from './observe.ts';
import type { Action, Command, Scenario } from './schema.ts';
import { pushContainer, SOURCES, upload } from './sources.ts';

/** Dependencies of the actions of a scenario. */
export interface ScenarioContext {
  readonly scenario: Scenario;
  /** Folder of the scenario file. */
  readonly folder: string;
  readonly cloud: LocalCloud;
  readonly api: Api;
  /** Physical names of the stack's functions by folder name. */
  readonly functionName: (name: string) => string;
  readonly news: (line: string) => void;
  /** Instances that were started from releases so far. */
  readonly launches: LaunchResult[];
}

async function invoke(
  context: Pick<ScenarioContext, 'cloud' | 'functionName'>,
  name: string,
  payload: unknown,
): Promise<void> {
  const lambda = new LambdaClient(context.cloud.clientConfig());
  try {
    await lambda.send(
      new InvokeCommand({
        FunctionName: context.functionName(name),
        InvocationType: 'Event',
        Payload: Buffer.from(JSON.stringify(payload)),
      }),
    );
  } finally {
    lambda.destroy();
  }
}

/** Runs the function of a schedule now. */
export async function runSchedule(
  context: Pick<ScenarioContext, 'cloud' | 'functionName'>,
  name: string,
): Promise<void> {
  await invoke(context, name, name === 'finalize-bakes' ? { sweep: true } : {});
}

export async function createComponent(
  context: ScenarioContext,
  { name, version, file }: { name: string; version: string; file: string },
): Promise<void> {
  const builder = new ImagebuilderClient(context.cloud.clientConfig());
  try {
    await builder.send(
      new CreateComponentCommand({
        name,
        semanticVersion: version,
        platform: 'Linux',
        data: readFileSync(resolve(context.folder, file), 'utf8'),
        clientToken: `${name}-${version}`,
      }),
    );
  } finally {
    builder.destroy();
  }
}

async function putParameter(
  { cloud }: Pick<ScenarioContext, 'cloud'>,
  given: { readonly name: string } & ({ readonly value: string } | { readonly from: string }),
): Promise<void> {
  const ssm = new SSMClient(cloud.clientConfig());
  try {
    const Value =
      'value' in given
        ? given.value
        : (await ssm.send(new GetParameterCommand({ Name: given.from }))).Parameter?.Value;
    await ssm.send(new PutParameterCommand({ Name: given.name, Value, Type: 'String', Overwrite: true }));
  } finally {
    ssm.destroy();
  }
}

function latestBake(observation: Observation, pipeline: string): string {
  const bake = observation.bakes.filter((candidate) => candidate.pipeline === pipeline).at(-1);
  if (bake === undefined)
    throw new Error(`${pipeline} has no bake yet; give the entry a condition that waits for one.`);
  return bake.id;
}

/** Prefix of the names of recipes that the Image Builder engine creates for a pipeline. */
const recipePrefix = (pipeline: string) => `ovenbird-${pipeline}`;

export async function declareCommand(
  { cloud }: Pick<ScenarioContext, 'cloud'>,
  { match, ...answer }: Command,
): Promise<void> {
  const { pipeline, ...rest } = match;
  await cloud.control.imageServices('declare-command', {
    match: { ...rest, ...(pipeline === undefined ? {} : { pipelineTag: pipeline }) },
    ...answer,
  });
}

export async function perform(
  context: ScenarioContext,
  action: Action,
  observation: Observation,
): Promise<void> {
  const { cloud, api, scenario, news } = context;
  const { control } = cloud;
  if ('publishBase' in action) {
    news(`AWS publishes ${action.publishBase.name}`);
    await control.imageServices('publish-base', { ...action.publishBase, regions: listRegions(scenario) });
  } else if ('publishComponent' in action) {
    news(`component ${action.publishComponent.name} ${action.publishComponent.version} is published`);
    await createComponent(context, action.publishComponent);
  } else if ('putParameter' in action) {
    await putParameter(context, action.putParameter);
  } else if ('upload' in action) {
    news(`s3://${SOURCES}/${action.upload.key} is uploaded`);
    await upload(cloud, action.upload.key, action.upload.content);
  } else if ('pushContainer' in action) {
    news(`${action.pushContainer.repository}:${action.pushContainer.tag} is pushed`);
    await pushContainer(cloud, action.pushContainer);
  } else if ('apply' in action) {
    const loaded = loadDefinitions(action.apply.map((file) => resolve(context.folder, file)));
    for (const { definition } of loaded) {
      news(`apply ${definition.name}`);
      await api.apply(definition);
    }
  } else if ('plan' in action) {
    const loaded = loadDefinitions(action.plan.apply.map((file) => resolve(context.folder, file)));
    news('a person asks for a plan');
    await api.request('POST', '/plan', {
      definitions: loaded.map(({ definition }) => definition),
      changes: action.plan.changes,
    });
  } else if ('bake' in action) {
    await api.requestBake(action.bake.pipeline, action.bake.force);
  } else if ('cancel' in action) {
    news(`cancel ${action.cancel.pipeline}`);
    await api.request('POST', `/bakes/${latestBake(observation, action.cancel.pipeline)}/cancel`, {});
  } else if ('retry' in action) {
    news(`a person retries ${action.retry.pipeline}`);
    await api.request('POST', `/bakes/${latestBake(observation, action.retry.pipeline)}/retry`, {});
  } else if ('failCall' in action) {
    await control.addFault(action.failCall);
  } else if ('failEvents' in action) {
    await control.addEventFault(action.failEvents);
  } else if ('failCopy' in action) {
    await control.imageServices('fail-copy', action.failCopy);
  } else if ('failBuild' in action) {
    const { pipeline, times, reason } = action.failBuild;
    await control.imageServices('fail-build', { recipeName: recipePrefix(pipeline), times, reason });
  } else if ('publishFinding' in action) {
    const { instances, id, ...finding } = action.publishFinding;
    news(`Amazon Inspector finds ${finding.vulnerability}`);
    const ids = [id, ...Array.from({ length: instances - 1 }, (_, index) => `${id}-${index + 2}`)];
    const { account, region } = scenario.control;
    for (const one of ids)
      await control.imageServices('publish-finding', { account, region, ...finding, id: one });
  } else if ('declareComponent' in action) {
    await control.imageServices('declare-component', action.declareComponent);
  } else if ('declareCommand' in action) {
    await declareCommand(context, action.declareCommand);
  } else if ('launch' in action) {
    const { pipeline, account, region, as } = action.launch;
    const result = await launchFromRelease(cloud, action.launch, observation);
    news(`${as} starts ${pipeline} in ${account}/${region}: ${result.state} ${result.reason}`.trim());
    context.launches.push(result);
  } else if ('tick' in action) {
    await runSchedule(context, action.tick.function);
  } else assertNever(action);
}

export function listRegions(scenario: Scenario): string[] {
  return [...new Set([scenario.control.region, ...scenario.targets.flatMap((target) => target.regions)])];
}

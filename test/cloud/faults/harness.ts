/** What the suites of faults share: small pipelines with a base of their own, one look at the control plane for all tests that wait, passing time. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateComponentCommand, ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from '@jest/globals';
import { STAGE } from '../../../local/deploy.ts';
import { type ApiBakeDetail, ApiRefused } from '../../../local/scenario/api.ts';
import { listKeptBakes, type Observation, Observer } from '../../../local/scenario/observe.ts';
import {
  findLeftBehind,
  type LocationContents,
  readLocation,
  readRunning,
} from '../../../local/scenario/read-location.ts';
import type { LeftBehind } from '../../../local/scenario/report-schema.ts';
import type { RecordedCall } from '../../../local-cloud/client.ts';
import { findArtifactId } from '../../../shared/domain/artifacts/artifacts.ts';
import { due } from '../../../shared/domain/base/naming.ts';
import type { DefinitionInput } from '../../../shared/domain/definitions/definition.ts';
import { type AttemptState, TERMINAL_STATES } from '../../../shared/domain/records/attempt-states.ts';
import { CONTROL, type DeployedCloud, TARGETS, until } from '../../support/deployed-cloud.ts';

export const WORKLOADS = '444455556666';
export const SANDBOX = '777788889999';
const COMPONENT = `name: agents
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - { name: Install, action: ExecuteBash, inputs: { commands: [dnf install -y amazon-ssm-agent] } }
`;
const ENDED: readonly string[] = TERMINAL_STATES;

/** Names of one run, so that a deployment can be used for another. */
const RUN = Date.now().toString(36).slice(-5);
export function uniqueName(word: string): string {
  return `${word}-${RUN}`;
}

export class FaultHarness {
  readonly deployed: DeployedCloud;
  readonly queues: Queues;
  private readonly observer: Observer;
  private readonly table: DynamoDBDocumentClient;
  /** Number of the last call that was recorded before the tests began. */
  since = 0;
  private pendingObservation: Promise<Observation> | undefined;
  private publishedBases = 0;

  constructor(deployed: DeployedCloud) {
    this.deployed = deployed;
    this.queues = new Queues(deployed);
    this.observer = new Observer(deployed.api);
    this.table = DynamoDBDocumentClient.from(new DynamoDBClient(deployed.cloud.clientConfig()));
  }

  get control() {
    return this.deployed.cloud.control;
  }

  /** A definition of one image for one target, built on a parameter of its own, without approval and debounce. */
  buildDefinition(name: string, more: Partial<DefinitionInput> = {}): DefinitionInput {
    return {
      apiVersion: 'ovenbird.dev/v1',
      name,
      base: { ssm: baseParameterName(name) },
      components: [{ component: 'agents/1.x.x' }],
      tests: { suites: [{ name: 'boots', script: 'systemctl is-system-running' }] },
      approval: { required: false },
      distribution: { targets: [{ account: WORKLOADS, regions: ['eu-west-1'] }] },
      triggers: { debounce: '0s' },
      ...more,
    };
  }

  apply(definition: unknown): Promise<unknown> {
    return this.deployed.api.apply(definition);
  }

  /** Gives the pipeline a base of its own and applies it; an immediate pipeline bakes at once. */
  async applyWithOwnBase(name: string, more: Partial<DefinitionInput> = {}): Promise<void> {
    if (more.base === undefined) await this.publishBase(name);
    await this.apply(this.buildDefinition(name, more));
  }

  /** Moves the pipeline's base to an image that was published just now. */
  async publishBase(pipeline: string): Promise<string> {
    this.publishedBases += 1;
    const { images } = (await this.control.imageServices('publish-base', {
      parameter: `/aws/service/for-tests/${pipeline}-${this.publishedBases}`,
      name: `base-of-${pipeline}-${this.publishedBases}`,
      regions: [CONTROL.region],
      inventory: [{ name: 'openssl', version: '3.2.2', type: 'rpm' }],
    })) as { images: Record<string, string> };
    const image = images[CONTROL.region] ?? '';
    const ssm = new SSMClient(this.deployed.cloud.clientConfig());
    await ssm.send(
      new PutParameterCommand({
        Name: baseParameterName(pipeline),
        Value: image,
        Type: 'String',
        Overwrite: true,
      }),
    );
    ssm.destroy();
    return image;
  }

  /** One request to the control plane for all that ask meanwhile. */
  observe(): Promise<Observation> {
    this.pendingObservation ??= this.observer.look().finally(() => {
      this.pendingObservation = undefined;
    });
    return this.pendingObservation;
  }

  /** Bakes of one pipeline, oldest first. */
  async bakes(pipeline: string): Promise<ApiBakeDetail[]> {
    return (await this.observe()).bakes.filter((bake) => bake.pipeline === pipeline);
  }

  /** Waits for the n-th bake of a pipeline to be in one of the states. Fails at once when it ended in another. */
  waitForState(
    pipeline: string,
    states: AttemptState | readonly AttemptState[],
    { number = 1, attempt = 1, seconds = 90 } = {},
  ): Promise<ApiBakeDetail> {
    const wanted: readonly string[] = [states].flat();
    return until(
      `bake ${number} of ${pipeline} is ${wanted.join(' or ')}`,
      async () => {
        const bake = (await this.bakes(pipeline))[number - 1];
        if (bake === undefined || bake.attempt < attempt) return undefined;
        if (wanted.includes(bake.state)) return bake;
        if (ENDED.includes(bake.state) && bake.endedAt !== undefined)
          throw new Error(`${pipeline} is ${bake.state}: ${bake.attempts.at(-1)?.failure?.reason}`);
        return undefined;
      },
      { seconds },
    );
  }

  /** Waits for a decision about a pipeline. */
  waitForDecision(pipeline: string, kind: string): Promise<readonly { code: string; message: string }[]> {
    return until(`${pipeline} is decided as ${kind}`, async () => {
      const found = (await this.observe()).pipelines.find(({ name }) => name === pipeline);
      return found?.decision?.kind === kind && !found.pending ? found.decision.reasons : undefined;
    });
  }

  /** What waits for its time is due now, and the functions that look once a minute look now. */
  async passTime(): Promise<void> {
    const now = new Date().toISOString();
    for (const pk of [due.wait, due.attempt, due.outbox, due.fanOut]) await this.makeDue(pk, now);
    await Promise.all([
      this.deployed.invoke('sweep-work'),
      this.deployed.invoke('finalize-bakes', { sweep: true }),
    ]);
  }

  private async makeDue(pk: string, now: string): Promise<void> {
    const { Items = [] } = await this.table.send(
      new QueryCommand({
        TableName: this.deployed.deployment.outputs.TableName,
        IndexName: 'due',
        KeyConditionExpression: 'duePk = :pk AND dueSk > :now',
        ExpressionAttributeValues: { ':pk': pk, ':now': now },
      }),
    );
    for (const { pk, sk, dueSk } of Items) {
      await this.table
        .send(
          new UpdateCommand({
            TableName: this.deployed.deployment.outputs.TableName,
            Key: { pk, sk },
            UpdateExpression: 'SET dueSk = :now',
            ConditionExpression: 'dueSk = :was',
            ExpressionAttributeValues: { ':now': now, ':was': dueSk },
          }),
        )
        // It has moved on meanwhile.
        .catch((error: Error) => {
          if (error.name !== 'ConditionalCheckFailedException') throw error;
        });
    }
  }

  /** What was called since the tests began. */
  calls(): Promise<RecordedCall[]> {
    return this.control.calls(this.since);
  }

  /** No fault is left for what comes next. */
  async removeFaults(): Promise<void> {
    await Promise.all([this.control.removeFaults(), this.control.removeEventFaults()]);
  }

  /** Every account and region that anything may stand in. */
  readLocations(): Promise<LocationContents[]> {
    const { cloud } = this.deployed;
    const wanted = [
      CONTROL,
      ...TARGETS.flatMap(({ account, regions }) => regions.map((region) => ({ account, region }))),
    ];
    return Promise.all(
      wanted.map(({ account, region }) => readLocation(account, region, cloud.clientConfig(account, region))),
    );
  }

  /** Everything that no release keeps, and everything that still runs; of one bake, or of all. */
  async findLeftovers(bake?: ApiBakeDetail): Promise<LeftBehind[]> {
    const [places, running, { releases, bakes }] = await Promise.all([
      this.readLocations(),
      readRunning(CONTROL.account, this.deployed.cloud.clientConfig()),
      this.observe(),
    ]);
    const retained = releases.flatMap((release) => [
      ...Object.values(release.images),
      ...release.targets.map(({ artifact }) => findArtifactId(artifact)),
    ]);
    const standing = places.flatMap((place) =>
      findLeftBehind(bake === undefined ? place : filterByBake(place, bake.id), {
        images: new Set(retained),
        bakes: listKeptBakes(bakes),
      }),
    );
    const open = running.filter(
      ({ id }) => bake === undefined || id.includes(bake.id) || id.includes(`/ovenbird-${bake.pipeline}-`),
    );
    return [...standing, ...open];
  }

  /** The bake's clean-up has come to its end: time passes until nothing is left of it. */
  async expectNothingLeft(bake: ApiBakeDetail): Promise<void> {
    let left: LeftBehind[] = [];
    await until(
      `nothing is left of the bake of ${bake.pipeline}`,
      async () => {
        left = await this.findLeftovers(bake);
        if (left.length === 0) return true;
        await this.passTime();
        return undefined;
      },
      { seconds: 30 },
    ).catch(() => expect(left).toEqual([]));
  }

  /** The bake is the only one of its pipeline and was released once, to every target of its definition. */
  async expectReleasedOnce(
    pipeline: string,
    more: { attempts?: number; targets?: number } = {},
  ): Promise<void> {
    const bakes = await this.bakes(pipeline);
    expect(bakes.map(({ state }) => state)).toEqual(['released']);
    expect(bakes[0]?.attempt).toBe(more.attempts ?? 1);
    const releases = (await this.observe()).releases.filter((release) => release.pipeline === pipeline);
    expect(releases.map(({ targets }) => targets.length)).toEqual([more.targets ?? 1]);
  }
}

function filterByBake(place: LocationContents, bake: string): LocationContents {
  const images = place.images.filter((image) => image.bake === bake);
  const snapshots = new Set(images.flatMap((image) => image.snapshots));
  return {
    ...place,
    images,
    snapshots: place.snapshots.filter(({ id, bake: of }) => of === bake || snapshots.has(id)),
    instances: place.instances.filter((instance) => instance.bake === bake),
  };
}

/** Queues of the stack by the last part of their names. */
class Queues {
  private readonly sqs: SQSClient;
  constructor({ cloud }: DeployedCloud) {
    this.sqs = new SQSClient(cloud.clientConfig());
  }

  async send(queue: string, body: string): Promise<void> {
    await this.sqs.send(new SendMessageCommand({ QueueUrl: await this.url(queue), MessageBody: body }));
  }

  /** Messages that wait or are being worked on. */
  async countMessages(queue: string): Promise<number> {
    const { Attributes } = await this.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: await this.url(queue),
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    return Object.values(Attributes ?? {}).reduce((sum, count) => sum + Number(count), 0);
  }

  private async url(queue: string): Promise<string> {
    const { QueueUrl = '' } = await this.sqs.send(
      new GetQueueUrlCommand({ QueueName: `ovenbird-${STAGE}-${queue}` }),
    );
    return QueueUrl;
  }
}

interface ProblemBody {
  readonly code: string;
  readonly detail: string;
  readonly problems?: readonly { field: string; message: string; fix?: string }[];
}

/** What the API refused, and how it said so. */
export async function readRefusal(
  ask: () => Promise<unknown>,
): Promise<{ status: number; problem: ProblemBody }> {
  const answer = await ask().catch((error: unknown) => error);
  if (!(answer instanceof ApiRefused)) throw new Error(`It was not refused: ${JSON.stringify(answer)}`);
  return { status: answer.status, problem: answer.body as ProblemBody };
}

export function baseParameterName(pipeline: string): string {
  return `/bases/${pipeline}`;
}

/** Amazon's side of what every pipeline here is made of. */
export async function prepareSharedInputs(oven: FaultHarness): Promise<void> {
  const { control } = oven;
  await oven.removeFaults();
  oven.since = (await control.calls()).at(-1)?.seq ?? 0;
  await control.imageServices('declare-component', {
    name: 'agents',
    version: '1.0.0',
    adds: [{ name: 'amazon-ssm-agent', version: '3.3.3050', type: 'rpm' }],
  });
  const builder = new ImagebuilderClient(oven.deployed.cloud.clientConfig());
  await builder.send(
    new CreateComponentCommand({
      name: 'agents',
      semanticVersion: '1.0.0',
      platform: 'Linux',
      data: COMPONENT,
      clientToken: 'agents-1.0.0',
    }),
  );
  builder.destroy();
  await control.imageServices('declare-command', {
    match: { suite: 'boots' },
    status: 'Success',
    stdout: 'booted',
  });
}

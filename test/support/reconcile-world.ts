/** Pipelines, what they are built on, and everything between a change and a bake, in memory. Bakes themselves are played. */
import { cronerCalendar } from '../../shared/adapters/croner-calendar.ts';
import type { ApproverSubscriptions } from '../../shared/domain/approval/subscriptions.ts';
import type { BaseImage } from '../../shared/domain/artifacts/base-image.ts';
import type { BakeRef } from '../../shared/domain/bakes/payloads.ts';
import { executionName, keys, lists } from '../../shared/domain/base/naming.ts';
import type { ComponentFacts } from '../../shared/domain/definitions/components.ts';
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import type { Notification } from '../../shared/domain/notifications/messages.ts';
import type { ObservedPipeline } from '../../shared/domain/reconcile/desired.ts';
import { AttemptRecordSchema, type BakeRecord, BakeRecordSchema } from '../../shared/domain/records/bakes.ts';
import type { DistributionRecord } from '../../shared/domain/records/distributions.ts';
import type { OutboxRecord } from '../../shared/domain/records/outbox.ts';
import {
  listDependencies,
  type PipelineRecord,
  PipelineRecordSchema,
} from '../../shared/domain/records/pipelines.ts';
import { type ChannelRecord, ChannelRecordSchema } from '../../shared/domain/records/releases.ts';
import {
  type ChangeRecord,
  ChangeRecordSchema,
  SelectorRecordSchema,
} from '../../shared/domain/records/selectors.ts';
import {
  FingerprintRecordSchema,
  type PipelineStatus,
  PipelineStatusSchema,
} from '../../shared/domain/records/status.ts';
import { selectorKey } from '../../shared/domain/selectors/selectors.ts';
import type { ArtifactFacts } from '../../shared/ports/artifact-store.ts';
import type { EventPublisher } from '../../shared/ports/event-publisher.ts';
import type { HintQueue } from '../../shared/ports/hint-queue.ts';
import type { Limits } from '../../shared/ports/limits.ts';
import type { ReconcileQueue } from '../../shared/ports/reconcile-queue.ts';
import type { Item } from '../../shared/ports/table.ts';
import type { FindingHints } from '../../shared/ports/vulnerabilities.ts';
import type { ExecutionStatus, Workflows } from '../../shared/ports/workflows.ts';
import { recordOutcome } from '../../shared/use-cases/bakes/record-outcome.ts';
import { beginStep } from '../../shared/use-cases/bakes/steps.ts';
import { applyDefinition } from '../../shared/use-cases/definitions/apply-definition.ts';
import { fanOutChange } from '../../shared/use-cases/detect/fan-out-change.ts';
import { handleHint } from '../../shared/use-cases/detect/handle-hint.ts';
import { resyncSelectors } from '../../shared/use-cases/detect/resync-selectors.ts';
import { reconcileIfExists } from '../../shared/use-cases/reconcile/reconcile-pipeline.ts';
import { requestBake } from '../../shared/use-cases/reconcile/request-bake.ts';
import { releaseImage } from '../../shared/use-cases/releases/release-image.ts';
import { publishOutbox } from '../../shared/use-cases/sweep/publish-outbox.ts';
import { sweepWork } from '../../shared/use-cases/sweep/sweep-work.ts';
import { fakeBaseImages, fakeInstanceTypes } from './fakes/base-images.ts';
import { fakeEngine, fakeEngines } from './fakes/build-engine.ts';
import { fakeDocuments, fakeFindings } from './fakes/findings.ts';
import { readableImages } from './fakes/locations.ts';
import { memoryTable } from './fakes/memory-table.ts';
import { fakePlacements } from './fakes/placements.ts';
import { fakeSources } from './fakes/sources.ts';
import { countingIds, digest, fakeClock } from './fakes/time-and-ids.ts';
import { fakeWakeQueue } from './fakes/wake-queue.ts';

export const HOME = { account: '111122223333', region: 'eu-west-1' };
export const BASE_PARAMETER = '/aws/service/base';
export const ami = (number: number): string => `ami-${number.toString(16).padStart(17, '0')}`;
export const componentArn = (name: string, version: string): string =>
  `arn:aws:imagebuilder:${HOME.region}:${HOME.account}:component/${name}/${version}`;

export interface PipelineFixture {
  readonly name: string;
  /** A pipeline, or a parameter where it begins with "/". */
  readonly base: string;
  readonly components?: readonly string[];
  readonly triggers?: DefinitionInput['triggers'];
  readonly more?: Partial<DefinitionInput>;
}

export function toDefinition({
  name,
  base,
  components = [],
  triggers,
  more = {},
}: PipelineFixture): DefinitionInput {
  return {
    apiVersion: 'ovenbird.dev/v1',
    name,
    base: base.startsWith('/') ? { ssm: base } : { pipeline: base },
    components: components.map((component) => ({ component })),
    tests: { suites: [{ name: 'boots', script: 'true' }] },
    approval: { required: false },
    triggers: { debounce: '0s', ...triggers },
    ...more,
  };
}

export type ReconcileWorld = ReturnType<typeof reconcileWorld>;

/** More than any test needs. */
export const UNLIMITED: Limits = { bakes: 1000, bakesOfTeam: 1000, wave: 1000 };

export function reconcileWorld(
  options: { readonly pageSize?: number; readonly limits?: Partial<Limits> } = {},
) {
  const table = memoryTable({ ...options, keepsItems: true });
  const clock = fakeClock();
  const ids = countingIds();
  const sources = fakeSources();
  const { parameters, resolved, resolver } = sources;
  parameters.set(BASE_PARAMETER, ami(1));
  const publishComponent = (name: string, version: string) => {
    const topic = componentArn(name, version).split('/').slice(0, 2).join('/');
    sources.publish(topic, version);
    return topic;
  };

  const plans: { pipeline: string; at: number }[] = [];
  const hints: unknown[] = [];
  const events: Omit<OutboxRecord, 'published'>[] = [];
  const mails: Notification[] = [];
  const measured: OutboxRecord[] = [];
  const reconcileQueue: ReconcileQueue = {
    send: async (requests) => {
      for (const { pipeline, delaySeconds } of requests)
        plans.push({ pipeline, at: clock.now().getTime() + Math.min(delaySeconds, 900) * 1000 });
    },
  };
  const hintQueue: HintQueue = { send: async (topics) => void hints.push({ topics }) };
  const findingHints: FindingHints = {
    sendPage: async (after) => void hints.push({ findingsAfter: after ?? null }),
    sendInventories: async (channels) => void hints.push({ inventories: channels }),
  };
  const findings = fakeFindings();
  const documents = fakeDocuments();
  const publisher: EventPublisher = { publish: async (batch) => void events.push(...batch) };
  const executions = new Map<string, ExecutionStatus>();
  const executionArn = (machine: string, name: string) => `arn:execution:${machine}:${name}`;
  const workflows: Workflows = {
    executionArn,
    startBake: async (name) => {
      const arn = executionArn('bake', name);
      if (!executions.has(arn)) executions.set(arn, { status: 'RUNNING' });
      return arn;
    },
    stop: async (execution) => {
      if (executions.get(execution)?.status === 'RUNNING') executions.set(execution, { status: 'ABORTED' });
    },
    describe: async (execution) => executions.get(execution),
  };
  /** What the control account sees of images; a test puts another function there. */
  const images = {
    describe: async (_region: string, _id: string): Promise<ArtifactFacts | undefined> => undefined,
  };
  /** What EC2 tells of bases; of one that no test tells of it is that there is none. */
  const bases = new Map<string, Partial<BaseImage> | undefined>();
  /** What Image Builder tells of components, by their versions; of others it tells nothing. */
  const componentFacts = new Map<string, ComponentFacts>();
  /** Accounts that are no targets of the installation. */
  const strangers = new Set<string>();
  /** Accounts of the organization that are not onboarded. */
  const closed = new Set<string>();
  const ports = {
    baseImages: fakeBaseImages(
      (id) => images.describe(HOME.region, id),
      bases,
      () => false,
    ),
    instanceTypes: fakeInstanceTypes,
    placements: fakePlacements(),
    targetAccounts: {
      includes: (account: string) => !strangers.has(account),
      findClosed: async (places: readonly { account: string }[]) =>
        places
          .filter(({ account }) => closed.has(account))
          .map(({ account }) => ({ account, problem: `The role of ${account} cannot be assumed.` })),
    },
    components: { describe: async (version: string) => componentFacts.get(version) },
    table,
    clock,
    ids,
    digest,
    resolver,
    engines: fakeEngines(fakeEngine()),
    reconcileQueue: reconcileQueue,
    hintQueue,
    findingHints,
    findings,
    documents,
    publisher,
    notifier: {
      readSubscriptions: async (): Promise<ApproverSubscriptions> => ({ confirmed: [], foreign: [] }),
      notify: async (message: Notification) => void mails.push(message),
    },
    wakeQueue: fakeWakeQueue(),
    workflows,
    images,
    locations: readableImages(images),
    calendar: cronerCalendar,
    limits: { ...UNLIMITED, ...options.limits },
    home: HOME,
    onPublished: (row: OutboxRecord) => void measured.push(row),
  };

  const written = trackRecords(table);
  const bakes = (pipeline?: string): BakeRecord[] =>
    [...written.bakes.values()].filter((bake) => pipeline === undefined || bake.pipeline === pipeline);
  const changes = (): ChangeRecord[] => [...written.changes.values()];
  const one = <Entry>(key: { pk: string; sk: string }, schema: { parse(value: unknown): Entry }) => {
    const item = table.peek(key);
    return item === undefined ? undefined : schema.parse(item);
  };
  const status = (name: string): PipelineStatus | undefined => one(keys.status(name), PipelineStatusSchema);
  const channel = (name: string): ChannelRecord | undefined =>
    one(keys.channel(name, 'stable'), ChannelRecordSchema);

  const pipeline = (name: string): PipelineRecord =>
    PipelineRecordSchema.parse(table.peek(keys.pipeline(name)));
  const observed = (name: string): ObservedPipeline => {
    const record = pipeline(name);
    const dependencies = listDependencies(record.spec);
    return {
      pipeline: record,
      status: PipelineStatusSchema.parse(table.peek(keys.status(name))),
      selectors: dependencies.map((selector) =>
        one(keys.selector(selectorKey(selector)), SelectorRecordSchema),
      ),
      channel: channel(name),
      channels: new Map(
        dependencies.flatMap((selector) => {
          const found = selector.kind === 'pipeline' ? channel(selector.pipeline) : undefined;
          return found === undefined ? [] : [[selectorKey(selector), found] as const];
        }),
      ),
    };
  };

  return {
    ports,
    pipeline,
    seen: observed,
    fingerprint: (name: string, { bits, proof }: { bits: string; proof: string }) =>
      one(keys.fingerprint(name, bits, proof), FingerprintRecordSchema),
    table,
    clock,
    parameters,
    sources,
    bases,
    componentFacts,
    strangers,
    closed,
    components: { set: publishComponent },
    resolved,
    reconcileRequests: plans,
    hints,
    events,
    mails,
    measured,
    executions,
    bakes,
    bake: (id: string): BakeRecord | undefined => written.bakes.get(id),
    change: (id: string): ChangeRecord | undefined => written.changes.get(id),
    changes,
    /** Rows that stand in this part of the index of what is due. */
    due: (pk: string): Item[] => [...written.due.values()].filter(({ duePk }) => duePk === pk),
    status,
    channel,

    apply: (spec: PipelineFixture, by = 'tests') =>
      applyDefinition(ports, { definition: toDefinition(spec), by }),
    request: (pipeline: string, force = false, by = 'anna', given: Partial<typeof ports> = {}) =>
      requestBake({ ...ports, ...given }, { pipeline, by, force }),
    detect: (topic: string) => handleHint(ports, { topics: [topic] }),
    publishComponent,

    /** One thing that is waiting to be done, or nothing. Time does not pass. */
    async handleNextMessage(given: Partial<typeof ports> = {}): Promise<boolean> {
      const own = { ...ports, ...given };
      const hint = hints.shift();
      if (hint !== undefined) {
        await handleHint(own, hint);
        return true;
      }
      const index = plans.findIndex(({ at }) => at <= clock.now().getTime());
      if (index < 0) return false;
      const [plan] = plans.splice(index, 1);
      if (plan !== undefined) await reconcileIfExists(own, plan.pipeline);
      return true;
    },
    /** Until nothing is waiting. Outbox rows are published as the stream would. */
    async runUntilIdle(): Promise<void> {
      for (let rounds = 0; rounds < 500; rounds += 1) {
        await this.publish();
        if (!(await this.handleNextMessage())) return;
      }
      throw new Error('The world does not come to rest.');
    },
    async publish(given: Partial<typeof ports> = {}): Promise<void> {
      for (const id of [...written.unpublished].sort()) {
        await publishOutbox({ ...ports, ...given }, id);
      }
    },
    sweep: (given: Partial<typeof ports> = {}) => sweepWork({ ...ports, ...given }),
    resync: (given: Partial<typeof ports> = {}) => resyncSelectors({ ...ports, ...given }),
    fanOut: (id: string, given: Partial<typeof ports> = {}) => fanOutChange({ ...ports, ...given }, id),

    /** Plays the machine up to a step. */
    async advanceTo(
      bake: string,
      last: 'Preflight' | 'Approve' | 'Distribute' | 'Release',
      given: Partial<typeof ports> = {},
    ): Promise<void> {
      const { attempt } = written.bakes.get(bake) ?? { attempt: 1 };
      await beginStep({ ...ports, ...given }, { bake, attempt }, last);
    },
    /** Plays the machine up to where all that is left is to release. */
    async distribute(bake: string, given: Partial<typeof ports> = {}): Promise<BakeRef> {
      const own = { ...ports, ...given };
      const record = written.bakes.get(bake);
      if (record === undefined) throw new Error(`No bake ${bake}`);
      const ref = { bake, attempt: record.attempt };
      await beginStep(own, ref, 'Release');
      const current = channel(record.pipeline);
      const plan: DistributionRecord = {
        ...ref,
        pipeline: record.pipeline,
        channel: 'stable',
        ...HOME,
        sequence: current?.sequence ?? 0,
        sources: {
          'x86-64': {
            artifact: { kind: 'ami', ...HOME, imageId: findImageId(record, written.bakes), snapshotIds: [] },
            architecture: 'x86_64',
            devices: [],
            tags: {},
          },
        },
        state: 'moved',
        plannedAt: clock.now().toISOString(),
        version: 1,
      };
      await table.write([{ put: { ...keys.distribution(bake), ...plan } }]);
      return ref;
    },
    async release(bake: string, given: Partial<typeof ports> = {}): Promise<void> {
      const ref = await this.distribute(bake, given);
      await releaseImage({ ...ports, ...given }, ref);
      executions.set(executionArn('bake', executionName({ ...ref, machine: 'bake' })), {
        status: 'SUCCEEDED',
      });
    },
    async fail(
      bake: string,
      name = 'BuildFailed',
      cause = 'The build failed.',
      given: Partial<typeof ports> = {},
    ): Promise<void> {
      const { attempt } = written.bakes.get(bake) ?? { attempt: 1 };
      await recordOutcome({ ...ports, ...given }, { bake, attempt, error: { name, cause } });
    },
    /** Records the end of every bake whose execution was stopped, as the rule on Step Functions does. */
    async endStopped(given: Partial<typeof ports> = {}): Promise<void> {
      const own = { ...ports, ...given };
      for (const { id: bake, attempt } of this.running()) {
        const arn = executionArn('bake', executionName({ bake, attempt, machine: 'bake' }));
        if (executions.get(arn)?.status !== 'ABORTED') continue;
        await recordOutcome(own, { bake, attempt, error: { name: 'States.Aborted', cause: 'stopped' } });
      }
      // What was asked to end before its machine ran is found by a look at what is due.
      for (const bake of this.running().filter(({ id }) => !this.hasStarted(id))) {
        const attempt = one(keys.attempt(bake.id, bake.attempt), AttemptRecordSchema);
        if (attempt?.endRequested === undefined) continue;
        const error = { name: 'States.Aborted', cause: 'never started' };
        await recordOutcome(own, { bake: bake.id, attempt: bake.attempt, error });
      }
    },
    /** Whether the machine of the bake's latest attempt was ever started. */
    hasStarted(bake: string): boolean {
      const { attempt } = written.bakes.get(bake) ?? { attempt: 1 };
      return executions.has(executionArn('bake', executionName({ bake, attempt, machine: 'bake' })));
    },
    /** Bakes that have not ended. */
    running: (): BakeRecord[] => [...written.running.values()],
  };
}

/** Every image is one of its own, but for a bake that takes over what another one built. */
function findImageId({ id, reusesBake: reuses }: BakeRecord, bakes: ReadonlyMap<string, BakeRecord>): string {
  const builder = reuses === undefined ? undefined : bakes.get(reuses);
  return builder === undefined ? `ami-${digest(id).slice(0, 17)}` : findImageId(builder, bakes);
}

/** Records by id, stored as they are written: a look at all rows for each question would take longer than everything else. */
function trackRecords(table: ReturnType<typeof memoryTable>) {
  const bakes = new Map<string, BakeRecord>();
  const running = new Map<string, BakeRecord>();
  const changes = new Map<string, ChangeRecord>();
  const unpublished = new Set<string>();
  /** Rows that a sweep has to look at, by their key. */
  const due = new Map<string, Item>();
  table.onWrite((written) => {
    for (const { before, after } of written) {
      const { pk, sk } = after ?? before ?? { pk: '', sk: '' };
      if (after?.duePk === undefined) due.delete(`${pk} ${sk}`);
      else due.set(`${pk} ${sk}`, after);
      if (after === undefined) continue;
      if (after.listPk === lists.changes) changes.set(String(after.id), ChangeRecordSchema.parse(after));
      if (after.pk.startsWith('OUTBOX#')) {
        if (after.published === true) unpublished.delete(String(after.id));
        else unpublished.add(String(after.id));
      }
      if (after.listPk !== lists.bakes) continue;
      const bake = BakeRecordSchema.parse(after);
      bakes.set(bake.id, bake);
      if (bake.endedAt === undefined) running.set(bake.id, bake);
      else running.delete(bake.id);
    }
  });
  return { bakes, running, changes, unpublished, due };
}

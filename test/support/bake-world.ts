/** A pipeline `web` with one bake that is about to run, and everything that its machines and functions need, in memory. */
import { cronerCalendar } from '../../shared/adapters/croner-calendar.ts';
import type { BaseImage } from '../../shared/domain/artifacts/base-image.ts';
import { keys } from '../../shared/domain/base/naming.ts';
import type { ComponentFacts } from '../../shared/domain/definitions/components.ts';
import { DefinitionSchema } from '../../shared/domain/definitions/definition.ts';
import { computeDesired } from '../../shared/domain/reconcile/desired.ts';
import { listTargets } from '../../shared/domain/reconcile/pipeline-spec.ts';
import type { AttemptRecord, BakeRecord } from '../../shared/domain/records/bakes.ts';
import { PipelineRecordSchema } from '../../shared/domain/records/pipelines.ts';
import { SelectorRecordSchema } from '../../shared/domain/records/selectors.ts';
import { FingerprintRecordSchema, PipelineStatusSchema } from '../../shared/domain/records/status.ts';
import type { Documents } from '../../shared/ports/documents.ts';
import type { Location, Locations } from '../../shared/ports/locations.ts';
import type { ReconcileQueue } from '../../shared/ports/reconcile-queue.ts';
import type { SelectorResolver } from '../../shared/ports/selector-resolver.ts';
import type { ExecutionStatus, Workflows } from '../../shared/ports/workflows.ts';
import { voidApprovals } from '../../shared/use-cases/approval/void-approvals.ts';
import { checkPreflight } from '../../shared/use-cases/bakes/check-preflight.ts';
import { cleanUpBake } from '../../shared/use-cases/bakes/clean-up-bake.ts';
import { placeBuild } from '../../shared/use-cases/bakes/place-build.ts';
import { recordImage } from '../../shared/use-cases/bakes/record-image.ts';
import { recordOutcome } from '../../shared/use-cases/bakes/record-outcome.ts';
import { startBuild } from '../../shared/use-cases/bakes/start-build.ts';
import { evaluateGates } from '../../shared/use-cases/gates/evaluate-gates.ts';
import { collectInventory } from '../../shared/use-cases/tests/collect-inventory.ts';
import { collectTest } from '../../shared/use-cases/tests/collect-test.ts';
import { launchTestInstance } from '../../shared/use-cases/tests/launch-test-instance.ts';
import { planTests } from '../../shared/use-cases/tests/plan-tests.ts';
import { recordVerdict } from '../../shared/use-cases/tests/record-verdict.ts';
import { sendTestCommand } from '../../shared/use-cases/tests/send-test-command.ts';
import { terminateTestInstance } from '../../shared/use-cases/tests/terminate-test-instance.ts';
import { completeTask } from '../../shared/use-cases/waits/complete-task.ts';
import { handleWake } from '../../shared/use-cases/waits/handle-wake.ts';
import { registerWait } from '../../shared/use-cases/waits/register-wait.ts';
import { fakeBaseImages, fakeInstanceTypes } from './fakes/base-images.ts';
import { fakeEngine, fakeEngines } from './fakes/build-engine.ts';
import { fakeBuildKeys } from './fakes/build-keys.ts';
import { fakeCommands } from './fakes/commands.ts';
import { imageWorld, toAmi } from './fakes/image-world.ts';
import { fakeLocations } from './fakes/locations.ts';
import { memoryTable } from './fakes/memory-table.ts';
import { fakePlacements } from './fakes/placements.ts';
import { fakeTokens } from './fakes/task-tokens.ts';
import { fakeInstances } from './fakes/test-instances.ts';
import { countingIds, digest, fakeClock } from './fakes/time-and-ids.ts';
import { fakeWakeQueue } from './fakes/wake-queue.ts';
import { type RunResult, readMachine, runMachine, TaskError, type TaskStub } from './run-asl.ts';

export const BAKE = '01JTESTBAKE0000000000000WB';
export const REF = { bake: BAKE, attempt: 1 };
export const PIPELINE = 'web';
const HOME = { account: '111122223333', region: 'eu-west-1' };
const COMPONENT = 'arn:aws:imagebuilder:eu-west-1:111122223333:component/nginx';

type PreflightProblem = Awaited<ReturnType<Location['preflight']>>[number];

export type BakeWorld = ReturnType<typeof bakeWorld>;

export function bakeWorld(given: Record<string, unknown> = {}) {
  const table = memoryTable();
  const clock = fakeClock();
  const instances = fakeInstances();
  const commands = fakeCommands();
  const tokens = fakeTokens();
  const wakeQueue = fakeWakeQueue();
  const world = imageWorld(HOME.account);
  const engine = fakeEngine(async (build) =>
    world.findByTag(HOME, 'Ec2ImageBuilderArn', build).map(({ artifact }) => artifact),
  );
  const documents = memoryDocuments();
  const planned: string[] = [];
  const reconcileQueue: ReconcileQueue = {
    send: async (requests) => void planned.push(...requests.map(({ pipeline }) => pipeline)),
  };
  const workflows = memoryWorkflows();
  /** What the world says about selectors and targets; everything is in order unless a test says otherwise. */
  const missing = new Map<string, string>();
  const resolver: SelectorResolver = {
    resolve: async (selector) => {
      const name = 'arn' in selector ? selector.arn : 'name' in selector ? selector.name : 'other';
      const reason = missing.get(name);
      return reason === undefined ? { found: true, version: name, detail: {} } : { found: false, reason };
    },
  };
  const bases = new Map<string, Partial<BaseImage> | undefined>();
  const buildKeys = fakeBuildKeys();
  const findings: PreflightProblem[] = [];
  const closed = new Set<string>();
  const opened = fakeLocations(world, closed);
  const componentFacts = new Map<string, ComponentFacts>();
  const baseImages = fakeBaseImages(
    (id) => opened.openControl(HOME.region).artifacts.ami.describe(id),
    bases,
    () => true,
  );
  const locations: Locations = {
    ...opened,
    open: async (account, region) => ({
      ...(await opened.open(account, region)),
      preflight: async () => findings,
    }),
  };

  const definition = DefinitionSchema.parse({
    apiVersion: 'ovenbird.dev/v1',
    name: PIPELINE,
    team: 'shop',
    base: { ssm: '/aws/service/ami' },
    components: [{ component: 'nginx/1.x.x', parameters: { port: '80' } }],
    tests: {
      suites: [
        { name: 'boots', script: 'true' },
        { name: 'serves', script: 'curl -f localhost' },
      ],
    },
    gates: { packages: { require: ['nginx'], forbid: ['telnet'] } },
    approval: { required: false },
    distribution: { targets: [{ account: '444455556666', regions: ['eu-west-1', 'us-east-1'] }] },
    lifecycle: { maxFailures: 2 },
    ...given,
  });
  const at = clock.now().toISOString();
  const lock: BakeRecord['lock'] = {
    base: {
      key: 'ssm:eu-west-1:/aws/service/ami',
      selector: { kind: 'ssm', name: '/aws/service/ami', region: 'eu-west-1' },
      version: 'ami-0aaaaaaaaaaaaaaaa',
    },
    components: [
      {
        key: `component:${COMPONENT}/1.x.x`,
        selector: { kind: 'component', arn: `${COMPONENT}/1.x.x` },
        version: `${COMPONENT}/1.2.0/1`,
      },
    ],
    inputs: [],
    tests: [],
  };
  const pipeline = PipelineRecordSchema.parse({
    name: PIPELINE,
    revision: 1,
    digest: 'd',
    enabled: true,
    parents: [],
    spec: {
      channel: 'stable',
      team: definition.team,
      base: lock.base.selector,
      components: lock.components.map(({ selector }) => selector),
      definitionDigest: 'definition',
      proof: 'proof',
      targets: listTargets(definition),
      mode: 'immediate',
      debounceSeconds: 0,
      maxHoldSeconds: 0,
      maxFailures: 2,
    },
    createdAt: at,
    updatedAt: at,
  });
  const status = PipelineStatusSchema.parse({
    pipeline: PIPELINE,
    version: 7,
    dirty: false,
    changes: [],
    activeBake: BAKE,
    supersededInRow: 0,
    consecutiveFailures: 0,
  });
  const selectors = [lock.base, ...lock.components].map((entry) =>
    SelectorRecordSchema.parse({ ...entry, topic: entry.key }),
  );
  const desiredState = computeDesired(digest, {
    pipeline,
    status,
    selectors,
    channel: undefined,
    channels: new Map(),
  });
  if (!desiredState.known) throw new Error('All its versions are known.');
  const bake: BakeRecord = {
    id: BAKE,
    pipeline: PIPELINE,
    revision: 1,
    channel: 'stable',
    bits: desiredState.desired.bits,
    proof: desiredState.desired.proof,
    lock,
    startsAt: 'Build',
    reason: 'nginx moved from 1.1.0/1 to 1.2.0/1.',
    changes: ['change-1'],
    causes: ['change-1'],
    attempt: 1,
    state: 'queued',
    createdAt: at,
  };
  const attempt: AttemptRecord = { ...REF, state: 'queued', startedAt: at, cleanedUp: false, capacity: [] };

  const deps = {
    table,
    clock,
    ids: countingIds(),
    digest,
    calendar: cronerCalendar,
    engine,
    engines: fakeEngines(engine),
    instances,
    commands,
    tokens,
    wakeQueue,
    locations,
    documents,
    reconcileQueue: reconcileQueue,
    workflows,
    resolver,
    baseImages,
    instanceTypes: fakeInstanceTypes,
    placements: fakePlacements(),
    components: { describe: async (version: string) => componentFacts.get(version) },
    buildKeys,
    home: HOME,
    checkCopies: async () => undefined,
    removeCopies: async () => [],
    voidApprovals: (ref: typeof REF) => voidApprovals({ table, digest }, ref),
  };

  return {
    ...deps,
    planned,
    missing,
    bases,
    componentFacts,
    findings,
    closed,
    world,
    makeImage: () => world.addImage(HOME).id,
    makeArtifact: () => toAmi(world.addImage(HOME)),
    definition,
    bake,
    async fill() {
      await table.write([
        { put: { ...keys.bake(BAKE), ...bake } },
        { put: { ...keys.attempt(BAKE, 1), ...attempt } },
        {
          put: {
            ...keys.revision(PIPELINE, 1),
            pipeline: PIPELINE,
            revision: 1,
            definition,
            selectors: { base: bake.lock.base.selector, components: [] },
            digest: 'd',
            appliedBy: 'ada',
            appliedAt: at,
          },
        },
        { put: { ...keys.pipeline(PIPELINE), ...pipeline } },
        { put: { ...keys.status(PIPELINE), ...status } },
        ...selectors.map((row) => ({ put: { ...keys.selector(row.key), ...row } })),
        {
          put: {
            ...keys.fingerprint(PIPELINE, bake.bits, bake.proof),
            pipeline: PIPELINE,
            bits: bake.bits,
            proof: bake.proof,
            state: 'baking',
            bake: BAKE,
            failures: 0,
          },
        },
      ]);
    },
    async status() {
      return PipelineStatusSchema.parse(await table.get(keys.status(PIPELINE)));
    },
    async fingerprint() {
      return FingerprintRecordSchema.parse(
        await table.get(keys.fingerprint(PIPELINE, bake.bits, bake.proof)),
      );
    },
    published: () => table.items().filter((item) => item.pk.startsWith('OUTBOX#')),
    /** What is left at AWS: running instances, images, builds that the engine remembers. */
    leftBehind: () => [...instances.running(), ...world.images.keys(), ...engine.known()],
    run: (name: 'bake' | 'build' | 'test', more: Record<string, TaskStub> = {}, ref = REF) =>
      runMachine(readMachine(name), ref, { ...buildTasks(deps), ...more }),
  };
}

/** Every state of the machines, done by the use case behind it. Distribution and approval are answered at once. */
function buildTasks(deps: WorldDeps): Record<string, TaskStub> {
  const input = <Input>(call: { payload: unknown }) => call.payload as Input;
  const nested =
    (name: 'build' | 'test'): TaskStub =>
    async ({ payload }) => {
      const result: RunResult = await runMachine(readMachine(name), payload, buildTasks(deps));
      if (result.status === 'SUCCEEDED') return result.output;
      throw new TaskError(result.error ?? '', result.cause);
    };
  const wait: TaskStub = (call) => waitFor(deps, input(call));
  const tasks: Record<string, TaskStub> = {
    'Check preflight': (call) => checkPreflight(deps, input(call)),
    Build: nested('build'),
    Test: nested('test'),
    'Evaluate gates': (call) => evaluateGates(deps, input(call)),
    'Wait for gates': wait,
    Approve: () => ({ decision: 'not-required' }),
    Distribute: () => ({}),
    Release: () => ({}),
    'Clean up': (call) => cleanUpBake(deps, input(call)),
    'Record outcome': (call) => recordOutcome(deps, input(call)),
    'Start builds': (call) => startBuild(deps, input(call)),
    'Place it anew': (call) => placeBuild(deps, input(call)),
    'Wait for room': wait,
    'Wait for the build': wait,
    'Record the image': (call) => recordImage(deps, input(call)),
    'Plan tests': (call) => planTests(deps, input(call)),
    'Launch the instance': (call) => launchTestInstance(deps, input(call)),
    'Wait until it is reachable': wait,
    'Send the command': (call) => sendTestCommand(deps, input(call)),
    'Wait for the command': wait,
    'Collect the answer': (call) => collectTest(deps, input(call)),
    'Ask for the packages': (call) => sendTestCommand(deps, input(call)),
    'Wait for the packages': wait,
    'Record the packages': (call) => collectInventory(deps, input(call)),
    'Note why they are not known': (call) => collectInventory(deps, input(call)),
    'Terminate the instance': (call) => terminateTestInstance(deps, input(call)),
    'Record the verdict': (call) => recordVerdict(deps, input(call)),
  };
  return Object.fromEntries(Object.entries(tasks).map(([name, stub]) => [name, renameErrors(stub)]));
}
type WorldDeps = Parameters<typeof checkPreflight>[0] &
  Parameters<typeof cleanUpBake>[0] &
  Parameters<typeof recordOutcome>[0] &
  Parameters<typeof startBuild>[0] &
  Parameters<typeof recordImage>[0] &
  Parameters<typeof launchTestInstance>[0] &
  Parameters<typeof collectInventory>[0] &
  Parameters<typeof collectTest>[0] &
  Parameters<typeof registerWait>[0] &
  Parameters<typeof completeTask>[0] &
  Parameters<typeof sendTestCommand>[0] & { readonly tokens: ReturnType<typeof fakeTokens> };

/** As Lambda does: the name of what was thrown is the error, its description the cause. */
function renameErrors(stub: TaskStub): TaskStub {
  return async (call) => {
    try {
      return await stub(call);
    } catch (error) {
      if (error instanceof TaskError || !(error instanceof Error)) throw error;
      const cause = { errorType: error.name, errorMessage: error.message, trace: [] };
      throw new TaskError(error.name, JSON.stringify(cause));
    }
  };
}

/** Registers, lets the world go on as the test has prepared it, and answers what reaches the task. */
async function waitFor(deps: WorldDeps, input: Parameters<typeof registerWait>[1]): Promise<unknown> {
  const { tokens } = deps;
  tokens.open(input.token);
  await registerWait(deps, input);
  const id = `${input.kind}:${input.resource}`;
  const act = waitListeners.get(deps.table);
  await act?.(input);
  await handleWake(deps, { wait: id, round: 99 });
  await completeTask(deps, id);
  const delivery = tokens.delivered.findLast(({ token }) => token === input.token);
  if (delivery === undefined) throw new TaskError('States.Timeout', 'Nothing answered.');
  if (delivery.error !== undefined) throw new TaskError(delivery.error, delivery.cause);
  return delivery.output;
}

type WaitInput = Parameters<typeof registerWait>[1];
const waitListeners = new WeakMap<object, (wait: WaitInput) => unknown>();

/** Says what happens in the world while a machine waits. */
export function whileWaiting(world: BakeWorld, act: (wait: WaitInput) => unknown): void {
  waitListeners.set(world.table, act);
}

/** A world in which everything goes well: the build makes an image, instances become reachable, suites pass. */
export function allGoesWell(world: BakeWorld): void {
  world.commands.packages = [
    { name: 'nginx', version: '1.26.2' },
    { name: 'bash', version: '5.2' },
  ];
  whileWaiting(world, ({ kind, resource }) => {
    if (kind === 'image') {
      const artifact = world.makeArtifact();
      world.engine.set(resource, { state: 'available', artifact, log: `/aws/imagebuilder/${resource}` });
    }
    if (kind === 'instance') world.instances.ready(resource);
    if (kind === 'command') world.commands.answer(resource, { stdout: 'fine' });
  });
}

function memoryDocuments(): Documents & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    put: async (key, body) => void texts.set(key, body),
    get: async (key) => texts.get(key),
  };
}

export interface MemoryWorkflows extends Workflows {
  readonly executions: Map<string, ExecutionStatus>;
  readonly stopped: string[];
}

function memoryWorkflows(): MemoryWorkflows {
  const executions = new Map<string, ExecutionStatus>();
  const stopped: string[] = [];
  const executionArn = (machine: string, name: string) =>
    `arn:aws:states:eu-west-1:111122223333:execution:ovenbird-dev-${machine}:${name}`;
  return {
    executions,
    stopped,
    executionArn,
    async startBake(name) {
      const arn = executionArn('bake', name);
      if (!executions.has(arn)) executions.set(arn, { status: 'RUNNING' });
      return arn;
    },
    async stop(execution, reason) {
      stopped.push(execution);
      if (executions.get(execution)?.status === 'RUNNING')
        executions.set(execution, { status: 'ABORTED', cause: reason });
    },
    describe: async (execution) => executions.get(execution),
  };
}

/**
 * What must hold of a distribution, whatever crashes, fails, refuses and is put off: random worlds, one run of each, and every rule that the
 * run broke. Faults can be planted, to see that the rules find them.
 */
import fc from 'fast-check';
import { AttemptEnded, DistributionFailed, TryLater } from '../../shared/domain/base/errors.ts';
import { TAGS } from '../../shared/domain/base/naming.ts';
import type { Location, Locations } from '../../shared/ports/locations.ts';
import { removeCopies } from '../../shared/use-cases/distribution/remove-copies.ts';
import { Crash, type CrashPoint, crashing } from '../support/crashing.ts';
import {
  BAKE,
  type DistributionWorld,
  distributionWorld,
  drive,
  HOME,
  OTHER_BAKE,
  type Ports,
  REF,
  RETAINED_BAKE,
  type TargetSpec,
} from '../support/distribution-world.ts';
import { overrideLocations } from '../support/fakes/locations.ts';

const OLD = 'ami-00000000000000fff';

const spec = fc.record(
  {
    account: fc.constantFrom('444455556666', '777788889999', '222233334444'),
    region: fc.constantFrom('eu-west-1', 'eu-central-1', 'us-east-1'),
    mode: fc.constantFrom('copy' as const, 'share' as const),
    required: fc.boolean(),
    launchTemplate: fc.boolean(),
    before: fc.constant(OLD),
  },
  { requiredKeys: ['account', 'region'] },
);
const crash: fc.Arbitrary<CrashPoint> = fc.record({
  call: fc.nat(250),
  when: fc.constantFrom('before' as const, 'after' as const),
});

const specs = fc.uniqueArray(spec, {
  maxLength: 5,
  selector: ({ account, region }) => `${account}/${region}`,
});

export const distributions = fc.record({
  specs,
  /** The image is one that was released before, to these targets; of its copies some are gone. */
  retained: fc.option(
    fc.record({
      specs,
      startsAt: fc.constantFrom('Test' as const, 'Approve' as const, 'Distribute' as const),
      between: fc.boolean(),
      gone: fc.array(fc.nat(5), { maxLength: 2 }),
    }),
    { nil: undefined },
  ),
  crashes: fc.array(crash, { maxLength: 8 }),
  /** Accounts whose copies fail, that many times. */
  failures: fc.dictionary(fc.constantFrom('444455556666', '777788889999', HOME.account), fc.nat(4)),
  /** An account whose pointers cannot be written, after so many writes. */
  refusing: fc.option(
    fc.record({ account: fc.constantFrom('444455556666', '777788889999'), after: fc.nat(2) }),
  ),
  throttles: fc.array(fc.nat(300), { maxLength: 10 }),
  /** How often a parameter is looked at in vain before it shows what was written. */
  parameterLooks: fc.nat(3),
  /** Where the machine is stopped at the first crash and only the clean-up follows; undefined where everything is repeated. */
  stopped: fc.option(fc.constantFrom('move' as const, 'release' as const), { nil: undefined }),
});
export type Distribution = typeof distributions extends fc.Arbitrary<infer Value> ? Value : never;

export const RULES = {
  once: 'never makes a second image for a target',
  order: 'moves no pointer before every required target is verified',
  allOrNone: 'ends with every required target current, or with every pointer as before',
  retained:
    'never takes away what a retained release has: its image, its copies, the permissions to launch them',
  nothingLeft:
    'leaves nothing behind that is not released: no image, permission, slot or hold on the pointers',
} as const;
export type Rule = keyof typeof RULES;
export interface Violation {
  readonly rule: Rule;
  readonly text: string;
}

/** Faults to plant, each a way in which the product might be wrong. */
export const FAULTS = {
  /** A repeated copy is asked for with another token, and its name is no help. */
  'fresh-tokens': (ports) => {
    let count = 0;
    const unlike = () => {
      count += 1;
      return String(count);
    };
    return overrideTarget(ports, ({ artifacts }) => ({
      artifacts: {
        copyFrom: (source, request) =>
          artifacts.ami.copyFrom(source, {
            ...request,
            clientToken: unlike(),
            name: `${request.name}-${unlike()}`,
          }),
      },
    }));
  },
  /** Permissions for copying stay. */
  'forgotten-revoke': (ports) => ({
    ...ports,
    locations: overrideLocations(ports.locations, {
      control: () => ({ artifacts: { unshare: async () => {} } }),
    }),
  }),
  /** What a pointer was before is not known. */
  'forgotten-pointer': (ports) =>
    overrideTarget(ports, () => ({ pointers: { readParameter: async () => undefined } })),
  /** Copies that failed stay where they are. */
  'forgotten-copy': (ports) => overrideTarget(ports, () => ({ artifacts: { remove: async () => {} } })),
  /** A retained copy counts as the bake's own. */
  'forgotten-adoption': (ports) => ({
    ...ports,
    table: {
      ...ports.table,
      query: async (query) => {
        const page = await ports.table.query(query);
        return {
          ...page,
          items: page.items.map(({ reused: _, ...item }) => item as (typeof page.items)[number]),
        };
      },
    },
  }),
  /** Rows say that they are verified before they are. */
  'early-verified': (ports) => ({
    ...ports,
    table: {
      ...ports.table,
      query: async (query) => {
        const page = await ports.table.query(query);
        const items = page.items.map((item) =>
          item.sk.startsWith('TARGET#') && item.state === 'failed' ? { ...item, state: 'verified' } : item,
        );
        return { ...page, items };
      },
    },
  }),
} as const satisfies Readonly<Record<string, (ports: Ports) => Ports>>;
export type Fault = keyof typeof FAULTS;

function overrideTarget(
  ports: Ports,
  target: NonNullable<Parameters<typeof overrideLocations>[1]['target']>,
): Ports {
  return { ...ports, locations: overrideLocations(ports.locations, { target }) };
}

/** Plays one distribution and says what it broke. */
export async function findViolations(given: Distribution, fault?: Fault): Promise<Violation[]> {
  const setup = distributionWorld(
    given.specs,
    given.retained === undefined ? {} : { retained: given.retained },
  );
  await setup.seed();
  const before = prepareInitialState(setup, given);
  setup.world.looksUntilParameter = given.parameterLooks;
  const watched = watchCalls(setup, given, before);
  const ports = fault === undefined ? setup.deps : FAULTS[fault](setup.deps);
  const deps = crashing(ports, given.crashes);
  const left = new Map(Object.entries(given.failures));
  const failing = (image: { account: string }) => {
    const rest = left.get(image.account) ?? 0;
    left.set(image.account, rest - 1);
    return rest > 0;
  };
  if (given.stopped === undefined) {
    const isCrash = (error: unknown) => error instanceof Crash;
    const end = await drive(setup, { deps, failing, isCrash });
    return [...watched(), ...checkFinalState(setup, given, before, end === 'released')];
  }
  await drive(setup, { deps, failing, stopBefore: given.stopped, isCrash: () => false }).catch(() => {});
  setup.world.beforeCall = () => {};
  await removeAll(setup, ports);
  return [...watched(), ...checkFinalState(setup, given, before, false)];
}

/** As the sweep does: again where something may still take effect. */
async function removeAll(setup: DistributionWorld, ports: Ports): Promise<void> {
  for (let round = 0; ; round += 1)
    try {
      await removeCopies(ports, REF);
      return;
    } catch (error) {
      if (!(error instanceof TryLater) || round > 20) throw error;
      setup.clock.forward(30);
    }
}

/** What exists when the bake begins: pointers, and what a retained release has. */
interface InitialState {
  readonly parameters: ReadonlyMap<string, string | undefined>;
  readonly templates: ReadonlyMap<string, string | undefined>;
  readonly images: readonly string[];
  readonly launchable: ReadonlyMap<string, readonly string[]>;
}

const toTargetLabel = ({ account, region }: TargetSpec) => `${account}/${region}`;

function prepareInitialState(setup: DistributionWorld, given: Distribution): InitialState {
  const { images } = setup.world;
  const copies = setup.copies().filter((image) => image.tags[TAGS.bake] === RETAINED_BAKE);
  for (const index of given.retained?.gone ?? []) images.delete(copies[index]?.id ?? '');
  const all = given.retained === undefined ? [] : [...images.values()];
  return {
    parameters: new Map(given.specs.map((spec) => [toTargetLabel(spec), setup.readParameter(spec)])),
    templates: new Map(given.specs.map((spec) => [toTargetLabel(spec), setup.readTemplateImage(spec)])),
    images: all.map(({ id }) => id),
    launchable: new Map(all.map(({ id, launchableBy }) => [id, [...launchableBy]])),
  };
}

function checkFinalState(
  setup: DistributionWorld,
  given: Distribution,
  before: InitialState,
  released: boolean,
): Violation[] {
  // What may still take effect does so.
  for (const { key, value } of setup.world.parametersToCome.splice(0))
    setup.world.parameters.set(key, { value, type: 'String' });
  return [
    ...checkPointers(setup, given, before, released),
    ...findRemoved(setup, before),
    ...findLeftovers(setup, before),
  ];
}

function findRemoved({ world }: DistributionWorld, before: InitialState): Violation[] {
  const gone = before.images.filter((id) => !world.images.has(id)).map((id) => `${id} is gone`);
  const shut = [...before.launchable].flatMap(([id, accounts]) =>
    accounts
      .filter((account) => world.images.get(id)?.launchableBy.has(account) === false)
      .map((account) => `${account} may not launch ${id} any more`),
  );
  return [...gone, ...shut].map((text) => ({ rule: 'retained' as const, text }));
}

/** Looks at the world before each call, at pointers before each write. */
function watchCalls(setup: DistributionWorld, given: Distribution, before: InitialState): () => Violation[] {
  const found: Violation[] = [];
  const old = new Set([...before.parameters.values(), ...before.templates.values()]);
  let writes = 0;
  let calls = 0;
  setup.world.beforePointer = (place, pointer, imageId) => {
    if (old.has(imageId)) return;
    const unverified = setup
      .rows()
      .filter((row) => row.required && row.state !== 'verified' && row.state !== 'released');
    if (unverified.length > 0)
      found.push({ rule: 'order', text: `${place.account}/${place.region} ${pointer} shows ${imageId}` });
    if (given.refusing?.account !== place.account) return;
    writes += 1;
    if (writes > given.refusing.after) throw new DistributionFailed('AccessDenied');
  };
  setup.world.beforeCall = () => {
    calls += 1;
    if (given.throttles.includes(calls)) throw new TryLater('RequestLimitExceeded');
    const targets = setup
      .copies()
      .filter((image) => image.tags[TAGS.bake] !== OTHER_BAKE)
      .map((image) => `${image.account}/${image.region}`);
    const twice = targets.find((place, index) => targets.indexOf(place) !== index);
    if (twice !== undefined) found.push({ rule: 'once', text: `${twice} has two images` });
  };
  return () => found;
}

function checkPointers(
  setup: DistributionWorld,
  given: Distribution,
  before: InitialState,
  released: boolean,
): Violation[] {
  return given.specs.flatMap((target) => {
    const row = setup
      .rows()
      .find((one) => !one.sharedCopy && one.account === target.account && one.region === target.region);
    const moved = released && row?.state === 'released';
    const parameter = before.parameters.get(toTargetLabel(target));
    const template = before.templates.get(toTargetLabel(target));
    const problems = [
      ...(released && target.required !== false && !moved ? ['is required and not released'] : []),
      ...differs('the parameter', setup.readParameter(target), moved ? row.artifact?.imageId : parameter),
      ...(target.launchTemplate === true
        ? differs('the template', setup.readTemplateImage(target), moved ? row.artifact?.imageId : template)
        : []),
      ...(moved && !isLaunchable(setup, target, row.artifact?.imageId)
        ? ['cannot launch what it points to']
        : []),
    ];
    return problems.map((text) => ({
      rule: 'allOrNone' as const,
      text: `${target.account}/${target.region} ${text}`,
    }));
  });
}

function differs(what: string, shown: string | undefined, wanted: string | undefined): string[] {
  return shown === wanted ? [] : [`${what} shows ${shown}, not ${wanted}`];
}

function isLaunchable(setup: DistributionWorld, target: TargetSpec, imageId: string | undefined): boolean {
  return setup.world.see(target, imageId ?? '')?.state === 'available';
}

function findLeftovers(setup: DistributionWorld, before: InitialState): Violation[] {
  const released = setup.rows().filter((row) => row.state === 'released');
  const retained = released.map((row) => row.artifact?.imageId);
  const shared = released
    .filter((row) => row.mode === 'share' && row.region === HOME.region)
    .map((row) => row.account);
  const stray = setup
    .copies()
    .filter((image) => image.tags[TAGS.bake] === BAKE && !retained.includes(image.id));
  const earlier = before.launchable.get(setup.source.id) ?? [];
  const permitted = [...setup.source.launchableBy].filter(
    (account) => !shared.includes(account) && !earlier.includes(account),
  );
  const marks = setup.table.items().filter((item) => /^(?:COPY#|POINTERS#)|^WAIT$/.test(item.sk));
  return [
    ...stray.map((image) => `${image.id} in ${image.account}/${image.region}`),
    ...permitted.map((account) => `${account} may launch the source`),
    ...marks.map((item) => `${item.pk} ${item.sk}`),
  ].map((text) => ({ rule: 'nothingLeft' as const, text }));
}

/** The same distribution by two runs beside each other, as when a function is called again while it still works: the runs may take turns at every call. */
export async function findViolationsOfConcurrentRuns(
  given: Distribution,
  scheduler: fc.Scheduler,
): Promise<Violation[]> {
  const setup = distributionWorld(
    given.specs,
    given.retained === undefined ? {} : { retained: given.retained },
  );
  await setup.seed();
  const before = prepareInitialState(setup, given);
  const watched = watchCalls(setup, { ...given, throttles: [] }, before);
  const left = new Map(Object.entries(given.failures));
  const failing = (image: { account: string }) => {
    const rest = left.get(image.account) ?? 0;
    left.set(image.account, rest - 1);
    return rest > 0;
  };
  const { table, locations } = setup.deps;
  const deps = {
    ...setup.deps,
    table: scheduleCalls(table, scheduler),
    locations: scheduleLocations(locations, scheduler),
  };
  const one = () =>
    drive(setup, { deps, failing }).catch((error: unknown) => {
      // The slower one is told that the attempt has ended, or gives up waiting for the faster one.
      if (error instanceof AttemptEnded || error instanceof TryLater) return 'ended' as const;
      throw error;
    });
  const both = Promise.all([one(), one()]);
  await scheduler.waitFor(both);
  const released = (await both).includes('released');
  if (!released) await removeAll(setup, setup.deps);
  return [...watched(), ...checkFinalState(setup, given, before, released)];
}

function scheduleLocations(locations: Locations, scheduler: fc.Scheduler): Locations {
  const schedule = ({ ami }: Location['artifacts']) => ({ ami: scheduleCalls(ami, scheduler) });
  return {
    ...locations,
    openControl: (region) => ({ artifacts: schedule(locations.openControl(region).artifacts) }),
    open: async (account, region) => {
      const location = await locations.open(account, region);
      const pointers = scheduleCalls(location.pointers, scheduler);
      return { ...location, artifacts: schedule(location.artifacts), pointers };
    },
  };
}

function scheduleCalls<Port extends object>(port: Port, scheduler: fc.Scheduler): Port {
  return new Proxy(port, {
    get: (target, name, receiver) => {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        await scheduler.schedule(Promise.resolve(), String(name));
        return Reflect.apply(member, target, args);
      };
    },
  });
}

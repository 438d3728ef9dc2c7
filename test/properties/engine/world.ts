/** Random worlds: what pipelines are like, what happens outside and to whom, and how badly messages and processes fare meanwhile. */
import fc from 'fast-check';

/** What moves outside, by a name of its own; `proof:` are test components, `label:` a parameter pinned to a label. */
export const SOURCES = [
  'ssm:0',
  'ssm:1',
  'label:0',
  'image:0',
  'component:0',
  'component:1',
  'component:2',
  'proof:0',
  'proof:1',
  'lookup:0',
  'container:0',
  'source:0',
  'packages:0',
] as const;
export type Source = (typeof SOURCES)[number];

/** Mostly the plain value. */
const mostly = <Value>(plain: Value, other: fc.Arbitrary<Value>, weight = 4): fc.Arbitrary<Value> =>
  fc.oneof({ weight, arbitrary: fc.constant(plain) }, { weight: 1, arbitrary: other });

const RANGES = ['x.x.x', '1.x.x', '1.8.x', '1.8.9'] as const;
const range = fc.constantFrom(...RANGES, 'x.x.x', '1.x.x');
const parents = fc.nat(59);

const pipeline = fc.record({
  base: fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('pipeline' as const), of: parents }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('ssm:0' as const, 'ssm:1' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('label:0' as const, 'lookup:0' as const) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('image:0' as const), range }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('ami' as const) }) },
  ),
  /** Further pipelines that it depends on. */
  parents: mostly([], fc.uniqueArray(parents, { minLength: 1, maxLength: 3 }), 3),
  components: fc.uniqueArray(fc.record({ of: fc.constantFrom(0, 1, 2), range }), {
    maxLength: 3,
    selector: ({ of }) => of,
  }),
  inputs: mostly(
    [],
    fc.uniqueArray(
      fc.constantFrom(
        'ssm:1' as const,
        'container:0' as const,
        'source:0' as const,
        'packages:0' as const,
        'lookup:0' as const,
        'label:0' as const,
      ),
      { minLength: 1, maxLength: 3 },
    ),
    2,
  ),
  tests: mostly(
    [],
    fc.uniqueArray(fc.record({ of: fc.constantFrom(0, 1), range }), {
      minLength: 1,
      maxLength: 2,
      selector: ({ of }) => of,
    }),
    2,
  ),
  testsAreBits: mostly(false, fc.constant(true), 6),
  mode: mostly(
    'immediate' as const,
    fc.constantFrom('hourly' as const, 'manual' as const, 'always' as const),
    5,
  ),
  debounceSeconds: fc.constantFrom(0, 0, 60, 600),
  longestWaitSeconds: mostly(3600, fc.constant(120)),
  maxHold: mostly('3d' as const, fc.constantFrom('2h' as const, '0s' as const)),
  freeze: mostly('none' as const, fc.constantFrom('once' as const, 'daily' as const), 8),
  pinned: mostly(false, fc.constant(true), 15),
  disabled: mostly(false, fc.constant(true), 15),
  team: mostly(false, fc.constant(true), 3),
  maxFailures: fc.constantFrom(1, 2, 5),
  earlyCutoff: mostly(false, fc.constant(true), 8),
});
export type GeneratedPipeline = typeof pipeline extends fc.Arbitrary<infer Value> ? Value : never;

const CHANGE_KINDS = ['next', 'next', 'next', 'back', 'build', 'fallback', 'gone'] as const;
const sourceChange = fc.record({
  kind: fc.constant('move' as const),
  source: fc.constantFrom(...SOURCES),
  how: fc.constantFrom(...CHANGE_KINDS),
});
export type SourceChange = typeof sourceChange extends fc.Arbitrary<infer Value> ? Value : never;

const crash = fc.record({ call: fc.nat(32), when: fc.constantFrom('before' as const, 'after' as const) });

/** What one process does at a time. */
const TASKS = [
  'message',
  'message',
  'message',
  'sweep',
  'release',
  'request',
  'stopped',
  'publish',
  'reconcile',
] as const;
export type Task = (typeof TASKS)[number];
const task = fc.constantFrom(...TASKS);

const which = fc.nat(59);
const action = fc.oneof(
  { weight: 7, arbitrary: sourceChange },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('work' as const),
      tasks: fc.array(task, { minLength: 1, maxLength: 3 }),
      crash: fc.option(crash, { freq: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.constant({ kind: 'drain' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('rush' as const), source: fc.constantFrom(...SOURCES) }),
  },
  { weight: 7, arbitrary: fc.record({ kind: fc.constant('release' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      which,
      how: fc.constantFrom('fail', 'fail', 'distribution', 'reject', 'expire', 'cancel'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('walk' as const),
      which,
      to: fc.constantFrom('Approve' as const, 'Distribute' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retry' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('request' as const), which, force: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      which,
      what: fc.constantFrom('suite', 'volume', 'target', 'words', 'parent', 'cycle', 'crossed'),
      other: which,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      which,
      crash: fc.option(crash, { freq: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('toggle' as const), which }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      seconds: fc.constantFrom(1, 30, 61, 240, 700, 3700, 7 * 3600, 2 * 86_400, -1, -90),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'throttle' as const }) },
);
export type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

function arbitraryLimits(oneCapIn: number) {
  return fc.record({
    bakes: mostly(1000, fc.integer({ min: 1, max: 3 })),
    bakesOfTeam: mostly(1000, fc.integer({ min: 1, max: 2 })),
    wave: mostly(1000, fc.integer({ min: 1, max: 6 }), oneCapIn),
  });
}

const percent = fc.oneof(fc.constantFrom(0, 100), fc.nat(100));
const commonFields = {
  /** Per cent of the messages that are lost, come twice, come late. */
  lost: percent,
  doubled: percent,
  late: percent,
  pageSize: fc.constantFrom(2, 3, 7, 1000, 1000),
  limits: arbitraryLimits(7),
  /** Before the end every bake waits for an approval, for days. */
  standstill: fc.boolean(),
  /** Decides whatever else is left to chance while the world is played. */
  chance: fc.nat(),
};

function arbitraryWorld(size: { min: number; max: number }, actions: number) {
  const pipelines = fc.array(pipeline, { minLength: size.min, maxLength: size.max, size: 'max' });
  return fc.record({
    pipelines,
    actions: fc.array(action, { maxLength: actions, size: 'max' }),
    ...commonFields,
  });
}

/** Mostly small, some large. */
export const movingWorld = fc.oneof(
  { weight: 76, arbitrary: arbitraryWorld({ min: 1, max: 5 }, 45) },
  { weight: 20, arbitrary: arbitraryWorld({ min: 6, max: 15 }, 45) },
  { weight: 3, arbitrary: arbitraryWorld({ min: 16, max: 30 }, 25) },
  { weight: 1, arbitrary: arbitraryWorld({ min: 31, max: 60 }, 15) },
);
export type World = typeof movingWorld extends fc.Arbitrary<infer Value> ? Value : never;

/** Often of the one that most others are built on. */
const stillEdit = fc.record({
  which: mostly(0, which, 1),
  what: fc.constantFrom('suite', 'volume', 'words'),
});

/** All changes come first, then every pipeline is reconciled: what must be baked is known before. */
export const STILL_SIZES = {
  any: fc.oneof(
    { weight: 80, arbitrary: arbitraryStillWorld({ min: 1, max: 6 }) },
    { weight: 17, arbitrary: arbitraryStillWorld({ min: 7, max: 16 }) },
    { weight: 3, arbitrary: arbitraryStillWorld({ min: 17, max: 60 }) },
  ),
  /** For the search of all schedules. */
  searched: arbitraryStillWorld({ min: 2, max: 8 }).map((world) => ({ ...world, isWordLate: false })),
  /** For a crash at every call. */
  crashed: arbitraryStillWorld({ min: 1, max: 3 }),
};

function arbitraryStillWorld(size: { min: number; max: number }) {
  return fc.record({
    pipelines: fc.array(pipeline, { minLength: size.min, maxLength: size.max, size: 'max' }),
    moves: fc.array(sourceChange, { minLength: 1, maxLength: 5 }),
    edits: mostly([], fc.array(stillEdit, { maxLength: 2 }), 2),
    crashes: fc.array(fc.option(crash, { freq: 2 }), { maxLength: 12 }),
    ...commonFields,
    limits: arbitraryLimits(3),
    /** Waves are confirmed when nothing else is left to do. */
    isWordLate: fc.boolean(),
  });
}
export type StillWorld =
  ReturnType<typeof arbitraryStillWorld> extends fc.Arbitrary<infer Value> ? Value : never;

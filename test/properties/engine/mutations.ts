/** Faults to plant into the engine: the rules have to find every one of them. */
import type { Mutation } from '../planting.ts';

export const ENGINE_MUTATIONS = {
  /** Children do not wait for those that they are built on. */
  'no-ancestor-hold': {
    file: 'shared/domain/reconcile/ancestors.ts',
    find: 'for (const ancestor of observation.ancestors) {',
    replace: 'for (const ancestor of [] as typeof observation.ancestors) {',
  },
  /** They wait for them without end. */
  'hold-for-ever': {
    file: 'shared/domain/reconcile/ancestors.ts',
    find: 'if (remaining <= 0) return undefined;',
    replace: '',
  },
  /** The first change of a group starts a bake. */
  'no-debounce': {
    file: 'shared/domain/reconcile/own-holds.ts',
    find: 'listFuture(debounceEnd(observed), now)',
    replace: 'listFuture(undefined, now)',
  },
  /** What an event says has happened has happened. */
  'trust-event': {
    file: 'shared/use-cases/detect/detect-topic.ts',
    find: 'if (!isChange(kind, row.version, to)) {',
    replace: 'if (kind === undefined) {',
  },
  /** A decision is written down whatever has happened since it was read. */
  'lost-condition': {
    file: 'shared/use-cases/reconcile/record-decision.ts',
    find: 'when: { equals: { version: status.version } },',
    replace: 'when: { exists: true },',
  },
  /** A release is written without the event that tells of it. */
  'skip-outbox': {
    file: 'shared/use-cases/releases/make-current.ts',
    find: 'outboxWrite(deps.ids, event, at),',
    replace: '',
  },
  /** 1.10.0 comes before 1.9.0. */
  'string-compare-versions': {
    file: 'shared/domain/selectors/versions.ts',
    find: 'if (a !== b) return a < b ? -1 : 1;',
    replace: 'if (a !== b) return String(a) < String(b) ? -1 : 1;',
  },
  /** A newest version that is deprecated takes its users back. */
  'follow-fallback': {
    file: 'shared/domain/selectors/versions.ts',
    find: 'return compareVersions(after, before) > 0;',
    replace: 'return from !== to;',
  },
  /** Test components judge nothing. */
  'forget-test-components': {
    file: 'shared/domain/reconcile/fingerprint.ts',
    find: 'if (lock.tests.length === 0) return proof;',
    replace: 'if (lock.tests.length >= 0) return proof;',
  },
  /** Whatever runs gives way to what is newer, however often. */
  'endless-supersede': {
    file: 'shared/domain/reconcile/decide.ts',
    find: 'const MAX_CONSECUTIVE_SUPERSEDES = 2;',
    replace: 'const MAX_CONSECUTIVE_SUPERSEDES = 1000;',
  },
  /** A retained image is built again. */
  'rebake-retained': {
    file: 'shared/domain/reconcile/decide.ts',
    find: 'const same = retained.find((entry) => isSameFingerprint(entry, wanted));',
    replace:
      "const same = retained.find((entry) => isSameFingerprint(entry, wanted)); if (retained.length >= 0) return { step: 'Build' };",
  },
  /** What was refused is tried again by itself. */
  'bake-refused': {
    file: 'shared/domain/reconcile/own-holds.ts',
    find: 'if (fingerprint === undefined || !isRefused(observed, fingerprint)) return [];',
    replace: 'if (fingerprint === undefined || isRefused(observed, fingerprint)) return [];',
  },
  /** A circle is let in. */
  'cycle-late': {
    file: 'shared/use-cases/definitions/apply-definition.ts',
    find: 'if (graph.cycle !== undefined) throw new DependencyCycle(graph.cycle);',
    replace: '',
  },
  /** Of every list only the first page is read. */
  'scan-first-page': {
    file: 'shared/use-cases/store/read.ts',
    find: '} while (after !== undefined);',
    replace: '} while (after === null);',
  },
  /** A bake names whatever was told, not only what makes the difference. */
  'blame-everything': {
    file: 'shared/domain/reconcile/causes.ts',
    find: "return named.length > 0 || differing.has('schedule') ? named : own;",
    replace: 'return own.length > 0 ? own : named;',
  },
  /** A hold names another pipeline than the one that causes it. */
  'blame-another': {
    file: 'shared/domain/reconcile/ancestors.ts',
    find: '{ pipeline: ancestor.observed.pipeline.name, bake, until },',
    replace: '{ pipeline: observation.observed.pipeline.name, bake, until },',
  },
  /** A plan looks at definitions alone. */
  'plan-without-changes': {
    file: 'shared/use-cases/preview/preview-plan.ts',
    find: 'for (const topic of new Set(overrides.map(({ row }) => row.topic)))',
    replace: 'for (const topic of new Set(overrides.slice(0, 0).map(({ row }) => row.topic)))',
  },
  /** What a release leads to is never counted, whatever its bake was for. */
  'uncounted-release': {
    file: 'shared/use-cases/releases/release-change.ts',
    find: 'if (cause === undefined || cause.wave !== undefined)',
    replace: 'if (cause === undefined || cause.wave !== undefined || cause.id !== "")',
  },
  /** A release is written without the change for the pipelines that are built on it. */
  'unrecorded-release': {
    file: 'shared/use-cases/releases/make-current.ts',
    find: 'return { release: id, change, writes: [...own, ...writes] };',
    replace: 'return { release: id, change, writes: own };',
  },
  /** A definition names a channel by the release that it held a moment ago. */
  'unchecked-channel': {
    file: 'shared/use-cases/definitions/apply-writes.ts',
    find: '{ check: channel, when: isStill },',
    replace: '{ check: channel, when: isStill === undefined ? isStill : {} },',
  },
  /** A fan-out whose process has died stays as it is. */
  'unswept-fan-out': {
    file: 'shared/use-cases/sweep/sweep-work.ts',
    find: 'fanOuts: () => sweepFanOuts(deps),',
    replace: 'fanOuts: async () => (sweepFanOuts === undefined ? 1 : 0),',
  },
  /** A pipeline that waits for the confirmation of a wave holds its dependents. */
  'hold-for-a-wave': {
    file: 'shared/use-cases/reconcile/observe.ts',
    find: 'index === 0 || !mayAwaitConfirmation(entry)',
    replace: 'index === 0 || !entry.status.dirty',
  },
  /** A tick of before anything had changed counts. */
  'old-tick': {
    file: 'shared/use-cases/reconcile/schedule-times.ts',
    find: 'const since = status.dirtySince ?? seen;',
    replace: 'const since = status.ticksHandledUntil ?? seen;',
  },
} as const satisfies Readonly<Record<string, Mutation>>;

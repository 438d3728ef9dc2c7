/** What a bake would take and cost, from how long bakes took and from the price table. Pure. What is not known is named, never guessed. */

import type { Definition } from '../definitions/definition.ts';
import { STEP_NAMES, type StepName } from '../records/attempt-states.ts';
import type { BakeRecord, StepRecord } from '../records/bakes.ts';
import type { Prices } from './prices.ts';

/** Seconds that each step took in the middle of those that are known. */
export type Durations = Readonly<Partial<Record<StepName, number>>>;

/** Of steps that were done; the middle one, so that one that hung says nothing. */
export function computeMedianDurations(steps: readonly StepRecord[]): Durations {
  return Object.fromEntries(
    STEP_NAMES.flatMap((name) => {
      const seconds = steps.flatMap((step) =>
        step.name === name && step.state === 'succeeded' && step.endedAt !== undefined
          ? [(Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000]
          : [],
      );
      const middle = seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)];
      return middle === undefined ? [] : [[name, middle]];
    }),
  );
}

/** A person's time is told apart: it is no machine's. */
const HUMAN_STEP: StepName = 'Approve';

/** Seconds of the steps from `startsAt` on, without approval; undefined where the first of them was never seen. */
export function estimateSeconds(durations: Durations, startsAt: BakeRecord['startsAt']): number | undefined {
  const first = startsAt === 'Approve' ? 'Distribute' : startsAt;
  if (durations[first] === undefined) return undefined;
  return STEP_NAMES.slice(startsAt === 'Build' ? 0 : STEP_NAMES.indexOf(startsAt))
    .filter((name) => name !== HUMAN_STEP)
    .reduce((sum, name) => sum + (durations[name] ?? 0), 0);
}

/** Seconds of the steps that begin when the image is made, judged and approved. */
export function estimateSecondsAfterApproval(durations: Durations): number {
  return STEP_NAMES.slice(STEP_NAMES.indexOf(HUMAN_STEP) + 1).reduce(
    (sum, name) => sum + (durations[name] ?? 0),
    0,
  );
}

export interface Cost {
  readonly build: number;
  readonly test: number;
  readonly transfer: number;
  /** For each month that the copies are kept. */
  readonly monthly: number;
  /** What is left out of the sums, in words. */
  readonly unknown: string[];
}

/** What a Linux image of Amazon has where the definition does not say. */
const DEFAULT_ROOT_GIB = 8;

/** Snapshots are counted in full: what AWS stores and copies is at most that. */
export function estimateCost(
  prices: Prices,
  definition: Definition,
  bake: {
    readonly startsAt: BakeRecord['startsAt'];
    readonly durations: Durations;
    readonly home: string;
    /** Targets that a retained image is in already: `account/region/mode`. */
    readonly targets?: readonly string[];
  },
): Cost {
  const { startsAt, durations, home, targets = [] } = bake;
  const { build, tests, variants } = definition;
  const builds = startsAt === 'Build';
  const judges = builds || startsAt === 'Test';
  const [buildType] = build.instanceTypes;
  const built = estimateInstanceCost(
    prices,
    builds && buildType !== undefined ? [buildType] : [],
    durations.Build,
    'build',
  );
  const tested = estimateInstanceCost(prices, judges ? tests.instanceTypes : [], durations.Test, 'test');
  const { copies, transfers } = countCopies(definition, home, { builds, targets });
  const volumes = build.dataVolumes.reduce((sum, volume) => sum + volume.sizeGiB, 0);
  const size = ((build.rootVolumeGiB ?? DEFAULT_ROOT_GIB) + volumes) * variants.length;
  return {
    build: built.dollars * variants.length,
    test: tested.dollars * variants.length,
    transfer: transfers * size * prices.transferGiB,
    monthly: copies * size * prices.snapshotGiBMonth,
    unknown: [...built.unknown, ...tested.unknown],
  };
}

function estimateInstanceCost(
  prices: Prices,
  types: readonly string[],
  seconds: number | undefined,
  what: string,
): { dollars: number; unknown: string[] } {
  if (types.length === 0) return { dollars: 0, unknown: [] };
  if (seconds === undefined) return { dollars: 0, unknown: [`how long the ${what} takes`] };
  const unknown = types.filter((type) => prices.instanceHour[type] === undefined);
  const hourly = types.reduce((sum, type) => sum + (prices.instanceHour[type] ?? 0), 0);
  return { dollars: (hourly * seconds) / 3600, unknown: unknown.map((type) => `the price of ${type}`) };
}

/** Every copy is stored; those in another region travel there. Targets that share are given the control account's own copy. */
function countCopies(
  { distribution }: Pick<Definition, 'distribution'>,
  home: string,
  { builds, targets }: { readonly builds: boolean; readonly targets: readonly string[] },
): { copies: number; transfers: number } {
  const copied = distribution.targets.flatMap(({ account, mode, regions }) =>
    mode === 'copy' ? regions.filter((region) => !targets.includes(`${account}/${region}/copy`)) : [],
  );
  const sharedCopies = new Set(
    distribution.targets.flatMap(({ mode, regions }) => (mode === 'share' ? regions : [])),
  );
  sharedCopies.delete(home);
  for (const region of sharedCopies)
    if (targets.some((target) => target.endsWith(`/${region}/share`))) sharedCopies.delete(region);
  const away = copied.filter((region) => region !== home).length;
  return {
    copies: (builds ? 1 : 0) + copied.length + sharedCopies.size,
    transfers: away + sharedCopies.size,
  };
}

export function sumCosts(costs: readonly Cost[]): Cost {
  const sum = (part: 'build' | 'test' | 'transfer' | 'monthly') =>
    Math.round(costs.reduce((total, cost) => total + cost[part], 0) * 1e4) / 1e4;
  return {
    build: sum('build'),
    test: sum('test'),
    transfer: sum('transfer'),
    monthly: sum('monthly'),
    unknown: [...new Set(costs.flatMap(({ unknown }) => unknown))].sort(),
  };
}

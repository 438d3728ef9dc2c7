/** What a play is played on: the world in memory, its pipelines, what has been seen of it, and what it broke. */
import { TryLater } from '../../../shared/domain/base/errors.ts';
import { disablePipeline } from '../../../shared/use-cases/definitions/disable-pipeline.ts';
import { type ReconcileWorld, reconcileWorld } from '../../support/reconcile-world.ts';
import { createEntry, type Entry, OUTSIDE_AMI } from './estate.ts';
import { countHoldTimes } from './hold-time.ts';
import { publishInitialVersions } from './outside.ts';
import { createRandom, type Random } from './random.ts';
import { type WatchedHistory, watchTable } from './watch.ts';
import type { GeneratedPipeline, World } from './world.ts';

export type Faults = Pick<World, 'lost' | 'doubled' | 'late'>;

export interface Stage {
  readonly world: ReconcileWorld;
  readonly entries: readonly Entry[];
  readonly random: Random;
  faults: Faults;
  /** Every wave is confirmed in the moment in which it is counted. */
  confirmsWaves: boolean;
  /** The queues themselves lose messages too: whatever is lost has to be found again. */
  losesQueueMessages: boolean;
  /** Ports for one run of a handler. */
  handlerPorts: () => ReconcileWorld['ports'];
  /** So many resolutions fail from now on. */
  remainingThrottles: number;
  /** When each pipeline that had been disabled was last enabled, in ms: its earlier ticks have passed. */
  readonly enabledAt: Map<string, number>;
  readonly seen: WatchedHistory;
  /** Each a sentence that begins with the rule's number. */
  readonly broken: string[];
}

export type StageOptions = Pick<World, 'lost' | 'doubled' | 'late' | 'pageSize' | 'limits' | 'chance'> & {
  readonly pipelines: readonly GeneratedPipeline[];
};

export function createStage(given: StageOptions): Stage {
  const world = reconcileWorld({ pageSize: given.pageSize, limits: given.limits });
  const entries = given.pipelines.map(createEntry);
  const broken: string[] = [];
  const stage: Stage = {
    world,
    entries,
    random: createRandom(given.chance),
    faults: { lost: given.lost, doubled: given.doubled, late: given.late },
    confirmsWaves: false,
    losesQueueMessages: false,
    handlerPorts: () => world.ports,
    remainingThrottles: 0,
    enabledAt: new Map(),
    seen: watchTable(world, entries, broken),
    broken,
  };
  countHoldTimes(world, entries, stage.seen);
  fakeOutsideImage(world);
  publishInitialVersions(world.sources);
  installThrottling(stage);
  return stage;
}

/** A pinned image exists, made outside. */
function fakeOutsideImage(world: ReconcileWorld): void {
  const facts = {
    artifact: {
      kind: 'ami' as const,
      account: '999988887777',
      region: 'eu-west-1',
      imageId: OUTSIDE_AMI,
      snapshotIds: [],
    },
    name: 'outside',
    state: 'available' as const,
    architecture: 'x86_64',
    snapshots: [],
    tags: {},
  };
  world.ports.images.describe = async () => facts;
}

function installThrottling(stage: Stage): void {
  const { resolver } = stage.world.ports;
  const { resolve } = resolver;
  resolver.resolve = async (selector) => {
    if (stage.remainingThrottles === 0) return resolve(selector);
    stage.remainingThrottles -= 1;
    throw new TryLater('Rate exceeded');
  };
}

/** Disables the pipelines that the world has disabled. */
export async function disableSome({ world, entries }: Stage): Promise<void> {
  for (const { given, name } of entries)
    if (given.disabled) await disablePipeline(world.ports, { pipeline: name, by: 'anna', reason: 'not now' });
}

/** What a play is played on: the world in memory, its pipelines, what has been seen of it, and what it broke. */
import { TryLater } from '../../../shared/domain/errors.ts';
import { disablePipeline } from '../../../shared/use-cases/definitions/disable-pipeline.ts';
import { type PlanningWorld, planningWorld } from '../../support/planning-world.ts';
import { type Entry, entryOf, OUTSIDE_AMI } from './estate.ts';
import { publishFirst } from './outside.ts';
import { type Random, randomOf } from './random.ts';
import { type Watched, watch } from './watch.ts';
import type { PipelineGiven, World } from './world.ts';

export type Faults = Pick<World, 'lost' | 'doubled' | 'late'>;

export interface Stage {
  readonly world: PlanningWorld;
  readonly entries: readonly Entry[];
  readonly random: Random;
  faults: Faults;
  /** Somebody confirms every wave in the moment in which it is counted. */
  confirmsAtOnce: boolean;
  /** The queues themselves lose messages too: whatever is lost has to be found again. */
  losesAll: boolean;
  /** Ports for one run of a handler. */
  process: () => PlanningWorld['ports'];
  /** So many resolutions fail from now on. */
  throttles: number;
  readonly seen: Watched;
  /** Each a sentence that begins with the rule's number. */
  readonly broken: string[];
}

export type Setting = Pick<World, 'lost' | 'doubled' | 'late' | 'pageSize' | 'limits' | 'chance'> & {
  readonly pipelines: readonly PipelineGiven[];
};

export function stageOf(given: Setting): Stage {
  const world = planningWorld({ pageSize: given.pageSize, limits: given.limits });
  const entries = given.pipelines.map(entryOf);
  const broken: string[] = [];
  const stage: Stage = {
    world,
    entries,
    random: randomOf(given.chance),
    faults: { lost: given.lost, doubled: given.doubled, late: given.late },
    confirmsAtOnce: false,
    losesAll: false,
    process: () => world.ports,
    throttles: 0,
    seen: watch(world, entries, broken),
    broken,
  };
  outsideImages(world);
  publishFirst(world.sources);
  throttled(stage);
  return stage;
}

/** A pinned image exists, and somebody else has made it. */
function outsideImages(world: PlanningWorld): void {
  const facts = {
    imageId: OUTSIDE_AMI,
    name: 'outside',
    state: 'available' as const,
    architecture: 'x86_64',
    snapshots: [],
    tags: {},
    ownerId: '999988887777',
  };
  world.ports.images.describe = async () => facts;
}

function throttled(stage: Stage): void {
  const { resolver } = stage.world.ports;
  const { resolve } = resolver;
  resolver.resolve = async (selector) => {
    if (stage.throttles === 0) return resolve(selector);
    stage.throttles -= 1;
    throw new TryLater('Rate exceeded');
  };
}

/** Everybody is applied; whoever is to be disabled is, at once or after a first release. */
export async function disableSome({ world, entries }: Stage): Promise<void> {
  for (const { given, name } of entries)
    if (given.disabled) await disablePipeline(world.ports, { pipeline: name, by: 'anna', reason: 'not now' });
}

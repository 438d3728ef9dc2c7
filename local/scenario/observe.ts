import { type AttemptState, TERMINAL_STATES } from '../../shared/domain/records/attempt-states.ts';
import type { Api, ApiBake, ApiBakeDetail, ApiPipeline, ApiRelease } from './api.ts';
import type { Condition } from './schema.ts';

/** Answers of the API: its pipelines, bakes and releases. */
export interface Observation {
  readonly pipelines: readonly ApiPipeline[];
  /** Oldest first. */
  readonly bakes: readonly ApiBakeDetail[];
  readonly releases: readonly ApiRelease[];
}

/** The bakes whose last attempt failed to distribute its approved image. */
export function listKeptBakes(bakes: readonly ApiBakeDetail[]): Set<string> {
  const now = new Date().toISOString();
  return new Set(
    bakes
      .filter(({ state, attempts }) => state === 'failed' && (attempts.at(-1)?.keptUntil ?? '') > now)
      .map(({ id }) => id),
  );
}

const STATE_OF_STEP: Readonly<Record<string, AttemptState>> = {
  Preflight: 'preflight',
  Build: 'building',
  Test: 'testing',
  Gate: 'gating',
  Approve: 'awaiting-approval',
  Distribute: 'distributing',
  Release: 'releasing',
};

export class Observer {
  private readonly api: Api;
  private readonly details = new Map<string, ApiBakeDetail>();
  last: Observation = { pipelines: [], bakes: [], releases: [] };

  constructor(api: Api) {
    this.api = api;
  }

  /** Reads everything that may have moved; a bake that has ended and is known as such is not read again. */
  async look(): Promise<Observation> {
    const [pipelines, bakes, releases] = await Promise.all([
      this.api.pipelines(),
      this.api.bakes(),
      this.api.releases(),
    ]);
    const moved = bakes.filter((bake) => !this.isSettled(bake));
    for (const detail of await Promise.all(moved.map(({ id }) => this.api.bake(id))))
      this.details.set(detail.id, detail);
    const details = [...this.details.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    this.last = { pipelines, bakes: details, releases };
    return this.last;
  }

  private isSettled(bake: ApiBake): boolean {
    const known = this.details.get(bake.id);
    return (
      known !== undefined &&
      known.attempt === bake.attempt &&
      known.state === bake.state &&
      known.endedAt !== undefined &&
      known.steps.every((step) => step.endedAt !== undefined)
    );
  }
}

/** True when a bake is in the state or has been in it, in any attempt. Steps count, since a short state may pass between two polls. */
function hasReached(bake: ApiBakeDetail, state: AttemptState): boolean {
  return (
    bake.state === state ||
    bake.attempts.some((attempt) => attempt.state === state) ||
    bake.steps.some((step) => STATE_OF_STEP[step.name] === state && step.state !== 'skipped')
  );
}

export function isQuiet({ pipelines, bakes }: Observation): boolean {
  const open = bakes.some((bake) => !STATES_ENDED.has(bake.state));
  return !open && pipelines.every((pipeline) => pipeline.activeBake === undefined && !pipeline.pending);
}
const STATES_ENDED: ReadonlySet<string> = new Set(TERMINAL_STATES);

export function isMet(condition: Condition, observation: Observation, secondsSinceStart: number): boolean {
  if (condition.seconds !== undefined && secondsSinceStart < condition.seconds) return false;
  if (condition.bake !== undefined) {
    const { pipeline, state, number } = condition.bake;
    const bake = observation.bakes.filter((candidate) => candidate.pipeline === pipeline)[number - 1];
    if (bake === undefined || !hasReached(bake, state)) return false;
  }
  if (condition.released !== undefined) {
    const { pipeline, times } = condition.released;
    if (observation.releases.filter((release) => release.pipeline === pipeline).length < times) return false;
  }
  return condition.quiet === undefined || isQuiet(observation);
}

/** Distance of each pipeline from the roots of the graph. */
export function computeLevels(pipelines: readonly ApiPipeline[]): Map<string, number> {
  const parents = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline.parents]));
  const depth = (name: string, seen: ReadonlySet<string>): number => {
    const above = (parents.get(name) ?? []).filter((parent) => parents.has(parent) && !seen.has(parent));
    return above.length === 0
      ? 0
      : 1 + Math.max(...above.map((parent) => depth(parent, new Set([...seen, parent]))));
  };
  return new Map(pipelines.map(({ name }) => [name, depth(name, new Set([name]))]));
}

/** Pipelines in the order of the tree: each child below its parent. */
export function sortAsTree(pipelines: readonly ApiPipeline[]): ApiPipeline[] {
  const byName = [...pipelines].sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = new Set(byName.map(({ name }) => name));
  const ordered: ApiPipeline[] = [];
  const append = (pipeline: ApiPipeline) => {
    if (ordered.includes(pipeline)) return;
    ordered.push(pipeline);
    for (const child of byName.filter((candidate) => candidate.parents.includes(pipeline.name)))
      append(child);
  };
  for (const root of byName.filter((candidate) => candidate.parents.every((parent) => !names.has(parent))))
    append(root);
  for (const rest of byName) append(rest);
  return ordered;
}

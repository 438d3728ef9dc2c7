import { ENGINE_NAMES } from '../../../shared/domain/engines/engines.ts';
import type { BuildEngine, BuildRequest, BuildStatus, Engines } from '../../../shared/ports/build-engine.ts';

export interface FakeEngine extends BuildEngine {
  /** Requests that started a build, by its id. */
  readonly started: Map<string, BuildRequest>;
  /** Builds that the engine still remembers. */
  known(): string[];
  /** Decides how a build goes on. */
  set(build: string, status: BuildStatus): void;
}

/** The same fake for every engine of the registry. */
export function fakeEngines(engine: BuildEngine): Engines {
  return Object.fromEntries(ENGINE_NAMES.map((name) => [name, () => engine])) as Engines;
}

/** A build engine that builds when it is told to; a cancelled build ends at once. `leftovers`: what a build left in the world. */
export function fakeEngine(leftovers: BuildEngine['leftovers'] = async () => []): FakeEngine {
  const started = new Map<string, BuildRequest>();
  const states = new Map<string, BuildStatus>();
  const engine: FakeEngine = {
    started,
    known: () => [...states.keys()],
    set: (build, status) => states.set(build, status),
    async start(request) {
      const { bake, attempt, variant, placing } = request;
      const placements = request.placement.subnets?.length ?? 1;
      for (const [build, other] of started) {
        const isSame = other.attempt === attempt && other.variant === variant && other.placing === placing;
        if (other.bake === bake && isSame) return { build, placements };
      }
      const build = `arn:aws:imagebuilder:eu-west-1:111122223333:image/ovenbird-${request.pipeline}-${variant}/1.0.0/${started.size + 1}`;
      started.set(build, request);
      states.set(build, { state: 'running' });
      return { build, placements };
    },
    async status(build) {
      return states.get(build) ?? { state: 'unknown' };
    },
    async cancel(build) {
      if (states.get(build)?.state === 'running')
        states.set(build, { state: 'cancelled', reason: 'asked for' });
      return { ended: true };
    },
    leftovers,
    async forget(build) {
      states.delete(build);
    },
  };
  return engine;
}

/**
 * Random inventories and findings: events that are lost and doubled, releases before and after, findings that close, functions that are killed
 * between two writes. At rest every pipeline that an open finding concerns has been told, and none that no finding ever concerned.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keys } from '../../shared/domain/base/naming.ts';
import type { PackageFormat } from '../../shared/domain/packages/versions.ts';
import { BASE_PARAMETER } from '../support/reconcile-world.ts';
import {
  type Packages,
  type VulnerabilityWorld,
  vulnerability,
  vulnerabilityEvent,
  vulnerabilityWorld,
} from '../support/vulnerability-world.ts';

const PACKAGES = ['alpha', 'beta', 'gamma'];
const MOST_PIPELINES = 5;
const pipelineName = (index: number) => `image-${index}`;

const arbitraryInventory = fc.record({
  family: fc.constantFrom<PackageFormat | undefined>('apt', 'rpm', undefined),
  versions: fc.array(fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }), {
    minLength: PACKAGES.length,
    maxLength: PACKAGES.length,
  }),
});
type Inventory = { family: PackageFormat | undefined; versions: (number | undefined)[] };

const arbitraryFinding = fc.record({
  package: fc.nat(PACKAGES.length - 1),
  fixed: fc.integer({ min: 1, max: 5 }),
  format: fc.constantFrom<PackageFormat>('apt', 'rpm'),
});
type GeneratedFinding = { package: number; fixed: number; format: PackageFormat };

const arbitraryStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('publish' as const), finding: fc.nat(5), heard: fc.nat(2) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), finding: fc.nat(5) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('bake' as const), pipeline: fc.nat(MOST_PIPELINES - 1) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), content: arbitraryInventory }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reconcile' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('work' as const),
      dies: fc.option(fc.nat(2), { nil: undefined }),
    }),
  },
);

const arbitraryWorld = fc.record({
  pipelines: fc.integer({ min: 1, max: MOST_PIPELINES }),
  pageSize: fc.constantFrom(1, 2, 1000),
  first: fc.array(arbitraryInventory, { minLength: MOST_PIPELINES, maxLength: MOST_PIPELINES }),
  findings: fc.array(arbitraryFinding, { minLength: 6, maxLength: 6 }),
  steps: fc.array(arbitraryStep, { maxLength: 40 }),
});

/** What is known from outside the engine. Versions are whole numbers here, so that nothing of the engine is needed to compare them. */
class Oracle {
  readonly open = new Map<number, GeneratedFinding>();
  readonly current = new Map<string, Inventory>();
  /** `pipeline package version` that some finding asked for while it was open and the release that was current then was behind. */
  readonly justified = new Set<string>();

  concerned(): { pipeline: string; name: string; fixed: number }[] {
    return [...this.open.values()].flatMap(({ package: index, fixed, format }) =>
      [...this.current].flatMap(([pipeline, { family, versions }]) => {
        const version = versions[index];
        const isOther = family !== undefined && family !== format;
        if (version === undefined || isOther || version >= fixed) return [];
        return [{ pipeline, name: PACKAGES[index] ?? '', fixed }];
      }),
    );
  }

  look(): void {
    for (const { pipeline, name, fixed } of this.concerned())
      this.justified.add(`${pipeline} ${name} ${fixed}`);
  }
}

function toPackages({ family, versions }: Inventory): Packages {
  const named = PACKAGES.flatMap((name, index) =>
    versions[index] === undefined ? [] : [[name, String(versions[index])] as const],
  );
  const library = family === 'apt' ? { libc6: '1' } : family === 'rpm' ? { glibc: '1' } : {};
  return { ...library, ...Object.fromEntries(named) };
}

async function releaseOne(world: VulnerabilityWorld, oracle: Oracle, content: Inventory): Promise<boolean> {
  // What was superseded ends first.
  await world.endStopped();
  const [bake] = world.running();
  if (bake === undefined) return false;
  await world.contains(bake.id, toPackages(content));
  await world.release(bake.id);
  oracle.current.set(bake.pipeline, content);
  oracle.look();
  return true;
}

/** One thing that waits is done; the function may be killed after some of its writes, and the queue gives the message out again. */
async function work(world: VulnerabilityWorld, dies: number | undefined): Promise<void> {
  await world.publish();
  const [hint] = world.hints;
  const plan = world.reconcileRequests.find(({ at }) => at <= world.clock.now().getTime());
  let writes = 0;
  const table = {
    ...world.table,
    write: async (given: Parameters<typeof world.table.write>[0]) => {
      if (dies !== undefined && writes === dies) throw new Error('killed');
      writes += 1;
      await world.table.write(given);
    },
  };
  try {
    await world.handleNextMessage({ table });
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'killed') throw error;
    if (hint !== undefined) world.hints.push(hint);
    else if (plan !== undefined) world.reconcileRequests.push(plan);
  }
}

async function runUntilIdle(world: VulnerabilityWorld, oracle: Oracle): Promise<void> {
  for (let round = 0; round < 60; round += 1) {
    await world.runUntilIdle();
    // The feed has nothing new: what is baked now is as it was.
    const content = oracle.current.get(world.running()[0]?.pipeline ?? '');
    const fresh = content ?? { family: undefined, versions: PACKAGES.map(() => 1) };
    if (await releaseOne(world, oracle, fresh)) continue;
    const before = world.bakes().length;
    world.clock.forward(120);
    await world.sweep();
    await world.resync();
    await world.runUntilIdle();
    if (world.bakes().length === before && world.openJobs() === 0) return;
  }
  throw new Error('It does not come to rest.');
}

describe('Findings over random inventories', () => {
  it('reach exactly the pipelines that they concern', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryWorld, async (drawn) => {
        const world = vulnerabilityWorld({ pageSize: drawn.pageSize });
        const oracle = new Oracle();
        const names = Array.from({ length: drawn.pipelines }, (_, index) => pipelineName(index));
        for (const name of names) await world.apply({ name, base: BASE_PARAMETER });
        await world.runUntilIdle();
        for (const content of drawn.first) await releaseOne(world, oracle, content);

        for (const step of drawn.steps) {
          switch (step.kind) {
            case 'publish': {
              const drawnFinding = drawn.findings[step.finding];
              if (drawnFinding === undefined) break;
              const { package: index, fixed, format } = drawnFinding;
              const made = vulnerability(String(step.finding), [
                { name: PACKAGES[index] ?? '', fixed: String(fixed), format },
              ]);
              world.findings.publish(made);
              oracle.open.set(step.finding, drawnFinding);
              oracle.look();
              for (let heard = 0; heard < step.heard; heard += 1)
                world.hints.push(vulnerabilityEvent(made.arn));
              break;
            }
            case 'close':
              world.findings.close(vulnerability(String(step.finding), []).arn);
              oracle.open.delete(step.finding);
              break;
            case 'bake':
              if (step.pipeline < drawn.pipelines) await world.request(pipelineName(step.pipeline), true);
              break;
            case 'release':
              await releaseOne(world, oracle, step.content);
              break;
            case 'sweep':
              await world.sweep();
              break;
            case 'reconcile':
              await world.resync();
              break;
            case 'work':
              await work(world, step.dies);
              break;
          }
        }
        await runUntilIdle(world, oracle);

        // No fewer: every pipeline that an open finding concerns has a minimum of that version, or of a later one.
        for (const { pipeline, name, fixed } of oracle.concerned())
          expect([pipeline, name, Number(world.readMinimumVersions(pipeline)[name] ?? 0) >= fixed]).toEqual([
            pipeline,
            name,
            true,
          ]);
        // No more: each minimum was required by a finding while it concerned the pipeline.
        const told = names.flatMap((pipeline) =>
          Object.entries(world.readMinimumVersions(pipeline)).map(
            ([name, fixed]) => `${pipeline} ${name} ${fixed}`,
          ),
        );
        expect(told.filter((line) => !oracle.justified.has(line))).toEqual([]);
        // And every change of a finding reached a pipeline.
        const changes = world.findingChanges().map(({ id }) => id);
        const taken = world.bakes().flatMap((bake) => [...bake.changes, ...bake.causes]);
        expect(changes.filter((id) => !taken.includes(id))).toEqual([]);
        // The index is what is current.
        expect(world.indexed().sort()).toEqual(
          [...oracle.current]
            .flatMap(([pipeline, content]) =>
              Object.entries(toPackages(content)).map(([name, version]) => `${pipeline} ${name} ${version}`),
            )
            .sort(),
        );
        for (const name of names) expect(world.table.peek(keys.status(name))?.dirty).not.toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

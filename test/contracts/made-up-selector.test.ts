import '../support/made-up-selector.ts';

import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { explanationLines } from '../../cli/commands/explain.ts';
import { createSelectorResolver, type Resolvers } from '../../shared/adapters/selectors/resolver.ts';
import { GraphSchema } from '../../shared/domain/api/explanation.ts';
import { type DefinitionInput, DefinitionSchema } from '../../shared/domain/definitions/definition.ts';
import { isSlowTopic } from '../../shared/domain/selectors/selectors.ts';
import type { BuildRequest } from '../../shared/ports/build-engine.ts';
import { startBuild } from '../../shared/use-cases/bakes/start-build.ts';
import { handleHint, handleSlowHint } from '../../shared/use-cases/detect/handle-hint.ts';
import { explainPipeline } from '../../shared/use-cases/queries/explain-pipeline.ts';
import { showGraph } from '../../shared/use-cases/queries/show-graph.ts';
import { ami, type ReconcileWorld, reconcileWorld } from '../support/reconcile-world.ts';

const PUBLISHED = {
  version: '0',
  source: 'example.catalogue',
  'detail-type': 'Entry Published',
  account: '111122223333',
  region: 'eu-west-1',
  detail: { entry: 'linux' },
};
const base = { catalogue: 'linux' } as unknown as DefinitionInput['base'];

function catalogueWorld() {
  const world = reconcileWorld();
  const entries = new Map([['linux', ami(1)]]);
  const resolvers: Record<string, (selector: { entry: string }) => Promise<unknown>> = {
    async catalogue({ entry }) {
      const version = entries.get(entry);
      return version === undefined
        ? { found: false, reason: `There is no ${entry}` }
        : { found: true, version, detail: { amiId: version } };
    },
  };
  world.ports.resolver = createSelectorResolver(resolvers as Resolvers);
  return { world, entries };
}

/** The parent images with which the engine is asked to build. */
async function buildBase(world: ReconcileWorld, bake: string): Promise<string[]> {
  const asked: string[] = [];
  const start = async ({ parentImage }: BuildRequest) => {
    asked.push(parentImage);
    return { build: `build-${asked.length}`, placements: 1 };
  };
  await startBuild({ ...world.ports, engines: { imageBuilder: () => ({ start }) } }, { bake, attempt: 1 });
  return asked;
}

describe('a selector kind that is added to the registry', () => {
  it('is a form that definitions may use, and that the schema describes', () => {
    const given = {
      apiVersion: 'ovenbird.dev/v1',
      name: 'web',
      base,
      inputs: [base],
      tests: { suites: [{ name: 'boots', script: 'true' }] },
      approval: { required: false },
    };
    const text = JSON.stringify(z.toJSONSchema(DefinitionSchema, { io: 'input', unrepresentable: 'any' }));

    expect(DefinitionSchema.parse(given)).toMatchObject({
      base: { catalogue: 'linux' },
      inputs: [{ catalogue: 'linux' }],
    });
    expect(DefinitionSchema.safeParse({ ...given, base: { catalogue: 'Linux!' } }).success).toBe(false);
    expect(text).toContain('"catalogue"');
    expect(text).toContain('exactly one of pipeline, ssm, image, ami, lookup, container, catalogue.');
  });

  it('is resolved when it is applied, and refused with its field where it resolves to nothing', async () => {
    const { world, entries } = catalogueWorld();
    entries.clear();

    await expect(world.apply({ name: 'web', base: '/unused', more: { base } })).rejects.toThrow(
      'base.catalogue: There is no linux',
    );
  });

  it('leads from its event to a bake that is explained in its words', async () => {
    const { world, entries } = catalogueWorld();
    await world.apply({ name: 'web', base: '/unused', more: { base } });
    await world.runUntilIdle();
    const [first] = world.running();
    expect(first?.lock.base).toMatchObject({ key: 'catalogue:linux', version: ami(1) });
    await world.release(first?.id ?? '');
    await world.runUntilIdle();

    entries.set('linux', ami(2));
    const outcome = await handleHint(world.ports, PUBLISHED);
    expect(outcome).toMatchObject({ topics: ['catalogue:linux'], changes: [{ from: ami(1), to: ami(2) }] });
    await world.runUntilIdle();

    const [second] = world.running();
    expect(second?.lock.base.version).toBe(ami(2));
    expect(await buildBase(world, second?.id ?? '')).toEqual([ami(2)]);
    const explanation = await explainPipeline(world.ports, 'web');
    expect(explanationLines(explanation, 100).join('\n')).toContain(
      `catalogue entry linux: ${ami(1)} -> ${ami(2)}`,
    );
    const graph = await showGraph(world.ports, { limit: 10 });
    expect(GraphSchema.parse(graph).nodes).toContainEqual(
      expect.objectContaining({ id: 'catalogue:linux', kind: 'catalogue' }),
    );
  });

  it('is found by the resync where its event was lost, by the function for slow kinds', async () => {
    const { world, entries } = catalogueWorld();
    await world.apply({ name: 'web', base: '/unused', more: { base } });
    entries.set('linux', ami(2));

    await world.resync();
    const hint = world.hints.find((entry) => JSON.stringify(entry).includes('catalogue:linux'));

    expect(isSlowTopic('catalogue:linux')).toBe(true);
    expect(await handleSlowHint(world.ports, hint)).toMatchObject({ changes: [{ to: ami(2) }] });
  });
});

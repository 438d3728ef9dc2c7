/** An engine that is added by its own object and one line in the registry builds, is woken by its event and is cleaned up like any other. */
import { expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import type { EngineKind } from '../../../shared/domain/engines/engine.ts';

const settings = { paperSize: z.enum(['A4', 'A5']).default('A4') };
const paper: EngineKind<typeof settings> = {
  settings,
  contents: ({ paperSize }) => ({ paperSize }),
  runsTests: () => false,
  findProblems: ({ paperSize }, { build }) =>
    paperSize === 'A5' && build > 1 ? [{ path: ['components'], message: 'A5 holds one component' }] : [],
  buildIn: (event) => {
    const parsed = z.object({ folded: z.string() }).safeParse(event);
    return parsed.success ? parsed.data.folded : undefined;
  },
};

jest.mock('../../../shared/domain/engines/registry.ts', () => {
  const actual = jest.requireActual<{ ENGINES: object }>('../../../shared/domain/engines/registry.ts');
  return { ENGINES: { ...actual.ENGINES, paper } };
});

/** Modules that are loaded after the registry was replaced. */
async function load() {
  const { allGoesWell, BAKE, bakeWorld, REF, whileWaiting } = await import('../../support/bake-world.ts');
  const { handleWake } = await import('../../../shared/use-cases/waits/handle-wake.ts');
  const { cleanUpBake } = await import('../../../shared/use-cases/bakes/clean-up-bake.ts');
  const { computeDefinitionDigest } = await import('../../../shared/domain/reconcile/fingerprint.ts');
  const { DefinitionSchema } = await import('../../../shared/domain/definitions/definition.ts');
  const { keys } = await import('../../../shared/domain/base/naming.ts');
  const world = (build: object) => bakeWorld({ build: { engine: 'paper', ...build } });
  return {
    allGoesWell,
    BAKE,
    world,
    REF,
    whileWaiting,
    handleWake,
    cleanUpBake,
    computeDefinitionDigest,
    DefinitionSchema,
    keys,
  };
}

it('builds, and the record says which engine did', async () => {
  const { world, allGoesWell, keys, BAKE } = await load();
  const w = world({});
  await w.fill();
  allGoesWell(w);

  expect(await w.run('build')).toMatchObject({ status: 'SUCCEEDED' });

  expect(w.engine.started.size).toBe(1);
  expect(await w.table.get(keys.artifact(BAKE, 'x86-64'))).toMatchObject({
    engine: 'paper',
    artifact: { kind: 'ami', imageId: expect.stringMatching(/^ami-/) },
  });
});

it('is woken by its own event', async () => {
  const { world, whileWaiting, handleWake } = await load();
  const w = world({});
  await w.fill();
  const woken: string[] = [];
  whileWaiting(w, async ({ kind, resource }) => {
    if (kind !== 'image') return;
    w.engine.set(resource, { state: 'available', artifact: w.makeArtifact() });
    woken.push(await handleWake(w, { folded: resource }));
  });

  await w.run('build');

  expect(woken).toEqual(['decided']);
});

it('is cleaned up', async () => {
  const { world, allGoesWell, cleanUpBake, REF } = await load();
  const w = world({});
  await w.fill();
  allGoesWell(w);
  await w.run('build');

  await cleanUpBake(w, REF);

  expect(w.leftBehind()).toEqual([]);
});

it('has settings of its own, which are part of the bits and are checked with the definition', async () => {
  const { world, computeDefinitionDigest, DefinitionSchema } = await load();
  const { digest, definition } = world({});
  const withSize = (paperSize: string) => ({ ...definition, build: { ...definition.build, paperSize } });

  expect(definition.build).toMatchObject({ engine: 'paper', paperSize: 'A4' });
  expect(computeDefinitionDigest(digest, DefinitionSchema.parse(withSize('A5')))).not.toBe(
    computeDefinitionDigest(digest, definition),
  );
  const crowded = { ...withSize('A5'), components: [...definition.components, { component: 'php/1.x.x' }] };
  expect(DefinitionSchema.safeParse(crowded).error?.issues).toMatchObject([
    { path: ['components'], message: 'A5 holds one component' },
  ]);
});

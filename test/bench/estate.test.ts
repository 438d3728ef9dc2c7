import { describe, expect, it } from '@jest/globals';
import { AGENT, createEstate, FAMILY, PROBE, toEstateDefinition } from '../../bench/estate.parts.ts';
import { createWorld, runWave } from '../../bench/planner-world.parts.ts';
import type { Item } from '../../shared/ports/table.ts';
import { applyDefinition } from '../../shared/use-cases/definitions/apply-definition.ts';
import { ami, reconcileWorld } from '../support/reconcile-world.ts';

const SEED = 11;
/** What the past leaves behind, and the counts and publications that are made on the way: reconcile reads none of that. */
const PAST =
  /^(?:CHANGE|OUTBOX|CAPACITY|INVENTORY|BAKE|PACKAGE)#|^PIPELINE#.*\n(?:BAKE|RELEASE|INVENTORY|POINTERS)/;

/** The rows by key. Ids and images are made up anew in every world, and the bits that hold them. */
function toComparableRows(items: readonly Item[]): Record<string, unknown> {
  const current = items.filter((item) => !PAST.test(`${item.pk}\n${item.sk}`));
  const rows = current.map((item) => {
    const text = JSON.stringify(item)
      .replaceAll(/01JTEST[0-9A-Z]{19}/g, 'ID')
      .replaceAll(/("x86-64":")ami-[0-9a-f]{17}/g, '$1IMAGE')
      .replaceAll(/("bits":"|FINGERPRINT#)[0-9a-f]{64}/g, '$1BITS');
    const row = JSON.parse(text);
    return [`${row.pk} ${row.sk}`, row];
  });
  return Object.fromEntries(rows);
}

describe('An estate of the benchmarks', () => {
  it('is laid as applying, baking and releasing its definitions would leave it', async () => {
    const estate = createEstate(SEED, FAMILY + 20);
    const world = reconcileWorld();
    for (const parameter of estate.parameters) world.parameters.set(parameter, ami(1));
    for (const component of estate.components) world.publishComponent(component, '1.0.1');
    for (const spec of estate.specs) {
      await applyDefinition(world.ports, { definition: toEstateDefinition(spec), by: 'bench' });
      await world.runUntilIdle();
      for (const bake of world.running()) await world.release(bake.id);
      await world.runUntilIdle();
    }

    const laid = await createWorld(estate);

    expect(toComparableRows(laid.table.items())).toEqual(toComparableRows(world.table.items()));
  });

  it('has a family of one size that one component reaches, and a component that every pipeline uses', async () => {
    const world = await createWorld(createEstate(SEED, 300));

    expect(await runWave(world, PROBE)).toMatchObject({ bakes: FAMILY, calls: { listPages: 0 } });
    expect(await runWave(world, AGENT)).toMatchObject({ bakes: 300, calls: { listPages: 0 } });
    expect(await runWave(world, PROBE)).toMatchObject({ bakes: FAMILY });
  });
});

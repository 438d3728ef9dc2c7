/** Whether what `plan` says is what then happens, asked before anything of it is known; and whether asking writes anything. */
import { selectorKey } from '../../../shared/domain/selectors/selectors.ts';
import { previewPlan } from '../../../shared/use-cases/preview/preview-plan.ts';
import { type Entry, listExternalDependencies, toDefinition, toSelector } from './estate.ts';
import type { Stage } from './stage.ts';

/** How often each pipeline would bake. */
export async function previewBakeCounts(
  stage: Stage,
  edited: ReadonlySet<Entry>,
): Promise<Map<string, number> | undefined> {
  const { world, entries } = stage;
  const selectors = new Map(
    entries
      .flatMap(listExternalDependencies)
      .map(({ source, range }) => toSelector(source, range))
      .map((selector) => [selectorKey(selector), selector] as const),
  );
  const changes = [...selectors].flatMap(([selector, meant]) => {
    const version = world.sources.meaning(meant);
    return version === undefined ? [] : [{ selector, version }];
  });
  const definitions = [...edited].map((entry) => toDefinition(entry));
  const { table } = world;
  const reading = {
    get: table.get,
    getMany: table.getMany,
    query: table.query,
  };
  const before = world.table.items().length;
  const preview = await previewPlan({ ...world.ports, table: reading }, {
    definitions,
    changes,
  } as Parameters<typeof previewPlan>[1]);
  if (world.table.items().length !== before) stage.broken.push('5: a plan has written something');
  if (
    preview.stopped !== undefined ||
    preview.held.some(({ reasons }) => reasons.some(({ until }) => until !== undefined))
  )
    return undefined;
  const counts = new Map<string, number>();
  for (const { bakes } of preview.waves)
    for (const { pipeline } of bakes) counts.set(pipeline, (counts.get(pipeline) ?? 0) + 1);
  return counts;
}

export function comparePreview(
  plan: ReadonlyMap<string, number>,
  bakes: readonly { readonly pipeline: string }[],
): string[] {
  const counts = new Map<string, number>();
  for (const { pipeline } of bakes) counts.set(pipeline, (counts.get(pipeline) ?? 0) + 1);
  const names = new Set([...plan.keys(), ...counts.keys()]);
  return [...names].flatMap((name) => {
    const [said, did] = [plan.get(name) ?? 0, counts.get(name) ?? 0];
    return said === did ? [] : [`7: plan says that ${name} bakes ${said} times, and it baked ${did} times`];
  });
}

import * as z from 'zod';
import type { Package } from '../packages/inventory.ts';

export const PackageDiffSchema = z.object({
  added: z.array(z.object({ name: z.string(), version: z.string() })),
  removed: z.array(z.object({ name: z.string(), version: z.string() })),
  changed: z.array(z.object({ name: z.string(), from: z.string(), to: z.string() })),
});
export type PackageDiff = z.infer<typeof PackageDiffSchema>;

/** What differs between two inventories, by package name, in the order of names. */
export function diffPackages(before: readonly Package[], after: readonly Package[]): PackageDiff {
  const old = new Map(before.map(({ name, version }) => [name, version]));
  const fresh = new Map(after.map(({ name, version }) => [name, version]));
  const names = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  const diff: PackageDiff = { added: [], removed: [], changed: [] };
  for (const name of names) {
    const from = old.get(name);
    const to = fresh.get(name);
    if (from === undefined && to !== undefined) diff.added.push({ name, version: to });
    else if (from !== undefined && to === undefined) diff.removed.push({ name, version: from });
    else if (from !== undefined && to !== undefined && from !== to) diff.changed.push({ name, from, to });
  }
  return diff;
}

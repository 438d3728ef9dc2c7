import * as z from 'zod';

/** The packages of an image as it was built: document `bakes/<id>/inventory-<attempt>-<variant>.json`. */
export const InventorySchema = z.object({
  image: z.string(),
  packages: z.array(z.object({ name: z.string(), version: z.string() })),
});
export type Inventory = z.infer<typeof InventorySchema>;

const pad = (attempt: number) => String(attempt).padStart(3, '0');

/** Keys of the documents that belong to one attempt; together they are its evidence. */
export const evidenceKeys = {
  inventory: (bake: string, attempt: number, variant: string) =>
    `bakes/${bake}/inventory-${pad(attempt)}-${variant}.json`,
  gate: (bake: string, attempt: number) => `bakes/${bake}/gate-${pad(attempt)}.json`,
  preflight: (bake: string, attempt: number) => `bakes/${bake}/preflight-${pad(attempt)}.json`,
  output: (test: { bake: string; attempt: number; variant: string; instanceType: string; suite: string }) =>
    `bakes/${test.bake}/tests/${pad(test.attempt)}/${test.variant}/${test.instanceType}/${test.suite}.txt`,
} as const;

/** Packages by name, one line of each, sorted: the same inventory gives the same text. */
export function sortedPackages(
  packages: readonly { name: string; version: string }[],
): { name: string; version: string }[] {
  return packages
    .map(({ name, version }) => ({ name, version }))
    .sort((a, b) => order(a.name, b.name) || order(a.version, b.version));
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

import * as z from 'zod';
import { canonical } from '../base/canonical.ts';

/** The packages of an image as it was built: document `bakes/<id>/inventory-<attempt>-<variant>.json`. */
export const InventorySchema = z.lazy(() =>
  z.object({
    image: z.string(),
    packages: z.array(z.object({ name: z.string(), version: z.string() })),
  }),
);
export type Inventory = z.infer<typeof InventorySchema>;

const pad = (attempt: number) => String(attempt).padStart(3, '0');

/** Keys of the documents that belong to one attempt; together they are its evidence. */
export const evidenceKeys = {
  inventory: (bake: string, attempt: number, variant: string) =>
    `bakes/${bake}/inventory-${pad(attempt)}-${variant}.json`,
  gate: (bake: string, attempt: number, name: string) => `bakes/${bake}/gates/${pad(attempt)}/${name}.json`,
  preflight: (bake: string, attempt: number) => `bakes/${bake}/preflight-${pad(attempt)}.json`,
  output: (test: { bake: string; attempt: number; variant: string; instanceType: string; suite: string }) =>
    `bakes/${test.bake}/tests/${pad(test.attempt)}/${test.variant}/${test.instanceType}/${test.suite}.txt`,
} as const;

/** Packages by name, one line of each, sorted: the same inventory gives the same text. */
export function sortPackages(
  packages: readonly { name: string; version: string }[],
): { name: string; version: string }[] {
  return packages
    .map(({ name, version }) => ({ name, version }))
    .sort((a, b) => order(a.name, b.name) || order(a.version, b.version));
}

/** Equal for equal packages, whatever image holds them. Undefined for none: an inventory that was not collected is equal to no other. */
export function packagesDigest(
  digest: (text: string) => string,
  packages: readonly { name: string; version: string }[],
): string | undefined {
  if (packages.length === 0) return undefined;
  return digest(
    sortPackages(packages)
      .map(({ name, version }) => `${name}=${version}`)
      .join('\n'),
  );
}

/** Of all variants together; undefined where that of one is not known. */
export function computeInventoryDigest(
  digest: (text: string) => string,
  images: readonly { readonly variant: string; readonly inventoryDigest?: string | undefined }[],
): string | undefined {
  const [first] = images;
  if (first === undefined || images.some((image) => image.inventoryDigest === undefined)) return undefined;
  if (images.length === 1) return first.inventoryDigest;
  return digest(canonical(Object.fromEntries(images.map((image) => [image.variant, image.inventoryDigest]))));
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

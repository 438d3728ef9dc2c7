import * as z from 'zod';
import { canonical, type Digest } from '../base/canonical.ts';
import { lazyObject } from '../base/schemas.ts';
import { order } from './versions.ts';

/** The packages of an image as its first test instance found them: document `bakes/<id>/inventory-<attempt>-<variant>.json`. */
export const InventorySchema = lazyObject(() => ({
  image: z.string(),
  /** As os-release(5) has it. */
  os: z.object({ id: z.string(), version: z.string().optional(), name: z.string().optional() }).optional(),
  /** As uname(1) has it: `x86_64`, `aarch64`. */
  architecture: z.string().optional(),
  packages: z.array(z.object({ name: z.string(), version: z.string() })),
}));
export type Inventory = z.infer<typeof InventorySchema>;
export type Package = Inventory['packages'][number];

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
export function sortPackages(packages: readonly Package[]): Package[] {
  return packages
    .map(({ name, version }) => ({ name, version }))
    .sort((a, b) => order(a.name, b.name) || order(a.version, b.version));
}

/** Equal for equal packages, whatever image holds them. Undefined for none: an inventory that was not collected is equal to no other. */
export function packagesDigest(digest: Digest, packages: readonly Package[]): string | undefined {
  if (packages.length === 0) return undefined;
  return digest(
    sortPackages(packages)
      .map(({ name, version }) => `${name}=${version}`)
      .join('\n'),
  );
}

/** Of all variants together; undefined where that of one is not known. */
export function computeInventoryDigest(
  digest: Digest,
  images: readonly { readonly variant: string; readonly inventoryDigest?: string | undefined }[],
): string | undefined {
  const [first] = images;
  if (first === undefined || images.some((image) => image.inventoryDigest === undefined)) return undefined;
  if (images.length === 1) return first.inventoryDigest;
  return digest(canonical(Object.fromEntries(images.map((image) => [image.variant, image.inventoryDigest]))));
}

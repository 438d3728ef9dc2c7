import { type Inventory, InventorySchema } from '../../domain/packages/inventory.ts';
import type { Documents } from '../../ports/documents.ts';

/** Said where an image has neither an inventory nor a reason for its absence. */
export const NOT_COLLECTED = 'no inventory was collected';

/** The packages of an inventory; undefined where there is no such document. */
export async function readPackages(
  documents: Pick<Documents, 'get'>,
  key: string | undefined,
): Promise<Inventory['packages'] | undefined> {
  const text = key === undefined ? undefined : await documents.get(key);
  return text === undefined ? undefined : InventorySchema.parse(JSON.parse(text)).packages;
}

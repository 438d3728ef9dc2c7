import type { GateSubject } from '../../domain/gates/gate.ts';
import type { PackageFacts } from '../../domain/gates/packages.ts';
import { InventorySchema } from '../../domain/packages/inventory.ts';
import type { Documents } from '../../ports/documents.ts';

export interface PackagesPorts {
  readonly documents: Pick<Documents, 'get'>;
}

/** What the inventories say. Without its inventory nothing is installed on an image, so that every required package counts as missing. */
export async function collectPackages(ports: PackagesPorts, subject: GateSubject): Promise<PackageFacts> {
  const images = [];
  for (const { variant, inventory } of subject.images) {
    const text = inventory === undefined ? undefined : await ports.documents.get(inventory);
    const installed = text === undefined ? [] : InventorySchema.parse(JSON.parse(text)).packages;
    images.push({ variant, installed });
  }
  return { images };
}

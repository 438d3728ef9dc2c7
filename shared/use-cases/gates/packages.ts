import type { GateSubject } from '../../domain/gates/gate.ts';
import type { PackageFacts } from '../../domain/gates/packages.ts';
import type { Documents } from '../../ports/documents.ts';
import { NOT_COLLECTED, readPackages } from '../store/inventories.ts';

export interface PackagesPorts {
  readonly documents: Pick<Documents, 'get'>;
}

/** What the inventories say, or why there is none. */
export async function collectPackages(ports: PackagesPorts, subject: GateSubject): Promise<PackageFacts> {
  const images: PackageFacts['images'][number][] = [];
  for (const { variant, inventory, inventoryProblem } of subject.images) {
    const installed = await readPackages(ports.documents, inventory);
    images.push(
      installed === undefined
        ? { variant, problem: inventoryProblem ?? NOT_COLLECTED }
        : { variant, installed },
    );
  }
  return { images };
}

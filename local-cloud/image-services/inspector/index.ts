import type { ControlActions } from '../control-actions.ts';
import type { ImageService, World } from '../service.ts';
import { inspectorControlActions } from './control-actions.ts';
import { listFindings } from './list-findings.ts';
import { FindingStore } from './records.ts';

/** Amazon Inspector with ListFindings alone. No operation here has a resource-level permission [IAM:inspector2]. */
export function createInspector(world: World): { service: ImageService; controlActions: ControlActions } {
  const store = new FindingStore();
  return {
    service: {
      signingName: 'inspector2',
      protocol: 'restJson1',
      operations: { ListFindings: (input, call) => listFindings(store, input, call) },
      permissions: (operation) => [{ action: `inspector2:${operation}`, resource: '*' }],
    },
    controlActions: inspectorControlActions(world, store),
  };
}

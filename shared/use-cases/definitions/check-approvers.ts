/** Finds approvers that will get no link, when a definition is applied rather than when a bake waits for them. */
import { listAddresses } from '../../domain/definitions/approvers.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import { describeExposed, type ReachDeps, readReach } from '../approval/reach-approvers.ts';

export async function checkApprovers(deps: ReachDeps, approval: Definition['approval']): Promise<string[]> {
  if (!approval.required) return [];
  const reach = await readReach(deps, listAddresses(approval));
  return [
    ...reach.unconfirmed.map(
      (address) =>
        `${address} has no confirmed subscription to the approval topic and gets no mail; subscribe the address with the filter policy {"approver": ["${address}"]}.`,
    ),
    ...describeExposed(reach),
  ];
}

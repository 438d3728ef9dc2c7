/** Finds approvers that will get no mail, when a definition is applied rather than when a bake waits for them. */
import type { Notifier } from '../../ports/notifier.ts';

export interface CheckApproversDeps {
  readonly notifier: Pick<Notifier, 'confirmedApprovers'>;
}

export async function checkApprovers(
  deps: CheckApproversDeps,
  approval: { readonly required: boolean; readonly approvers: readonly string[] },
): Promise<string[]> {
  if (!approval.required) return [];
  const confirmed = (await deps.notifier.confirmedApprovers()).map((address) => address.toLowerCase());
  return approval.approvers
    .filter((address) => !confirmed.includes(address.toLowerCase()))
    .map(
      (address) =>
        `${address} has no confirmed subscription to the approval topic and gets no mail; subscribe the address with the filter policy {"approver": ["${address}"]}.`,
    );
}

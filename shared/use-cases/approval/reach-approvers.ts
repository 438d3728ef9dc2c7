/** Which approvers a link would reach, and them alone. */
import {
  describeForeign,
  type ForeignSubscription,
  listForeignTo,
} from '../../domain/approval/subscriptions.ts';
import type { Notifier } from '../../ports/notifier.ts';

export interface ReachDeps {
  readonly notifier: Pick<Notifier, 'readSubscriptions'>;
}

export interface Reach {
  /** Approvers without a confirmed subscription of their own. */
  readonly unconfirmed: readonly string[];
  /** Approvers whose link somebody else would get too: none is made. */
  readonly exposed: readonly {
    readonly approver: string;
    readonly foreign: readonly ForeignSubscription[];
  }[];
}

export async function readReach({ notifier }: ReachDeps, approvers: readonly string[]): Promise<Reach> {
  const subscriptions = await notifier.readSubscriptions();
  const confirmed = new Set(subscriptions.confirmed.map((address) => address.toLowerCase()));
  return {
    unconfirmed: approvers.filter((address) => !confirmed.has(address.toLowerCase())),
    exposed: approvers.flatMap((approver) => {
      const foreign = listForeignTo(subscriptions, approver);
      return foreign.length === 0 ? [] : [{ approver, foreign }];
    }),
  };
}

export function isReached({ unconfirmed, exposed }: Reach, address: string): boolean {
  return !unconfirmed.includes(address) && exposed.every(({ approver }) => approver !== address);
}

export function describeExposed({ exposed }: Reach): string[] {
  return exposed.map(({ approver, foreign }) => `${describeForeign(approver, foreign)}.`);
}

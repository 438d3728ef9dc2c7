/** A kind of wait that the product does not have: for a door that opens. */
import * as z from 'zod';
import { toFailure, toSuccess, type WaitKind } from '../../../shared/domain/waits/wait.ts';

const Event = z.object({ 'detail-type': z.literal('Door Opened'), detail: z.object({ door: z.string() }) });

export const doorWait = {
  name: 'door',
  polled: true,
  wakesOn(event) {
    const parsed = Event.safeParse(event);
    return parsed.success ? { resource: parsed.data.detail.door } : undefined;
  },
  onTimeout: (resource) => toFailure('TestsFailed', `Door ${resource} stayed closed.`),
} as const satisfies WaitKind;

export const openDoors = new Set<string>();

export const doorCheck = {
  check: async (_ports: unknown, wait: { readonly resource: string }) =>
    openDoors.has(wait.resource) ? toSuccess({ open: true }) : undefined,
};

import type { WaitKindName } from '../../../domain/waits/lookup.ts';
import { approvalCheck } from './approval.ts';
import { capacityCheck } from './capacity.ts';
import { commandCheck } from './command.ts';
import { copiesCheck } from './copies.ts';
import { gatesCheck } from './gates.ts';
import { imageCheck } from './image.ts';
import { instanceCheck } from './instance.ts';
import type { WaitCheck } from './wait-check.ts';

/** One check for each kind in domain/waits/registry.ts. */
export const WAIT_CHECKS: Readonly<Record<WaitKindName, WaitCheck>> = {
  image: imageCheck,
  instance: instanceCheck,
  command: commandCheck,
  copies: copiesCheck,
  approval: approvalCheck,
  gates: gatesCheck,
  capacity: capacityCheck,
};

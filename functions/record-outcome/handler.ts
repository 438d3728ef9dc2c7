import { RecordOutcomeInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock, ids } from '../../shared/lambda/deps/basics.ts';
import { reconcileQueue } from '../../shared/lambda/deps/reconcile-queue.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { recordOutcome } from '../../shared/use-cases/bakes/record-outcome.ts';

export const handler = lambda({
  input: RecordOutcomeInputSchema,
  deps: () => ({ table: table(), clock, ids: ids(), reconcileQueue: reconcileQueue() }),
  run: recordOutcome,
});

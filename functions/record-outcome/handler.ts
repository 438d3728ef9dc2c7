import { RecordOutcomeInputSchema } from '../../shared/domain/baking/payloads.ts';
import { clock, ids } from '../../shared/lambda/deps/basics.ts';
import { reconcileQueue } from '../../shared/lambda/deps/plan-queue.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { recordOutcome } from '../../shared/use-cases/baking/record-outcome.ts';

export const handler = lambda({
  input: RecordOutcomeInputSchema,
  deps: () => ({ table: table(), clock, ids: ids(), planQueue: reconcileQueue() }),
  run: recordOutcome,
});

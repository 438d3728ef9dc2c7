import { BakeRefSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock, digest } from '../../shared/lambda/deps/basics.ts';
import { documents } from '../../shared/lambda/deps/documents.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { evaluateGates } from '../../shared/use-cases/gates/evaluate-gates.ts';

export const handler = lambda({
  input: BakeRefSchema,
  deps: () => ({ table: table(), clock, digest, documents: documents() }),
  run: evaluateGates,
});

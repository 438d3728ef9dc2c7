import { CollectTestInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { commands } from '../../shared/lambda/deps/commands.ts';
import { documents } from '../../shared/lambda/deps/documents.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { collectTest } from '../../shared/use-cases/tests/collect-test.ts';

export const handler = lambda({
  input: CollectTestInputSchema,
  deps: () => ({ table: table(), commands: commands(), documents: documents() }),
  run: collectTest,
});

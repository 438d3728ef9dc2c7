import { CollectInventoryInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { digest } from '../../shared/lambda/deps/basics.ts';
import { commands } from '../../shared/lambda/deps/commands.ts';
import { documents } from '../../shared/lambda/deps/documents.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { collectInventory } from '../../shared/use-cases/tests/collect-inventory.ts';

export const handler = lambda({
  input: CollectInventoryInputSchema,
  deps: () => ({ table: table(), commands: commands(), documents: documents(), digest }),
  run: collectInventory,
});

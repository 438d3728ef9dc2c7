import { SuiteRunSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { commands } from '../../shared/lambda/deps/commands.ts';
import { home } from '../../shared/lambda/deps/home.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { sendTestCommand } from '../../shared/use-cases/tests/send-test-command.ts';

export const handler = lambda({
  input: SuiteRunSchema,
  deps: () => ({ table: table(), clock, commands: commands(), home: home() }),
  run: sendTestCommand,
});

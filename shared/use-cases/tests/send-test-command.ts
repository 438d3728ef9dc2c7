/** Sends one suite or test component to its instance, or what reads its packages, as a command that the wait follows. */
import type * as z from 'zod';
import type { SentCommandSchema, SuiteRunSchema } from '../../domain/bakes/payloads.ts';
import { findTestRun, type TestRun } from '../../domain/bakes/test-runs.ts';
import { TestsFailed } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import {
  INVENTORY_SECONDS,
  parseRunName,
  writeInventoryScript,
} from '../../domain/packages/inventory-pages.ts';
import { TestRecordSchema } from '../../domain/records/tests.ts';
import type { Commands } from '../../ports/commands.ts';
import type { StepDeps } from '../bakes/steps.ts';
import { readBakeAndRevision, readOpenAttempt } from '../store/bakes.ts';

export interface SendTestCommandDeps extends StepDeps {
  readonly commands: Pick<Commands, 'send'>;
  readonly home: { readonly region: string };
}

export async function sendTestCommand(
  deps: SendTestCommandDeps,
  input: z.output<typeof SuiteRunSchema>,
): Promise<z.infer<typeof SentCommandSchema>> {
  await readOpenAttempt(deps, input);
  const { bake, revision } = await readBakeAndRevision(deps, input.bake);
  const run =
    findInventoryRun(input.suite) ??
    findTestRun(revision.definition, bake.lock, input.suite, deps.home.region);
  if (run === undefined) {
    throw new TestsFailed(`Revision ${bake.revision} of ${bake.pipeline} has no test "${input.suite}".`);
  }
  const { timeoutSeconds } = run;
  const key = keys.test(input.bake, input.attempt, input.variant, input.instanceType);
  const { commands } = TestRecordSchema.parse(await deps.table.get(key));
  const sent = commands[input.suite];
  // SendCommand takes no client token: what was sent is remembered here.
  if (sent !== undefined) return { command: sent, timeoutSeconds };
  const comment = `ovenbird ${bake.pipeline} ${input.suite}`.slice(0, 100);
  const { command } = await deps.commands.send({
    instance: input.instance,
    script: run.script,
    timeoutSeconds,
    comment,
  });
  await deps.table.write([{ update: key, set: { commands: { ...commands, [input.suite]: command } } }]);
  return { command, timeoutSeconds };
}

function findInventoryRun(name: string): TestRun | undefined {
  const run = parseRunName(name);
  return run && { name, script: writeInventoryScript(run.page), timeoutSeconds: INVENTORY_SECONDS };
}

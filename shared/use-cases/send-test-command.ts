/** Sends one suite to its instance, as a command that the wait follows. */
import type * as z from 'zod';
import { durationSeconds } from '../domain/definition.ts';
import { TestsFailed } from '../domain/errors.ts';
import { keys } from '../domain/naming.ts';
import type { SentCommandSchema, SuiteRunSchema } from '../domain/payloads.ts';
import { TestRecordSchema } from '../domain/records.ts';
import type { Commands } from '../ports.ts';
import { openAttempt, readBakeAndRevision, type StepDeps } from './steps.ts';

export interface SendTestCommandDeps extends StepDeps {
  readonly commands: Pick<Commands, 'send'>;
}

export async function sendTestCommand(
  deps: SendTestCommandDeps,
  input: z.output<typeof SuiteRunSchema>,
): Promise<z.infer<typeof SentCommandSchema>> {
  await openAttempt(deps, input);
  const { bake, revision } = await readBakeAndRevision(deps, input.bake);
  const suite = revision.definition.tests.suites.find((candidate) => candidate.name === input.suite);
  if (suite === undefined) {
    throw new TestsFailed(`Revision ${bake.revision} of ${bake.pipeline} has no suite "${input.suite}".`);
  }
  const timeoutSeconds = durationSeconds(suite.timeout);
  const key = keys.test(input.bake, input.attempt, input.variant, input.instanceType);
  const { commands } = TestRecordSchema.parse(await deps.table.get(key));
  const sent = commands[input.suite];
  // SendCommand takes no client token: what was sent is remembered here.
  if (sent !== undefined) return { command: sent, timeoutSeconds };
  const comment = `ovenbird ${bake.pipeline} ${input.suite}`.slice(0, 100);
  const { command } = await deps.commands.send({
    instance: input.instance,
    script: suite.script,
    timeoutSeconds,
    comment,
  });
  await deps.table.write([{ update: key, set: { commands: { ...commands, [input.suite]: command } } }]);
  return { command, timeoutSeconds };
}

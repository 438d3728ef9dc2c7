/** Records the answer of a suite: status and an excerpt in the test's row, the whole output as a document. */

import type * as z from 'zod';
import type { CollectTestInputSchema, SuiteStatusSchema } from '../../domain/bakes/payloads.ts';
import { TryLater } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import { evidenceKeys } from '../../domain/packages/inventory.ts';
import { type SuiteResult, TestRecordSchema } from '../../domain/records/tests.ts';
import type { Commands } from '../../ports/commands.ts';
import type { Ports } from '../../ports/ports.ts';

export interface CollectTestDeps extends Pick<Ports, 'table' | 'documents'> {
  readonly commands: Pick<Commands, 'status'>;
}

const EXCERPT_LENGTH = 2000;

export async function collectTest(
  deps: CollectTestDeps,
  input: z.output<typeof CollectTestInputSchema>,
): Promise<z.infer<typeof SuiteStatusSchema>> {
  const answer = await deps.commands.status(input.command, input.instance);
  if (answer.state === 'running') throw new TryLater(`Command ${input.command} has not ended yet.`);

  const output = evidenceKeys.output(input);
  const text = `$ suite ${input.suite}: ${answer.status}\n--- stdout\n${answer.stdout}\n--- stderr\n${answer.stderr}\n`;
  await deps.documents.put(output, text, 'text/plain');

  const result: SuiteResult = {
    suite: input.suite,
    status: answer.status,
    output,
    excerpt: lastLines(`${answer.stdout}\n${answer.stderr}`),
    ...(answer.exitCode === undefined ? {} : { exitCode: answer.exitCode }),
  };
  const key = keys.test(input.bake, input.attempt, input.variant, input.instanceType);
  const test = TestRecordSchema.parse(await deps.table.get(key));
  const results = [...test.results.filter((entry) => entry.suite !== input.suite), result];
  // Suites of one case run one after the other, so no other call writes the list meanwhile.
  await deps.table.write([{ update: key, set: { results } }]);
  return { suite: input.suite, status: answer.status };
}

/** The last lines, which say why a suite failed. */
function lastLines(text: string): string {
  return text.trim().slice(-EXCERPT_LENGTH);
}

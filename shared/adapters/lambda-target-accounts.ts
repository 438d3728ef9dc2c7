import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { TryLater } from '../domain/base/errors.ts';
import type { TargetAccounts } from '../ports/target-accounts.ts';
import { callAws } from './aws-client.ts';

const AnswerSchema = z.array(z.object({ account: z.string(), problem: z.string() }));

/** Without a list an organization decides, and only entering an account tells: a function of its own does that, `openTargets`. */
export function lambdaTargetAccounts(
  client: LambdaClient,
  { listed, openTargets }: { readonly listed: readonly string[]; readonly openTargets: string },
): TargetAccounts {
  return {
    includes: (account) => listed.length === 0 || listed.includes(account),
    async findClosed(targets) {
      if (listed.length > 0 || targets.length === 0) return [];
      const { FunctionError, Payload } = await callAws(() =>
        client.send(
          new InvokeCommand({ FunctionName: openTargets, Payload: Buffer.from(JSON.stringify({ targets })) }),
        ),
      );
      if (FunctionError !== undefined || Payload === undefined)
        throw new TryLater('The target accounts could not be checked; the log of open-targets says why.');
      return AnswerSchema.parse(JSON.parse(Buffer.from(Payload).toString()));
    },
  };
}

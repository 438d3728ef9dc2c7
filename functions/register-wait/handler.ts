import { RegisterWaitInputSchema } from '../../shared/domain/baking/payloads.ts';
import { waitDeps } from '../../shared/lambda/deps/waits.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { registerWait } from '../../shared/use-cases/waiting/register-wait.ts';

export const handler = lambda({ input: RegisterWaitInputSchema, deps: waitDeps, run: registerWait });

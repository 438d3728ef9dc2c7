import { RegisterWaitInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { waitDeps } from '../../shared/lambda/deps/waits.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { registerWait } from '../../shared/use-cases/waits/register-wait.ts';

export const handler = lambda({ input: RegisterWaitInputSchema, deps: waitDeps, run: registerWait });

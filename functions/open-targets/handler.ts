import * as z from 'zod';
import { locations } from '../../shared/lambda/deps/locations.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { findClosedAccounts } from '../../shared/use-cases/queries/find-closed-accounts.ts';

/** As many as a definition may have targets. */
const InputSchema = z.object({
  targets: z.array(z.object({ account: z.string(), region: z.string() })).max(100),
});

export const handler = lambda({
  input: InputSchema,
  deps: () => ({ locations: locations() }),
  run: (deps, { targets }) => findClosedAccounts(deps, targets),
});

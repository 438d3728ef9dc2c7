import { BakeRefSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { controlLocations } from '../../shared/lambda/deps/control-locations.ts';
import { engines } from '../../shared/lambda/deps/engines.ts';
import { home } from '../../shared/lambda/deps/home.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { startBuild } from '../../shared/use-cases/bakes/start-build.ts';

export const handler = lambda({
  input: BakeRefSchema,
  deps: () => ({ table: table(), clock, engines, locations: controlLocations(), home: home() }),
  run: startBuild,
});

import * as z from 'zod';
import { BakeRefSchema, PlaceBuildInputSchema } from '../../shared/domain/bakes/payloads.ts';
import { baseImages } from '../../shared/lambda/deps/base-images.ts';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { engines } from '../../shared/lambda/deps/engines.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { placeBuild } from '../../shared/use-cases/bakes/place-build.ts';
import { startBuild } from '../../shared/use-cases/bakes/start-build.ts';

export const handler = lambda({
  input: z.union([PlaceBuildInputSchema, BakeRefSchema]),
  deps: () => ({ table: table(), clock, engines, baseImages: baseImages() }),
  run: async (deps, input) => ('build' in input ? placeBuild(deps, input) : startBuild(deps, input)),
});

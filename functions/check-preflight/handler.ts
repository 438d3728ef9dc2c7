import { BakeRefSchema } from '../../shared/domain/bakes/payloads.ts';
import { baseImages } from '../../shared/lambda/deps/base-images.ts';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { buildKeys } from '../../shared/lambda/deps/build-keys.ts';
import { components } from '../../shared/lambda/deps/components.ts';
import { documents } from '../../shared/lambda/deps/documents.ts';
import { home } from '../../shared/lambda/deps/home.ts';
import { instanceTypes } from '../../shared/lambda/deps/instance-types.ts';
import { locations } from '../../shared/lambda/deps/locations.ts';
import { placements } from '../../shared/lambda/deps/placements.ts';
import { reconcileQueue } from '../../shared/lambda/deps/reconcile-queue.ts';
import { selectorResolver } from '../../shared/lambda/deps/selectors.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { checkPreflight } from '../../shared/use-cases/bakes/check-preflight.ts';

export const handler = lambda({
  input: BakeRefSchema,
  deps: () => ({
    table: table(),
    clock,
    locations: locations(),
    resolver: selectorResolver(),
    baseImages: baseImages(),
    buildKeys: buildKeys(),
    components: components(),
    instanceTypes: instanceTypes(),
    placements: placements(),
    documents: documents(),
    reconcileQueue: reconcileQueue(),
    home: home(),
  }),
  run: checkPreflight,
});

import { imageBuilderEngine } from '../../shared/adapters/engines/image-builder.ts';
import type { Ami } from '../../shared/domain/artifacts/ami.ts';
import type { EngineName } from '../../shared/domain/engines/engines.ts';
import type { BuildRequest } from '../../shared/ports/build-engine.ts';
import { createComponent } from '../local-cloud/image-services/imagebuilder/recipes.ts';
import { account, eventually, region, serve } from '../local-cloud/image-services/serve.ts';
import { fakeEngine } from '../support/fakes/build-engine.ts';
import { digest } from '../support/fakes/time-and-ids.ts';
import { type EngineHarness, engineContract } from './build-engine.ts';
import { createEc2Client, readNetworkPlacement } from './local-network.ts';

const request: BuildRequest = {
  bake: '01JTESTBAKE0000000000000WB',
  attempt: 1,
  pipeline: 'web',
  variant: 'x86-64',
  architecture: 'x86_64',
  parentImage: 'ami-0aaaaaaaaaaaaaaaa',
  components: [],
  instanceTypes: ['m5.large'],
  placement: {},
  placing: 0,
  metadata: { httpTokens: 'required' },
  volumes: [],
  parentDevices: ['/dev/xvda'],
  tags: { 'ovenbird:bake': '01JTESTBAKE0000000000000WB' },
  instanceTags: {},
};

/** Each engine of the registry with its adapter, over the local cloud. */
const ADAPTERS: { readonly [Name in EngineName]: () => Promise<EngineHarness> } = {
  imageBuilder: async () => {
    const served = await serve();
    const ec2 = await createEc2Client(served);
    const infrastructure = await readNetworkPlacement(ec2);
    const engine = imageBuilderEngine({
      client: served.imagebuilder,
      ec2,
      digest,
      home: { account, region },
      infrastructure: () => ({ ...infrastructure, logGroup: '/aws/imagebuilder/ovenbird' }),
    });
    const ended = async (build: string) => {
      await eventually('the build to end', async () =>
        (await engine.status(build)).state === 'running' ? undefined : true,
      );
    };
    const parentImage = await served.publishBase();
    const components = [{ arn: await createComponent(served, 'nginx') }];
    const close = async () => {
      ec2.destroy();
      await served.close();
    };
    return { engine, request: { ...request, parentImage, components }, ended, close };
  },
};

for (const [name, make] of Object.entries(ADAPTERS)) engineContract(name, make);

engineContract('The fake', async () => {
  const imageId = 'ami-0bbbbbbbbbbbbbbbb';
  const artifact: Ami = { kind: 'ami', account, region, imageId, snapshotIds: [] };
  const engine = fakeEngine(async (build) => (engine.known().includes(build) ? [artifact] : []));
  const ended = async (build: string) => engine.set(build, { state: 'available', artifact });
  return { engine, request, ended, close: async () => {} };
});

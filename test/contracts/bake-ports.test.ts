import { DescribeSecurityGroupsCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ec2TestInstances } from '../../shared/adapters/ec2-test-instances.ts';
import { imageBuilderEngine } from '../../shared/adapters/imagebuilder-engine.ts';
import { ssmCommands } from '../../shared/adapters/ssm-commands.ts';
import type { BuildRequest } from '../../shared/ports/build-engine.ts';
import { createComponent } from '../local-cloud/image-services/imagebuilder/recipes.ts';
import {
  account,
  eventually,
  type ImageServiceServer,
  region,
  serve,
} from '../local-cloud/image-services/serve.ts';
import { fakeEngine } from '../support/fakes/build-engine.ts';
import { fakeCommands } from '../support/fakes/commands.ts';
import { fakeInstances } from '../support/fakes/test-instances.ts';
import { digest } from '../support/fakes/time-and-ids.ts';
import { engineContract, instancesContract } from './bake-ports.ts';

const request: BuildRequest = {
  bake: '01JTESTBAKE0000000000000WB',
  attempt: 1,
  pipeline: 'web',
  variant: 'x86-64',
  architecture: 'x86_64',
  parentImage: 'ami-0aaaaaaaaaaaaaaaa',
  components: [],
  instanceTypes: ['m5.large'],
  volumes: [],
  tags: { 'ovenbird:bake': '01JTESTBAKE0000000000000WB' },
};
const nothing = async () => {};

async function createEc2Client(served: ImageServiceServer): Promise<EC2Client> {
  const endpoint = await served.ssm.config.endpoint?.();
  return new EC2Client({
    ...(endpoint === undefined ? {} : { endpoint }),
    region,
    credentials: { accessKeyId: account, secretAccessKey: 'local' },
  });
}

/** The default subnet with its default group. */
async function readNetworkPlacement(ec2: EC2Client) {
  const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
  const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  return {
    subnetId: Subnets?.[0]?.SubnetId ?? '',
    securityGroupId: SecurityGroups?.[0]?.GroupId ?? '',
    instanceProfile: 'tester',
  };
}

engineContract('The fake', async () => {
  const engine = fakeEngine();
  const ended = async (build: string) =>
    engine.set(build, { state: 'available', imageId: 'ami-0bbbbbbbbbbbbbbbb' });
  return { engine, request, ended, close: nothing };
});

engineContract('The local Image Builder', async () => {
  const served = await serve();
  const ec2 = await createEc2Client(served);
  const engine = imageBuilderEngine({
    client: served.imagebuilder,
    digest,
    home: { account, region },
    infrastructure: await readNetworkPlacement(ec2),
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
});

instancesContract('The fakes', async () => {
  const instances = fakeInstances();
  const commands = fakeCommands();
  let next = { status: 'passed' as 'passed' | 'failed', exitCode: 0, stdout: '' };
  return {
    instances,
    commands,
    imageId: 'ami-0aaaaaaaaaaaaaaaa',
    waitUntilReachable: async (instance) => instances.ready(instance),
    setNextAnswer: async (answer) => {
      next = answer;
    },
    waitForAnswer: async (command) => commands.answer(command, next),
    close: nothing,
  };
});

instancesContract('The local EC2 and Run Command', async () => {
  const served = await serve();
  const ec2 = await createEc2Client(served);
  const instances = ec2TestInstances({ ec2, ssm: served.ssm, network: await readNetworkPlacement(ec2) });
  const commands = ssmCommands(served.ssm);
  return {
    instances,
    commands,
    imageId: await served.publishBase(),
    waitUntilReachable: async (instance) => {
      await eventually('the instance to be reachable', async () =>
        (await instances.status(instance)).state === 'ready' ? true : undefined,
      );
    },
    setNextAnswer: async ({ status, exitCode, stdout }) => {
      await served.control('declare-command', {
        match: { suite: 'boots' },
        status: status === 'passed' ? 'Success' : 'Failed',
        stdout,
        exitCode,
      });
    },
    waitForAnswer: async (command, instance) => {
      await eventually('the command to end', async () =>
        (await commands.status(command, instance)).state === 'ended' ? true : undefined,
      );
    },
    close: async () => {
      ec2.destroy();
      await served.close();
    },
  };
});

import { ec2TestInstances } from '../../shared/adapters/ec2-test-instances.ts';
import { ssmCommands } from '../../shared/adapters/ssm-commands.ts';
import { eventually, serve } from '../local-cloud/image-services/serve.ts';
import { fakeCommands } from '../support/fakes/commands.ts';
import { fakeInstances } from '../support/fakes/test-instances.ts';
import { createEc2Client, readNetworkPlacement } from './local-network.ts';
import { instancesContract } from './test-instances.ts';

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
    close: async () => {},
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

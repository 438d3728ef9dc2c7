import {
  CloudTrailClient,
  CreateTrailCommand,
  DeleteTrailCommand,
  StartLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import {
  CopyImageCommand,
  DeregisterImageCommand,
  EC2Client,
  ModifyImageAttributeCommand,
  waitUntilImageAvailable,
} from '@aws-sdk/client-ec2';
import { afterEach, expect, it } from '@jest/globals';
import { CONTROL, until } from '../../support/deployed-cloud.ts';
import { baseParameterName, type FaultHarness, uniqueName, WORKLOADS } from './harness.ts';

/** Events come often, early, late or not at all. */
export function testEvents(oven: () => FaultHarness): void {
  afterEach(() => oven().removeFaults());

  it('the same event ten times is one change and one bake', async () => {
    const name = uniqueName('ten-times');
    await oven().applyWithOwnBase(name);
    await oven().waitForState(name, 'released');
    // Each event comes twice, and eight more are in the queue.
    await oven().control.addEventFault({ effect: 'repeat', times: null });
    const base = await oven().publishBase(name);
    const event = JSON.stringify({
      source: 'aws.ssm',
      'detail-type': 'Parameter Store Change',
      account: '111122223333',
      region: 'eu-west-1',
      detail: { operation: 'Update', name: baseParameterName(name), type: 'String' },
    });
    await Promise.all(Array.from({ length: 8 }, () => oven().queues.send('hints', event)));
    await oven().waitForState(name, 'released', { number: 2 });
    await until('the queue of hints is empty', async () =>
      (await oven().queues.countMessages('hints')) + (await oven().queues.countMessages('reconcile')) === 0
        ? true
        : undefined,
    );
    expect((await oven().bakes(name)).map(({ state }) => state)).toEqual(['released', 'released']);
    const changes = (await oven().deployed.api.changes()).filter(({ selector }) =>
      selector.endsWith(baseParameterName(name)),
    );
    expect(changes.filter(({ to }) => to === base)).toHaveLength(1);
  });

  it('an image that a target account shares is found by its event, and so is its end', async () => {
    const name = uniqueName('foreign');
    const config = oven().deployed.cloud.clientConfig(WORKLOADS, CONTROL.region);
    const [ec2, cloudTrail] = [new EC2Client(config), new CloudTrailClient(config)];
    // The API has it by name; its bucket is not looked at here.
    await cloudTrail.send(new CreateTrailCommand({ Name: name, S3BucketName: name }));
    await cloudTrail.send(new StartLoggingCommand({ Name: name }));
    const source = await oven().publishBase(name);
    const share = async (copy: string) => {
      const { ImageId = '' } = await ec2.send(
        new CopyImageCommand({
          Name: `${name}-${copy}`,
          SourceImageId: source,
          SourceRegion: CONTROL.region,
        }),
      );
      await waitUntilImageAvailable(
        { client: ec2, maxWaitTime: 30, minDelay: 0.1, maxDelay: 0.5 },
        { ImageIds: [ImageId] },
      );
      await ec2.send(
        new ModifyImageAttributeCommand({
          ImageId,
          LaunchPermission: { Add: [{ UserId: CONTROL.account }] },
        }),
      );
      return ImageId;
    };
    const first = await share('1');
    await oven().apply(
      oven().buildDefinition(name, {
        base: { lookup: { owner: WORKLOADS, name: `${name}-*` } },
        triggers: { mode: 'manual' },
      }),
    );

    const second = await share('2');
    const findChange = (from: string, to: string) =>
      until(`the lookup of ${name} moves from ${from} to ${to}`, async () =>
        (await oven().deployed.api.changes()).find((change) => change.from === from && change.to === to),
      );
    await findChange(first, second);
    await ec2.send(new DeregisterImageCommand({ ImageId: second, DeleteAssociatedSnapshots: true }));
    await findChange(second, first);
    await ec2.send(new DeregisterImageCommand({ ImageId: first, DeleteAssociatedSnapshots: true }));
    await cloudTrail.send(new DeleteTrailCommand({ Name: name }));
  });

  it('what AWS announces is looked at again, whatever the message says', async () => {
    const name = uniqueName('announced');
    const parameter = `/aws/service/ami-amazon-linux-latest/al2023-${name}`;
    const publish = async (version: number) => {
      const { images } = (await oven().control.imageServices('publish-base', {
        parameter,
        name: `${name}-${version}`,
        regions: [CONTROL.region],
      })) as { images: Record<string, string> };
      return images[CONTROL.region] ?? '';
    };
    const first = await publish(1);
    await oven().apply(
      oven().buildDefinition(name, { base: { ssm: parameter }, triggers: { mode: 'manual' } }),
    );

    const second = await publish(2);
    // As SNS would send it: the local cloud has no topics of AWS.
    await oven().queues.send(
      'hints',
      JSON.stringify({
        Type: 'Notification',
        MessageId: '5f1bd6f6-6a1b-5f0e-9d1c-8b1d2f3a4b5c',
        TopicArn: 'arn:aws:sns:us-east-1:137112412989:amazon-linux-2023-ami-updates',
        Message: 'ami-00000000000000000',
      }),
    );

    await until(`${parameter} moves to the image that was published`, async () =>
      (await oven().deployed.api.changes()).find((change) => change.from === first && change.to === second),
    );
  });

  it('what ended before anybody waited for it is found when the wait is registered', async () => {
    const name = uniqueName('early');
    // Two seconds are twenty minutes of the build: its last event comes when there is no token yet.
    const { id } = await oven().control.addFault({
      service: 'dynamodb',
      operation: '*',
      principal: 'RegisterWait',
      times: 2,
      effect: { delayMs: 2000 },
    });
    await oven().applyWithOwnBase(name);
    const bake = await oven().waitForState(name, 'released');
    expect((await oven().calls()).filter(({ fault }) => fault === id)).toHaveLength(2);
    await oven().expectReleasedOnce(name);
    await oven().expectNothingLeft(bake);
  });

  it('a change is detected and its bake released when every event is lost', async () => {
    const parent = uniqueName('unheard');
    const child = uniqueName('unheard-child');
    await oven().applyWithOwnBase(parent);
    await oven().applyWithOwnBase(child, { base: { pipeline: parent } });
    await oven().waitForState(child, 'released');
    await oven().control.addEventFault({ effect: 'lose', times: null });
    await oven().publishBase(parent);
    await until(
      'the second bakes are released',
      async () => {
        const bakes = [...(await oven().bakes(parent)), ...(await oven().bakes(child))];
        if (bakes.filter(({ state }) => state === 'released').length === 4) return true;
        await oven().deployed.invoke('resync-selectors');
        await oven().passTime();
        return undefined;
      },
      { seconds: 90, everyMs: 1000 },
    );
    expect((await oven().bakes(parent)).length).toBe(2);
    expect((await oven().bakes(child)).length).toBe(2);
  });
}

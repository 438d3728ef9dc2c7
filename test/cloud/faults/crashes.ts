import { afterEach, expect, it } from '@jest/globals';
import { until } from '../../support/deployed-cloud.ts';
import { type FaultHarness, uniqueName, WORKLOADS } from './harness.ts';

/** Where functions are killed, each once: just before a call is carried out, or just after it, before the answer arrives. */
const CRASHES: readonly { role: string; service: string; operation: string; crash: 'before' | 'after' }[] = [
  { role: 'ReconcilePipelines', service: 'states', operation: 'StartExecution', crash: 'after' },
  { role: 'CheckPreflight', service: 's3', operation: 'PutObject', crash: 'before' },
  { role: 'StartBuild', service: 'imagebuilder', operation: 'CreateImage', crash: 'after' },
  { role: 'RegisterWait', service: 'dynamodb', operation: '*', crash: 'after' },
  { role: 'CompleteTask', service: 'states', operation: 'SendTaskSuccess', crash: 'before' },
  { role: 'CompleteTask', service: 'states', operation: 'SendTaskSuccess', crash: 'after' },
  { role: 'CheckWaits', service: 'dynamodb', operation: '*', crash: 'before' },
  { role: 'RecordImage', service: 'ec2', operation: 'CreateTags', crash: 'after' },
  { role: 'CollectInventory', service: 's3', operation: 'PutObject', crash: 'after' },
  { role: 'LaunchTestInstance', service: 'ec2', operation: 'RunInstances', crash: 'after' },
  { role: 'SendTestCommand', service: 'ssm', operation: 'SendCommand', crash: 'after' },
  { role: 'TerminateTestInstance', service: 'ec2', operation: 'TerminateInstances', crash: 'before' },
  { role: 'RecordVerdict', service: 'ec2', operation: 'CreateTags', crash: 'after' },
  { role: 'PlanDistribution', service: 'dynamodb', operation: '*', crash: 'after' },
  { role: 'ovenbird-local-target', service: 'ec2', operation: 'CopyImage', crash: 'after' },
  { role: 'ovenbird-local-target', service: 'ssm', operation: 'PutParameter', crash: 'after' },
  { role: 'ReleaseImage', service: 'dynamodb', operation: 'TransactWriteItems', crash: 'after' },
  { role: 'PublishOutbox', service: 'events', operation: 'PutEvents', crash: 'after' },
];
const BAKES = 6;

/** Functions die in the middle of what they do. */
export function testCrashes(oven: () => FaultHarness): void {
  afterEach(() => oven().removeFaults());

  it('functions that are killed in the middle of their work lose and double nothing', async () => {
    const { control } = oven();
    const faults = new Map<string, string>();
    for (const { role, service, operation, crash } of CRASHES) {
      const { id } = await control.addFault({ service, operation, principal: role, effect: { crash } });
      faults.set(id, `${role} ${crash} ${service}:${operation}`);
    }
    const names = Array.from({ length: BAKES }, (_, index) => uniqueName(`killed-${index + 1}`));
    await Promise.all(
      names.map((name) =>
        oven().applyWithOwnBase(name, {
          distribution: { targets: [{ account: WORKLOADS, regions: ['eu-west-1', 'us-east-1'] }] },
        }),
      ),
    );
    await until(
      'all of them are released',
      async () => {
        const { releases } = await oven().observe();
        if (names.every((name) => releases.some(({ pipeline }) => pipeline === name))) return true;
        await oven().passTime();
        return undefined;
      },
      { seconds: 120, everyMs: 2000 },
    );
    const met = new Set((await oven().calls()).map(({ fault }) => fault));
    for (const [id, death] of faults) expect([death, met.has(id)]).toEqual([death, true]);
    for (const name of names) await oven().expectReleasedOnce(name, { targets: 2 });
    for (const name of names)
      for (const bake of await oven().bakes(name)) await oven().expectNothingLeft(bake);
  });
}

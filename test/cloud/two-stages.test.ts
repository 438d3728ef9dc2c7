/** Two installations in one account that share a target: neither meets the names of the other, and either goes without the other. */
import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as z from 'zod';
import { deployService, onboardTargets, STAGE } from '../../local/deploy.ts';
import { Api } from '../../local/scenario/api.ts';
import { type LocalCloud, startLocalCloud } from '../../local-cloud/client.ts';
import { until } from '../support/deployed-cloud.ts';

const CONTROL = { account: '111122223333', region: 'eu-west-1' };
const TARGET = '444455556666';
const SHARED_REGION = 'eu-central-1';
const SECOND = 'second';

const TargetsSchema = z.object({
  items: z.array(z.looseObject({ region: z.string(), problems: z.array(z.unknown()) })),
});

let cloud: LocalCloud;
let stages: { name: string; api: Api }[];

beforeAll(async () => {
  cloud = await startLocalCloud({ stateFile: `.cache/two-stages-${process.pid}.json` });
  const settings = {
    controlAccount: CONTROL.account,
    region: CONTROL.region,
    targetAccounts: [TARGET],
    firstApprover: 'image-owners@example.com',
    externalId: 'local-external-id',
  };
  const regions = [CONTROL.region, SHARED_REGION];
  const accounts = {
    targets: [{ account: TARGET, regions, forwardsEvents: true }],
    sharedRegions: [SHARED_REGION],
  };
  stages = await Promise.all(
    [STAGE, SECOND].map(async (name) => {
      const [deployment] = await Promise.all([
        deployService(cloud, settings, name),
        onboardTargets(cloud, accounts, settings, name),
      ]);
      return { name, api: new Api(deployment.apiUrl, cloud.clientConfig()) };
    }),
  );
});
afterAll(() => cloud.stop());

async function checkTargets({ api }: { api: Api }): Promise<unknown[]> {
  const { items } = TargetsSchema.parse(await api.request('GET', '/targets'));
  expect(items.length).toBeGreaterThan(0);
  return items.flatMap(({ problems }) => problems);
}

it('each finds its own role and keys in a target that both have', async () => {
  const parameter = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
  const base = { parameter, name: 'al2023-for-two-stages', regions: [CONTROL.region] };
  await cloud.control.imageServices('publish-base', base);
  for (const { api } of stages)
    await api.apply({
      apiVersion: 'ovenbird.dev/v1',
      name: 'web',
      base: { ssm: parameter },
      tests: { instanceTypes: ['t3.small'], suites: [{ name: 'boots', script: 'true' }] },
      approval: { approvers: ['image-owners@example.com'] },
      distribution: { targets: [{ account: TARGET, regions: [CONTROL.region, SHARED_REGION] }] },
      triggers: { mode: 'manual' },
    });

  for (const stage of stages) expect(await checkTargets(stage)).toEqual([]);
});

it('one that leaves a target takes nothing of the other along', async () => {
  const client = new CloudFormationClient(cloud.clientConfig(TARGET, CONTROL.region));
  await client.send(new DeleteStackCommand({ StackName: `ovenbird-target-${SECOND}` }));
  client.destroy();

  const [first, second] = stages;
  if (first === undefined || second === undefined) throw new Error('Both stages are deployed.');
  await until('the second finds nothing there', async () =>
    (await checkTargets(second)).length > 0 ? true : undefined,
  );
  expect(await checkTargets(first)).toEqual([]);
});

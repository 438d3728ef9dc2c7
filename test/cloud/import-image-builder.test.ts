/** `ovenbird import image-builder` on a local cloud that runs: found by itself, read through the gateway, nothing written. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import {
  CreateImagePipelineCommand,
  CreateImageRecipeCommand,
  CreateInfrastructureConfigurationCommand,
  ImagebuilderClient,
} from '@aws-sdk/client-imagebuilder';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type LocalCloud, startLocalCloud } from '../../local-cloud/client.ts';
import { ovenbird } from '../cli/run.ts';

const BASE = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

let cloud: LocalCloud;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ovenbird-import-'));
  cloud = await startLocalCloud({ port: 0, stateFile: join(folder, 'state.json') });
  await cloud.control.imageServices('publish-base', {
    parameter: BASE,
    name: 'al2023',
    architecture: 'x86_64',
    regions: ['eu-west-1'],
    inventory: [],
  });
  await instanceProfile('builder');
  const builder = new ImagebuilderClient(cloud.clientConfig());
  const { infrastructureConfigurationArn } = await builder.send(
    new CreateInfrastructureConfigurationCommand({
      name: 'builders',
      instanceProfileName: 'builder',
      instanceTypes: ['m5.large'],
    }),
  );
  const { imageRecipeArn } = await builder.send(
    new CreateImageRecipeCommand({ name: 'web', semanticVersion: '1.0.0', parentImage: `ssm:${BASE}` }),
  );
  await builder.send(
    new CreateImagePipelineCommand({
      name: 'Web',
      imageRecipeArn,
      infrastructureConfigurationArn,
      schedule: { scheduleExpression: 'rate(1 day)', timezone: 'Europe/Berlin' },
    }),
  );
  builder.destroy();
});

async function instanceProfile(name: string): Promise<void> {
  const iam = new IAMClient(cloud.clientConfig());
  const trust = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
  iam.destroy();
}

afterAll(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('reads the pipelines of the local cloud and writes definitions that validate', async () => {
  const env = { OVENBIRD_LOCAL_CLOUD: join(folder, 'state.json') };
  const before = Math.max(0, ...(await cloud.control.calls(0)).map(({ seq }) => seq));

  const { code, stdout } = await ovenbird(['import', 'image-builder', '--out', folder], { env });

  expect([code, stdout.split('\n')[0]]).toEqual([0, `Web -> ${join(folder, 'web.yml')}`]);
  expect(readFileSync(join(folder, 'web.yml'), 'utf8')).toContain('expression: rate(1 day)');
  expect((await ovenbird(['validate', join(folder, 'web.yml')])).code).toBe(0);
  const calls = await cloud.control.calls(before);
  expect(
    calls.filter(({ operation }) => !/^(?:List|Get)/.test(operation)).map(({ operation }) => operation),
  ).toEqual([]);
});

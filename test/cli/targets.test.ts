import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTargetsApi } from '../../functions/check-targets/app.ts';
import { PreflightFailed } from '../../shared/domain/base/errors.ts';
import { BASE_PARAMETER, reconcileWorld } from '../support/reconcile-world.ts';
import { createApiForWorld, serveWorld } from '../support/serve-world.ts';
import { ovenbird, type Ran } from './run.ts';

const GOOD = '444455556666';
const NEW = '777788889999';

let service: Awaited<ReturnType<typeof serveWorld>>;
/** Requests that locations were asked to look at, by account and region. */
let asked: Record<string, object>;

beforeEach(async () => {
  const world = reconcileWorld();
  await world.apply({
    name: 'base',
    base: BASE_PARAMETER,
    more: {
      distribution: {
        targets: [
          { account: GOOD, regions: ['eu-west-1', 'us-east-1'] },
          { account: NEW, regions: ['eu-west-1'], mode: 'share' },
        ],
      },
    },
  });
  await world.apply({
    name: 'web',
    base: 'base',
    more: { distribution: { targets: [{ account: GOOD, regions: ['eu-west-1'] }] } },
  });
  asked = {};
  const locations = {
    async open(account: string, region: string) {
      if (account === NEW) throw new PreflightFailed(`The role in ${account} cannot be assumed.`);
      return {
        async preflight(request: object) {
          asked[`${account}/${region}`] = request;
          return region === 'eu-west-1'
            ? []
            : [{ field: 'key', problem: 'there is no key', fix: 'Deploy it' }];
        },
      };
    },
  };
  const targets = createTargetsApi({
    table: world.table,
    locations: locations as never,
    onError: (error) => {
      throw error;
    },
  });
  service = await serveWorld(world, [targets, createApiForWorld(world)]);
});
afterEach(async () => {
  await service.close();
});

async function run(...args: string[]): Promise<Ran> {
  return await ovenbird(args, { url: service.url });
}

describe('ovenbird targets check', () => {
  it('says of each account and region what is missing and how to mend it; ends with 1', async () => {
    const { code, stdout } = await run('targets', 'check');

    expect(code).toBe(1);
    expect(stdout.split('\n')).toEqual([
      `ok  ${GOOD} eu-west-1 (copy; 2 pipelines)`,
      `NOT ${GOOD} us-east-1 (copy; 1 pipeline)`,
      '      there is no key',
      '      fix: Deploy it',
      `NOT ${NEW} eu-west-1 (share; 1 pipeline)`,
      `      The role in ${NEW} cannot be assumed.`,
      '      fix: Deploy what `ovenbird targets template` prints in that account and',
      '      region.',
      '1 target is in order, 2 not.',
      '',
    ]);
    expect(asked[`${GOOD}/eu-west-1`]).toEqual({ key: 'default', parameter: '/ovenbird/none' });
  });

  it('looks at one account alone', async () => {
    const { code, stdout } = await run('targets', 'check', NEW);

    expect(code).toBe(1);
    expect(stdout).not.toContain(GOOD);
  });

  it('ends with 0 for an account that nothing goes to, and says so', async () => {
    const { code, stdout } = await run('targets', 'check', '999988887777');

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'No pipeline is distributed to 999988887777.\n',
    });
  });

  it('refuses what is no account', async () => {
    expect(await run('targets', 'check', '12')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('12 digits'),
    });
  });
});

describe('ovenbird targets template', () => {
  it('prints a template of CloudFormation', async () => {
    const { code, stdout } = await run('targets', 'template');

    expect(code).toBe(0);
    expect(stdout).toContain("AWSTemplateFormatVersion: '2010-09-09'");
    expect(stdout).toContain('RoleRegion');
  });
});

import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  CloudTrailClient,
  DescribeTrailsCommand,
  type EventSelector,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  type Trail,
} from '@aws-sdk/client-cloudtrail';
import { describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { root } from '../architecture/imports.ts';

const {
  describeTrail,
}: { describeTrail: (asked: { region: string; client: CloudTrailClient }) => Promise<string> } =
  createRequire(__filename)(join(root, 'scripts/service/trail.cjs'));

const RESYNC = 'new versions of components are found by the resync, within 15 minutes';

function say(trails: Trail[], isLogging = true, selectors: EventSelector[] = []): Promise<string> {
  const client = new CloudTrailClient({ region: 'eu-west-1' });
  const mock = mockClient(client);
  mock.on(DescribeTrailsCommand, { includeShadowTrails: true }).resolves({ trailList: trails });
  mock.on(GetTrailStatusCommand).resolves({ IsLogging: isLogging });
  mock.on(GetEventSelectorsCommand).resolves({ EventSelectors: selectors });
  return describeTrail({ region: 'eu-west-1', client });
}

const organization: Trail = {
  Name: 'company',
  TrailARN: 'arn:aws:cloudtrail:us-east-1:999900001111:trail/company',
  HomeRegion: 'us-east-1',
  IsMultiRegionTrail: true,
  IsOrganizationTrail: true,
};

describe('a deployment without a trail of its own', () => {
  it('finds the trail of the organization', async () => {
    expect(await say([organization])).toContain('The trail company records management events here');
  });

  it.each<[string, Trail[], boolean, EventSelector[]]>([
    ['there is none', [], true, []],
    ['it is of another region', [{ ...organization, IsMultiRegionTrail: false }], true, []],
    ['it is stopped', [organization], false, []],
    [
      'it records reads alone',
      [{ ...organization, HasCustomEventSelectors: true }],
      true,
      [{ ReadWriteType: 'ReadOnly', IncludeManagementEvents: true }],
    ],
  ])('says that the resync finds components where %s', async (_, trails, isLogging, selectors) => {
    expect(await say(trails, isLogging, selectors)).toContain(RESYNC);
  });

  it('goes on where trails may not be read', async () => {
    const client = new CloudTrailClient({ region: 'eu-west-1' });
    mockClient(client)
      .on(DescribeTrailsCommand)
      .rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));

    expect(await describeTrail({ region: 'eu-west-1', client })).toContain('AccessDeniedException');
  });
});

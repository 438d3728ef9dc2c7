import { ListFindingsCommand, type ListFindingsCommandInput } from '@aws-sdk/client-inspector2';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { account, type ImageServiceServer, region, serve } from '../serve.ts';

let served: ImageServiceServer;
let arns: string[];

const Published = z.object({ findingArn: z.string() });
const publish = async (vulnerability: string, fixedInVersion?: string) => {
  const packages = [{ name: 'openssl', version: '3.0.8', release: '1', fixedInVersion }];
  return Published.parse(
    await served.control('publish-finding', { account, region, vulnerability, packages }),
  ).findingArn;
};

beforeAll(async () => {
  served = await serve();
  arns = [
    await publish('CVE-2026-1', '3.0.8-2'),
    await publish('CVE-2026-2'),
    await publish('CVE-2026-3', '4'),
  ];
});

afterAll(() => served.close());

const list = (input: ListFindingsCommandInput) => served.inspector.send(new ListFindingsCommand(input));
const equal = (...values: string[]) => values.map((value) => ({ comparison: 'EQUALS' as const, value }));

describe('ListFindings of the local cloud', () => {
  it('answers whole findings, a page at a time', async () => {
    const first = await list({ maxResults: 2 });
    const second = await list({ maxResults: 2, nextToken: first.nextToken });

    expect(
      [...(first.findings ?? []), ...(second.findings ?? [])].map(({ findingArn }) => findingArn),
    ).toEqual(arns);
    expect(second.nextToken).toBeUndefined();
    expect(first.findings?.[0]).toMatchObject({
      type: 'PACKAGE_VULNERABILITY',
      status: 'ACTIVE',
      fixAvailable: 'YES',
      firstObservedAt: expect.any(Date),
      packageVulnerabilityDetails: {
        vulnerabilityId: 'CVE-2026-1',
        vulnerablePackages: [
          {
            name: 'openssl',
            version: '3.0.8',
            release: '1',
            packageManager: 'OS',
            fixedInVersion: '3.0.8-2',
          },
        ],
      },
      resources: [
        { type: 'AWS_EC2_INSTANCE', details: { awsEc2Instance: { platform: 'AMAZON_LINUX_2023' } } },
      ],
    });
  });

  it('filters: alternatives of one key, all keys together', async () => {
    const { findings } = await list({
      filterCriteria: { vulnerabilityId: equal('CVE-2026-1', 'CVE-2026-2'), fixAvailable: equal('YES') },
    });

    expect(findings?.map(({ findingArn }) => findingArn)).toEqual([arns[0]]);
  });

  it('refuses a token that it has not given out, and a filter that it does not have', async () => {
    await expect(list({ nextToken: 'made-up' })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(list({ filterCriteria: { lambdaFunctionName: equal('x') } })).rejects.toMatchObject({
      name: 'NotImplementedByLocalCloud',
    });
  });

  it('is asked for by permission, on everything', async () => {
    served.denied.add('inspector2:ListFindings');

    await expect(list({})).rejects.toMatchObject({ name: 'AccessDeniedException' });

    served.denied.clear();
    expect(served.asked.at(-1)).toMatchObject({ action: 'inspector2:ListFindings', resource: '*' });
  });

  it('sends the documented event for what is found and what is closed', async () => {
    const arn = await publish('CVE-2026-4', '5');
    await served.control('close-finding', { account, region, findingArn: arn });

    const events = served.events.filter(({ detail }) => detail.findingArn === arn);
    expect(events.map(({ detail }) => detail.status)).toEqual(['ACTIVE', 'CLOSED']);
    expect(events[0]).toMatchObject({
      source: 'aws.inspector2',
      detailType: 'Inspector2 Finding',
      account,
      region,
      resources: [expect.stringMatching(/^i-/)],
      detail: {
        type: 'PACKAGE_VULNERABILITY',
        firstObservedAt: expect.stringMatching(/^\w{3} \w{3} \d\d \d\d:\d\d:\d\d\.\d{3} UTC \d{4}$/),
      },
    });
    const { findings } = await list({ filterCriteria: { findingStatus: equal('CLOSED') } });
    expect(findings?.map(({ findingArn }) => findingArn)).toEqual([arn]);
  });
});

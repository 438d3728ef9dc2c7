import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { inspectorFindings } from '../../shared/adapters/inspector-findings.ts';
import { account, region, serve } from '../local-cloud/image-services/serve.ts';
import { fakeFindings } from '../support/fakes/findings.ts';
import { vulnerability } from '../support/vulnerability-world.ts';
import { findingsContract } from './findings.ts';

findingsContract('The fake', async () => {
  const findings = fakeFindings();
  let count = 1000;
  return {
    findings,
    publish: async (name, fixed) => {
      count += 1;
      const published = vulnerability(String(count), [{ name, fixed }]);
      findings.publish(published);
      return published.arn;
    },
    close: async (arn) => findings.close(arn),
    end: async () => {},
  };
});

const Published = z.object({ findingArn: z.string() });

async function inspector() {
  const served = await serve();
  const publish = async (packages: Record<string, unknown>[], more: Record<string, unknown> = {}) => {
    const declared = { account, region, vulnerability: 'CVE-2026-1', packages, ...more };
    return Published.parse(await served.control('publish-finding', declared)).findingArn;
  };
  return { served, publish, findings: inspectorFindings(served.inspector) };
}

findingsContract('Amazon Inspector', async () => {
  const { served, publish, findings } = await inspector();
  return {
    findings,
    publish: (name, fixedInVersion) => publish([{ name, version: '1', fixedInVersion }]),
    close: async (findingArn) => {
      await served.control('close-finding', { account, region, findingArn });
    },
    end: () => served.close(),
  };
});

describe('A finding of Amazon Inspector', () => {
  it('names what is installed as the package manager would', async () => {
    const { served, publish, findings } = await inspector();
    const arn = await publish([
      {
        name: 'openssl-libs',
        version: '3.0.8',
        release: '1.amzn2023',
        epoch: 1,
        fixedInVersion: '1:3.0.8-2.amzn2023',
      },
    ]);

    const [read] = await findings.read([arn]);
    await served.close();

    expect(read).toEqual({
      arn,
      vulnerabilityId: 'CVE-2026-1',
      packages: [
        { name: 'openssl-libs', format: 'rpm', installed: '1:3.0.8-1.amzn2023', fixed: '1:3.0.8-2.amzn2023' },
      ],
    });
  });

  it('leaves out packages without a fix, and those of other package managers', async () => {
    const { served, publish, findings } = await inspector();
    const arn = await publish(
      [
        { name: 'openssl', version: '1', fixedInVersion: '2' },
        { name: 'curl', version: '1' },
        { name: 'lodash', version: '1', fixedInVersion: '2', packageManager: 'NPM' },
      ],
      { platform: 'UBUNTU_22_04' },
    );

    const [read] = await findings.read([arn]);
    await served.close();

    expect(read?.packages.map(({ name, format }) => `${format} ${name}`)).toEqual(['apt openssl']);
  });

  it('on a system whose versions cannot be compared is none', async () => {
    const { served, publish, findings } = await inspector();
    const arn = await publish([{ name: 'KB5000001', version: '1', fixedInVersion: '2' }], {
      platform: 'WINDOWS_SERVER_2022',
    });

    const read = await findings.read([arn]);
    await served.close();

    expect(read).toEqual([]);
  });

  it('that may not be asked for is said to be refused, where all are listed', async () => {
    const { served, findings } = await inspector();
    served.denied.add('inspector2:ListFindings');

    const page = await findings.list();
    await served.close();

    expect(page).toMatchObject({ refused: expect.stringContaining('not enabled') });
  });
});

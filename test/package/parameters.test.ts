import { createServer } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { listen } from '../support/listen.ts';
import { serverless, template, VALUES } from './packaged.ts';

const values = Object.entries(VALUES);
const asArguments = (entries: readonly (readonly [string, string])[]) =>
  entries.map(([name, value]) => `--param=${name}=${value}`);
/** An address without a listener: every connection fails at once. */
const nowhere = {
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  AWS_ACCESS_KEY_ID: '111122223333',
  AWS_SECRET_ACCESS_KEY: 'none',
  AWS_MAX_ATTEMPTS: '1',
  CI: 'true',
};

/** STS API Reference, GetCallerIdentity. */
const OTHER_ACCOUNT = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
  <Arn>arn:aws:iam::999999999999:user/somebody</Arn><UserId>AIDAEXAMPLE</UserId><Account>999999999999</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`;

describe('the chosen values', () => {
  it('become the defaults of the template’s parameters', () => {
    const { Parameters } = template();

    for (const [name, value] of values) expect(Parameters[name]?.Default).toBe(value);
  });

  it('are asked for by deploy, every missing one by name, before anything is created', async () => {
    const { code, output } = await serverless(['deploy', '--stage', 'test'], nowhere);

    expect(code).toBe(1);
    for (const [name] of values) expect(output).toContain(`${name}: `);
    expect(output).toContain('Nothing was created');
    expect(output).not.toContain('    at ');
  });

  it('are refused when they are malformed or unknown, with what they must be', async () => {
    const wrong = values.map(
      ([name, value]) => [name, name === 'TargetAccounts' ? '444455556666,7777' : value] as const,
    );

    const { code, output } = await serverless(
      ['deploy', '--stage', 'test', ...asArguments(wrong), '--param=Approver=a@example.com'],
      nowhere,
    );

    expect(code).toBe(1);
    expect(output).toContain('TargetAccounts: "7777" must be AWS account ids of 12 digits');
    expect(output).toContain('Approver: there is no such parameter');
  });

  it('are refused with credentials of another account, which STS tells', async () => {
    const asked: string[] = [];
    const sts = await listen(
      createServer((request, response) => {
        request.setEncoding('utf8').on('data', (body: string) => asked.push(body));
        request.on('end', () => response.setHeader('content-type', 'text/xml').end(OTHER_ACCOUNT));
      }),
    );
    try {
      const { code, output } = await serverless(['deploy', '--stage', 'test', ...asArguments(values)], {
        ...nowhere,
        AWS_ENDPOINT_URL: sts.url,
      });

      expect(code).toBe(1);
      expect(output).toContain('you chose 111122223333, but these credentials belong to 999999999999');
      expect(output).toContain('Nothing was created');
      expect(asked.filter((body) => !body.includes('Action=GetCallerIdentity'))).toEqual([]);
    } finally {
      await sts.close();
    }
  });
});

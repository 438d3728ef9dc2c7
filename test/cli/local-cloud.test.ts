import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeService, ovenbird } from './run.ts';

const at = '2026-11-21T08:00:00.000Z';
const MAILS = {
  mails: [
    {
      number: 1,
      to: 'owners@example.com',
      at,
      subject: 'Approve web?',
      text: 'Decide:\nhttp://x/approvals/1?a=2',
      topic: 't',
    },
    { number: 2, to: 'ada@example.com', at, subject: 'Approve db?', text: 'Decide', topic: 't' },
  ],
};
let folder: string;
let service: Awaited<ReturnType<typeof fakeService>>;
let env: Record<string, string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ovenbird-local-'));
  service = await fakeService({ 'GET /_local/mails': [MAILS], 'GET /approvals': [{ items: [] }] });
  const people = [{ name: 'ada', arn: 'a', accessKeyId: 'AKIAADA', secretAccessKey: 's' }];
  const state = { endpoint: service.url, controlAccount: '111122223333', region: 'eu-west-1' };
  const file = join(folder, 'state.json');
  writeFileSync(file, JSON.stringify({ ...state, apiUrl: service.url, people }));
  env = { OVENBIRD_LOCAL_CLOUD: file, OVENBIRD_API_URL: '' };
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await service.close();
});

describe('ovenbird mail', () => {
  it('lists the mails of the local cloud, of one address alone if asked', async () => {
    const all = await ovenbird(['mail'], { env });
    const one = await ovenbird(['mail', '--to', 'Ada@example.com'], { env });

    expect(all.stdout).toMatch(/1 .*owners@example.com .*Approve web\?\n2 .*ada@example.com .*Approve db\?/);
    expect(one.stdout).not.toContain('owners@example.com');
  });

  it('shows one in full, with its link in one piece', async () => {
    const { code, stdout } = await ovenbird(['mail', '1'], { env });

    expect(code).toBe(0);
    expect(stdout).toContain('To:      owners@example.com');
    expect(stdout).toContain('\nhttp://x/approvals/1?a=2\n');
    expect((await ovenbird(['mail', '9'], { env })).code).toBe(3);
  });

  it('says where there is a mailbox when no local cloud runs', async () => {
    const { code, stderr } = await ovenbird(['mail'], { env: { OVENBIRD_LOCAL_CLOUD: '' }, cwd: folder });

    expect(code).toBe(5);
    expect(stderr).toContain('Only the local cloud has a mailbox. Start it with: npm start');
  });
});

describe('ovenbird --as', () => {
  it('signs as the person whom the scenario names, else as root', async () => {
    await ovenbird(['status', '--approvals', '--as', 'ada'], { env });
    await ovenbird(['status', '--approvals'], { env });

    const keys = service.asked.map(({ authorization }) => /Credential=([^/]+)/.exec(authorization)?.[1]);
    expect(keys).toEqual(['AKIAADA', '111122223333']);
  });

  it('says who there is, and that it is for the local cloud', async () => {
    const nobody = await ovenbird(['status', '--as', 'eve'], { env });
    const elsewhere = await ovenbird(['status', '--as', 'ada'], { url: 'http://127.0.0.1:65500' });

    expect(nobody).toMatchObject({ code: 2, stderr: expect.stringContaining('There are: ada') });
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('set AWS_PROFILE') });
  });
});

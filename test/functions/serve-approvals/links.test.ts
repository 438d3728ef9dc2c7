import { beforeEach, describe, expect, it } from '@jest/globals';
import { approvalId } from '../../../shared/domain/approval/approval-id.ts';
import { keys, waitId } from '../../../shared/domain/base/naming.ts';
import { voidApprovals } from '../../../shared/use-cases/approval/void-approvals.ts';
import { ADA, API_URL, type ApprovalWorld, approvalWorld, BAKE, BEN } from '../../support/approval-world.ts';

let world: ApprovalWorld;
beforeEach(async () => {
  world = approvalWorld();
  await world.fill();
  await world.request();
});

/** What a browser sends for a URL below the base path: API Gateway hands the path on without the stage. */
function ask(url: string, init?: RequestInit) {
  return world.pages.request(url.replace(API_URL, ''), init);
}
async function open(link: string) {
  const answer = await ask(link);
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return { answer, cookie, page: answer.headers.get('location') ?? '' };
}
async function readForm(link: string) {
  const { cookie, page } = await open(link);
  const html = await (await ask(page, { headers: { cookie } })).text();
  return { cookie, page, html, token: /name="token" value="([^"]+)"/.exec(html)?.[1] ?? '' };
}
function post(
  form: { cookie: string; page: string; token: string },
  fields: Record<string, string>,
  more = {},
) {
  return ask(form.page, {
    method: 'POST',
    headers: { cookie: form.cookie, 'content-type': 'application/x-www-form-urlencoded', ...more },
    body: new URLSearchParams({ token: form.token, comment: '', ...fields }).toString(),
  });
}
async function state() {
  const id = approvalId(world.digest, { bake: BAKE, attempt: 1 });
  return (await world.table.get(keys.approval(id)))?.state;
}
const untouched = () => JSON.stringify(world.table.items());

describe('opening a link', () => {
  it('moves the proof into a cookie and leads to an address without a secret', async () => {
    const { answer, page } = await open(world.findLink(ADA));

    expect(answer.status).toBe(303);
    expect(page).toMatch(/^https:\/\/api\.example\.com\/stage\/approvals\/[0-9a-f]{32}$/);
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^ovenbird-approval=\S+; Path=\/stage\/approvals\/[0-9a-f]{32}; Max-Age=3600; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('shows what changed and why, the tests, the packages and the targets', async () => {
    const { html } = await readForm(world.findLink(ADA));

    for (const text of ['harden-ssh', '1.1.0/1', 'moved from', 'boots', '444455556666', 'You decide as ada@'])
      expect(html).toContain(text);
  });

  it('shows why the packages are not known', async () => {
    world = approvalWorld();
    await world.fill();
    await world.table.write([
      {
        update: keys.artifact(BAKE, 'x86-64'),
        set: { inventoryProblem: 'it ran out of time' },
        remove: ['inventory'],
      },
    ]);
    await world.request();

    const { html } = await readForm(world.findLink(ADA));

    expect(html).toContain('The packages in x86-64 are not known: it ran out of time.');
  });

  it('answers a HEAD as it answers a GET', async () => {
    const answer = await ask(world.findLink(ADA), { method: 'HEAD' });

    expect(answer.status).toBe(303);
    expect(await answer.text()).toBe('');
  });

  it('changes nothing, however often a scanner opens it and follows where it leads', async () => {
    const before = untouched();

    for (let round = 0; round < 3; round += 1) {
      const { cookie, page } = await open(world.findLink(ADA));
      await ask(page, { headers: { cookie } });
      await ask(page);
      await ask(world.findLink(ADA), { method: 'HEAD' });
    }

    expect(untouched()).toBe(before);
    expect(await state()).toBe('open');
  });

  it('is never cached, framed or sent to another site', async () => {
    const { headers } = (await open(world.findLink(ADA))).answer;

    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
  });
});

describe('a link that is not good', () => {
  async function neutral(link: string): Promise<string> {
    const answer = await ask(link);
    expect(answer.status).toBe(404);
    expect(answer.headers.getSetCookie()).toEqual([]);
    return answer.text();
  }

  it('shows one and the same page for unknown, tampered, foreign, expired and used links', async () => {
    const link = world.findLink(ADA);
    const id = /approvals\/([0-9a-f]+)/.exec(link)?.[1] ?? '';
    const foreign = new URL(link);
    foreign.searchParams.set('a', new URL(world.findLink(BEN)).searchParams.get('a') ?? '');
    const later = new URL(link);
    later.searchParams.set('e', String(Number(later.searchParams.get('e')) + 3600));
    const otherKey = new URL(link);
    otherKey.searchParams.set('k', '99999999-2222-3333-4444-555555555555');

    const pages = [
      await neutral(link.replace(id, 'f'.repeat(32))),
      await neutral(link.replace(id, 'not-an-id')),
      await neutral(`${link}x`),
      await neutral(foreign.toString()),
      await neutral(later.toString()),
      await neutral(otherKey.toString()),
      await neutral(`${API_URL}/approvals/${id}`),
      await neutral(`${API_URL}/approvals/${id}?a=1`),
    ];
    await post(await readForm(link), { decision: 'approve' });
    pages.push(await neutral(link));
    world.clock.forward(4 * 86_400);
    pages.push(await neutral(link));

    expect(new Set(pages).size).toBe(1);
  });

  it('does not open another attempt of the same bake', async () => {
    const first = new URL(world.findLink(ADA));
    await voidApprovals(world, { bake: BAKE, attempt: 1 });
    await world.table.write([
      { update: keys.bake(BAKE), set: { attempt: 2 } },
      {
        put: {
          ...keys.attempt(BAKE, 2),
          bake: BAKE,
          attempt: 2,
          state: 'gating',
          startedAt: world.clock.now().toISOString(),
        },
      },
    ]);
    await world.request(2);
    const second = new URL(world.findLink(ADA));
    expect(second.pathname).not.toBe(first.pathname);

    await neutral(first.toString());
    first.pathname = second.pathname;
    first.searchParams.set('a', second.searchParams.get('a') ?? '');
    await neutral(first.toString());
  });

  it('does not outlive a change of what is recorded as the image', async () => {
    const id = approvalId(world.digest, { bake: BAKE, attempt: 1 });
    await world.table.write([{ update: keys.approval(id), set: { imageDigest: 'f'.repeat(64) } }]);

    await neutral(world.findLink(ADA));
  });
});

describe('deciding by the page', () => {
  it('approves, ends the wait and the step with the same write', async () => {
    const id = approvalId(world.digest, { bake: BAKE, attempt: 1 });
    const at = world.clock.now().toISOString();
    const wait = { id: waitId('approval', id), kind: 'approval', resource: id, bake: BAKE, attempt: 1 };
    await world.table.write([
      { put: { ...keys.wait(wait.id), ...wait, token: 't', state: 'pending', createdAt: at, expiresAt: at } },
    ]);

    const answer = await post(await readForm(world.findLink(ADA)), { decision: 'approve', comment: 'Good.' });

    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('Approved');
    expect(await world.table.get(keys.approval(id))).toMatchObject({
      state: 'approved',
      decision: { by: ADA, comment: 'Good.', via: 'link' },
    });
    expect(await world.table.get(keys.wait(wait.id))).toMatchObject({
      state: 'decided',
      outcome: { kind: 'success', output: { decision: 'approved', by: ADA } },
    });
    expect(await world.table.get(keys.step(BAKE, 1, 'Approve'))).toMatchObject({ state: 'succeeded' });
  });

  it('asks for a reason before it rejects, and keeps what was typed', async () => {
    const form = await readForm(world.findLink(ADA));

    const without = await post(form, { decision: 'reject', comment: '  ' });
    const html = await without.text();
    const withReason = await post(form, { decision: 'reject', comment: 'Wrong kernel' });

    expect(without.status).toBe(422);
    expect(html).toContain('needs a reason');
    expect(withReason.status).toBe(200);
    expect(await state()).toBe('rejected');
  });

  it('answers the same decision again with the stored one, and the opposite with a conflict', async () => {
    const ada = await readForm(world.findLink(ADA));
    const ben = await readForm(world.findLink(BEN));
    await post(ada, { decision: 'approve' });

    const again = await post(ada, { decision: 'approve' });
    const other = await post(ben, { decision: 'approve' });
    const opposite = await post(ben, { decision: 'reject', comment: 'no' });

    expect([again.status, other.status, opposite.status]).toEqual([200, 200, 409]);
    expect(await other.text()).toContain(ADA);
    expect(await state()).toBe('approved');
  });

  it.each([
    ['without the cookie', { cookie: '' }, {}],
    ['with the token of another form', { token: '0'.repeat(64) }, {}],
    ['from another site', {}, { origin: 'https://evil.example' }],
    ['from another site that hides its name', {}, { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ])('refuses a form that is sent %s', async (_, change, headers) => {
    const form = await readForm(world.findLink(ADA));

    const answer = await post({ ...form, ...change }, { decision: 'approve' }, headers);

    expect(answer.status).toBe(404);
    expect(await state()).toBe('open');
  });

  it('takes the form as a browser sends it under no-referrer', async () => {
    const form = await readForm(world.findLink(ADA));
    const headers = { origin: 'null', 'sec-fetch-site': 'same-origin' };

    expect((await post(form, { decision: 'approve' }, headers)).status).toBe(200);
  });

  it('decides nothing any more when the bake was cancelled in the meantime', async () => {
    const form = await readForm(world.findLink(ADA));
    const endRequested = { as: 'cancelled', by: 'ops', at: world.clock.now().toISOString() };
    await world.table.write([{ update: keys.attempt(BAKE, 1), set: { endRequested } }]);

    const answer = await post(form, { decision: 'approve' });

    expect(answer.status).toBe(404);
    expect(await state()).toBe('open');
  });

  it('does not let a requester approve', async () => {
    world = approvalWorld({
      requestedBy: 'arn:aws:sts::111122223333:assumed-role/Operator/ada@example.com',
    });
    await world.fill();
    await world.request();

    const answer = await post(await readForm(world.findLink(ADA)), { decision: 'approve' });

    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain('another approver has to approve');
    expect(await state()).toBe('open');
  });

  it('shows text of outsiders as text', async () => {
    const form = await readForm(world.findLink(ADA));
    const answer = await post(form, { decision: 'reject', comment: '<script>alert(1)</script>' });

    expect(await answer.text()).not.toContain('<script>');
  });
});

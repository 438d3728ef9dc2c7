import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import chromium from '@sparticuz/chromium';
import { type Browser, type BrowserContext, type Page, chromium as playwright } from 'playwright-core';
import { approvalId } from '../../shared/domain/approval/approval-id.ts';
import { keys } from '../../shared/domain/base/naming.ts';
import { ADA, type ApprovalWorld, approvalWorld, BAKE, BEN } from '../support/approval-world.ts';

/** The base path that the local cloud serves an API under; on AWS there may be a stage or a mapping. */
const BASE = '/_aws/execute-api/abc123/$default';

let browser: Browser;
let context: BrowserContext;
let server: Server;
let world: ApprovalWorld;

beforeAll(async () => {
  const executablePath = await chromium.executablePath();
  // Not the package's own arguments: they switch web security off, which is half of what is tried here.
  browser = await playwright.launch({ executablePath, args: ['--no-sandbox'], headless: true });
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  await context?.close();
  server?.close();
  context = await browser.newContext({ viewport: { width: 375, height: 800 }, javaScriptEnabled: false });
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  world = approvalWorld({ apiUrl: `http://127.0.0.1:${port}${BASE}` });
  await world.fill();
  await world.request();
});
afterAll(async () => {
  await context?.close();
  server?.close();
});

/** What API Gateway does: takes the base path away and hands the rest on. */
async function serve(...[request, response]: Parameters<NonNullable<Parameters<typeof createServer>[1]>>) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const { method = 'GET', url = '/' } = request;
  const body = method === 'GET' || method === 'HEAD' ? null : Buffer.concat(chunks);
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const answer = await world.pages.request(url.replace(BASE, ''), { method, headers, body });
  response.writeHead(answer.status, [...answer.headers].flat());
  response.end(Buffer.from(await answer.arrayBuffer()));
}
async function open(): Promise<{ page: Page; complaints: string[] }> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(world.findLink(ADA));
  return { page, complaints };
}
const state = async () =>
  (await world.table.get(keys.approval(approvalId(world.digest, { bake: BAKE, attempt: 1 }))))?.state;

describe('the approval page in a browser', () => {
  it('opens by the link, without the secret in the address and without a complaint of the browser', async () => {
    const { page, complaints } = await open();

    expect(new URL(page.url()).search).toBe('');
    expect(await page.title()).toBe('Approve hardened?');
    const width: unknown = await page.evaluate('getComputedStyle(document.querySelector("main")).maxWidth');
    expect(width).not.toBe('none');
    expect(complaints).toEqual([]);
  });

  it('is readable at 375 pixels: nothing sticks out sideways', async () => {
    const { page } = await open();

    const wide: unknown = await page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(375);
  });

  it('is used with the keyboard alone, without a script', async () => {
    const { page } = await open();

    await page.getByLabel('Comment').focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('alert').textContent()).toContain('needs a reason');

    await page.getByLabel('Comment').focus();
    await page.keyboard.type('The kernel is too old.');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    // The form is on its way when the key is up; the page that answers is what counts.
    await page.getByRole('heading', { level: 1, name: 'Rejected' }).waitFor();
    expect(await state()).toBe('rejected');
  });

  it('approves by a click, and a second person then learns that it is done', async () => {
    const { page } = await open();
    const other = await (await browser.newContext()).newPage();
    await other.goto(world.findLink(BEN));

    await page.getByRole('button', { name: 'Approve' }).click();
    await other.getByLabel('Comment').fill('No.');
    await other.getByRole('button', { name: 'Reject' }).click();

    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Approved');
    expect(await other.getByRole('heading', { level: 1 }).textContent()).toBe('This was decided already');
    expect(await state()).toBe('approved');
    await other.context().close();
  });

  it('shows nothing for the address without a proof', async () => {
    const { page } = await open();
    const stranger = await (await browser.newContext()).newPage();

    await stranger.goto(page.url());

    expect(await stranger.title()).toBe('Nothing to decide here');
    await stranger.context().close();
  });
});

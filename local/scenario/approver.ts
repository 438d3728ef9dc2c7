import type { ApprovalRule } from './schema.ts';

/** The link in an approval mail, as a person's browser and as a mail scanner use it. */

const LINK = /https?:\/\/\S+\/approvals\/\S+/;

export function findLink(text: string): string | undefined {
  return LINK.exec(text)?.[0];
}

/** Opens the link by HEAD and GET without cookies and follows redirects, as a link previewer does. */
export async function openAsScanner(link: string): Promise<number[]> {
  const head = await fetch(link, { method: 'HEAD', redirect: 'manual' });
  const get = await fetch(link, { redirect: 'follow' });
  await get.arrayBuffer();
  return [head.status, get.status];
}

export class PageRefused extends Error {
  override readonly name = 'PageRefused';
}

/** The page behind a link, as a browser that keeps cookies sees it. */
async function openPage(link: string): Promise<{ url: string; cookie: string; html: string }> {
  const first = await fetch(link, { redirect: 'manual' });
  await first.arrayBuffer();
  const cookie = first.headers
    .getSetCookie()
    .map((entry) => entry.split(';')[0])
    .join('; ');
  const location = first.headers.get('location');
  if (first.status !== 303 || location === null)
    throw new PageRefused(`The link answered ${first.status} instead of a redirect to the page.`);
  const url = new URL(location, link).toString();
  const page = await fetch(url, { headers: { cookie } });
  const html = await page.text();
  if (page.status !== 200) throw new PageRefused(`The approval page answered ${page.status}.`);
  return { url, cookie, html };
}

function readHiddenFields(html: string): [string, string][] {
  return [...html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([tag]) => {
    const name = /name="([^"]*)"/.exec(tag)?.[1] ?? '';
    const value = /value="([^"]*)"/.exec(tag)?.[1] ?? '';
    return [name, value.replaceAll('&amp;', '&').replaceAll('&quot;', '"')];
  });
}

/** Reads the page and submits its form with the decision. */
export async function submitDecision(
  link: string,
  decision: Exclude<ApprovalRule['decision'], 'ignore'>,
  comment: string,
): Promise<number> {
  const { url, cookie, html } = await openPage(link);
  const action =
    /<form[^>]*method="post"[^>]*action="([^"]*)"/i.exec(html)?.[1] ??
    /<form[^>]*action="([^"]*)"[^>]*method="post"/i.exec(html)?.[1] ??
    url;
  const form = new URLSearchParams([...readHiddenFields(html), ['decision', decision], ['comment', comment]]);
  const answer = await fetch(new URL(action, url), {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin },
    body: form.toString(),
  });
  const text = await answer.text();
  if (answer.status >= 400)
    throw new PageRefused(`The decision was answered with ${answer.status}: ${text.slice(0, 200)}`);
  return answer.status;
}

import { expect, it } from '@jest/globals';
import { findLink, openAsScanner, PageRefused, submitDecision } from '../../../local/scenario/approver.ts';
import { ApproverMailbox } from '../../../local/scenario/approver-mailbox.ts';
import { APPROVER, until } from '../../support/deployed-cloud.ts';
import { type FaultHarness, uniqueName } from './harness.ts';

/** Links in mails that are not good any more, or never were for what they are used for. */
export function testLinks(oven: () => FaultHarness): void {
  const asking = { approval: { required: true, approvers: [APPROVER] } };

  it.concurrent('the link to one approval decides no other', async () => {
    const mailbox = await openMailbox();
    const [mine, theirs] = [uniqueName('mine'), uniqueName('theirs')];
    await Promise.all([oven().applyWithOwnBase(mine, asking), oven().applyWithOwnBase(theirs, asking)]);
    const [myLink, theirLink] = await Promise.all([mailbox.linkTo(mine), mailbox.linkTo(theirs)]);
    const bake = await oven().waitForState(theirs, 'awaiting-approval');

    // The proof of one with the address of the other, in the link and in the cookie; and a link without any proof.
    expect(await post(theirLink, await readCookie(myLink))).toBe(404);
    const forged = new URL(theirLink);
    forged.search = new URL(myLink).search;
    await expect(submitDecision(forged.toString(), 'approve', 'not mine to approve')).rejects.toThrow(
      PageRefused,
    );
    expect(await post(theirLink, '')).toBe(404);
    await expect(openAsScanner(theirLink)).resolves.toEqual([403, 404]);
    expect((await oven().bakes(theirs))[0]?.state).toBe('awaiting-approval');

    expect(await submitDecision(theirLink, 'approve', 'fine')).toBeLessThan(400);
    expect(await submitDecision(myLink, 'reject', 'the wrong week')).toBeLessThan(400);
    await oven().waitForState(theirs, 'released');
    const rejected = await oven().waitForState(mine, 'rejected');
    expect(rejected.attempts[0]?.failure).toMatchObject({
      step: 'Approve',
      name: 'ApprovalRejected',
      reason: expect.stringContaining('the wrong week'),
    });
    expect(await oven().bakes(theirs)).toHaveLength(1);
    await oven().expectNothingLeft(bake);
    await oven().expectNothingLeft(rejected);
  });

  it.concurrent('an approval without a vote expires with its bake, and its link with it', async () => {
    const mailbox = await openMailbox();
    const name = uniqueName('silence');
    await oven().applyWithOwnBase(name, { approval: { ...asking.approval, expiresAfter: '1s' } });
    const link = await mailbox.linkTo(name);
    const expired = await until(`${name} expires`, async () => {
      const bake = (await oven().bakes(name))[0];
      if (bake?.state === 'expired') return bake;
      await oven().passTime();
      return undefined;
    });
    expect(expired.attempts[0]?.failure).toMatchObject({ step: 'Approve', name: 'ApprovalExpired' });
    await expect(submitDecision(link, 'approve', 'too late')).rejects.toThrow(PageRefused);
    expect((await oven().bakes(name))[0]?.state).toBe('expired');
    await oven().expectNothingLeft(expired);
  });

  it.concurrent('a link of before is dead once the approvers change, says so, and those of now release the image', async () => {
    const mailbox = await openMailbox();
    const name = uniqueName('leaver');
    await oven().applyWithOwnBase(name, asking);
    const link = await mailbox.linkTo(name);
    const bake = await oven().waitForState(name, 'awaiting-approval');

    const definition = oven().buildDefinition(name, {
      approval: { required: true, approvers: [APPROVER, 'second@example.com'] },
    });
    await oven().apply(definition);
    const old = await fetch(link, { redirect: 'manual' });
    expect([old.status, await old.text()]).toEqual([
      410,
      expect.stringContaining('This request was withdrawn'),
    ]);

    const newer = await until(`${name} is asked again`, async () => {
      const found = await mailbox.linkTo(name);
      return found === link ? undefined : found;
    });
    expect(await submitDecision(newer, 'approve', 'still fine')).toBeLessThan(400);
    const released = await oven().waitForState(name, 'released');
    expect(released.id).toBe(bake.id);
    expect(await oven().bakes(name)).toHaveLength(1);
  });

  async function openMailbox() {
    const { cloud, deployment } = oven().deployed;
    const box = await ApproverMailbox.open(cloud, deployment.topics.approval, APPROVER);
    let reading = Promise.resolve();
    return {
      linkTo: (pipeline: string) =>
        until(`a mail about ${pipeline} arrives`, async () => {
          reading = reading.then(async () => void (await box.collect()));
          await reading;
          const mail = box.mails.findLast(({ attributes }) => attributes.pipeline === pipeline);
          return mail === undefined ? undefined : findLink(mail.text);
        }),
    };
  }
}

async function readCookie(link: string): Promise<string> {
  const { headers } = await fetch(link, { redirect: 'manual' });
  return headers
    .getSetCookie()
    .map((entry) => entry.split(';')[0])
    .join('; ');
}

/** What a form would send that was not made by the page. */
async function post(link: string, cookie: string): Promise<number> {
  const url = new URL(link);
  const answer = await fetch(`${url.origin}${url.pathname}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', origin: url.origin },
    body: 'decision=approve&comment=forged',
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** `mail`: the mailbox of the local cloud, where links to approvals arrive. On AWS people have mailboxes of their own. */
import * as z from 'zod';
import { CommandFailed, EXIT, type ExitCode } from '../exit.ts';
import { formatTable, formatTime } from '../output.ts';
import type { CommandContext } from './context.ts';

const MailsSchema = z.object({
  mails: z.array(
    z.object({
      number: z.number(),
      to: z.string(),
      at: z.string(),
      subject: z.string(),
      text: z.string(),
    }),
  ),
});

export async function mail(
  { out }: CommandContext,
  number: number | undefined,
  { to, endpoint }: { readonly to?: string; readonly endpoint: string | undefined },
): Promise<ExitCode> {
  const all = await readMails(endpoint);
  const mails = all.filter((entry) => to === undefined || entry.to.toLowerCase() === to.toLowerCase());
  if (number === undefined) {
    out.emit(mails);
    out.print(
      mails.length === 0
        ? ['No mails yet.']
        : formatTable(
            [{ title: 'MAIL' }, { title: 'AT' }, { title: 'TO', most: 28 }, { title: 'SUBJECT' }],
            mails.map((entry) => [String(entry.number), formatTime(entry.at), entry.to, entry.subject]),
            out.columns,
          ),
    );
    if (mails.length > 0) out.remark('To read one: ovenbird mail NUMBER');
    return EXIT.ok;
  }
  const found = mails.find((entry) => entry.number === number);
  if (found === undefined)
    throw new CommandFailed(EXIT.notFound, `There is no mail ${number}. List them with: ovenbird mail`);
  out.emit(found);
  out.print([`To:      ${found.to}`, `Subject: ${found.subject}`, '', ...found.text.split('\n')]);
  return EXIT.ok;
}

async function readMails(endpoint: string | undefined) {
  if (endpoint === undefined)
    throw new CommandFailed(EXIT.unreachable, 'Only the local cloud has a mailbox. Start it with: npm start');
  const answer = await fetch(`${endpoint}/_local/mails`).catch((cause: unknown) => {
    throw new CommandFailed(EXIT.unreachable, `The local cloud at ${endpoint} cannot be reached.`, [], {
      cause,
    });
  });
  return MailsSchema.parse(await answer.json()).mails;
}

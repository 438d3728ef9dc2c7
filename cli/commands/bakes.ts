/** `bake`, `cancel`, `retry`, `approve`, `reject`. */
import type { Approval, BakeDetails } from '../../shared/domain/api/shapes.ts';
import { isTerminal } from '../../shared/domain/records/attempt-states.ts';
import type { ApiClient } from '../api-client.ts';
import { CommandFailed, EXIT, type ExitCode } from '../exit.ts';
import type { CommandContext } from './context.ts';
import { findPipelinePath } from './pipeline-path.ts';
import { bakeLines } from './show-lines.ts';

const POLL_SECONDS = 2;

export async function bake(
  context: CommandContext,
  name: string,
  options: { readonly force?: boolean; readonly wait?: boolean },
): Promise<ExitCode> {
  const { out } = context;
  const path = await findPipelinePath(context, name);
  const api = await context.api();
  const answer = await api.call('requestBake', {
    parameters: path,
    body: { force: options.force ?? false },
  });
  const waits = options.wait === true && answer.outcome !== 'up-to-date';
  if (!waits) out.emit(answer);
  switch (answer.outcome) {
    case 'started':
      out.print([`Bake ${answer.bake ?? ''} of ${name} has started.`]);
      break;
    case 'running':
      out.print([`Bake ${answer.bake ?? ''} of ${name} runs already with these versions.`]);
      break;
    case 'up-to-date':
      out.print([`${name} is up to date (release ${answer.release ?? ''}).`]);
      out.remark('To bake anyway: --force');
      return EXIT.ok;
    case 'held':
      out.print([`${name} does not bake yet:`, ...answer.reasons.map((reason) => `  ${reason.message}`)]);
      out.remark('The request is remembered; the bake starts as soon as nothing holds it.');
      break;
  }
  if (!waits) return EXIT.ok;
  const id = answer.bake ?? (await waitForStart(context, api, path, answer.change ?? ''));
  return await followBake(context, api, id);
}

/** Id of the bake that takes up the change of a held request, once it has started. */
async function waitForStart(
  context: CommandContext,
  api: ApiClient,
  path: Readonly<Record<'team' | 'name', string>>,
  change: string,
): Promise<string> {
  for (;;) {
    const { items } = await api.call('listPipelineBakes', { parameters: path, query: { limit: 10 } });
    const found = items.find((item) => item.changes.includes(change));
    if (found !== undefined) {
      context.out.remark(`Bake ${found.id} has started.`);
      return found.id;
    }
    await context.pause(POLL_SECONDS);
  }
}

/** Prints each state until the bake has ended. */
async function followBake(context: CommandContext, api: ApiClient, id: string): Promise<ExitCode> {
  let last = '';
  for (;;) {
    const found = await api.call('showBake', { parameters: { id } });
    if (found.state !== last)
      context.out.remark(`${found.state}${found.state === 'awaiting-approval' ? approvalHint(found) : ''}`);
    last = found.state;
    if (isTerminal(found.state)) {
      context.out.emit(found);
      context.out.print(bakeLines(found, context.out.columns));
      return found.state === 'released' ? EXIT.ok : EXIT.failed;
    }
    await context.pause(POLL_SECONDS);
  }
}

function approvalHint({ approval }: BakeDetails): string {
  return approval === undefined ? '' : ` (asked: ${approval.approvers.join(', ')})`;
}

export async function cancel(context: CommandContext, id: string): Promise<ExitCode> {
  const api = await context.api();
  const ended = await api.call('cancelBake', { parameters: { id } });
  context.out.emit(ended);
  context.out.print([`Bake ${ended.bake} is being ended; what it made is removed.`]);
  return EXIT.ok;
}

export async function retry(context: CommandContext, id: string, force: boolean): Promise<ExitCode> {
  const api = await context.api();
  const queued = await api.call('retryBake', { parameters: { id }, body: { force } });
  context.out.emit(queued);
  context.out.print([`Attempt ${queued.attempt} of bake ${queued.bake} has started.`]);
  return EXIT.ok;
}

export async function submitDecision(
  context: CommandContext,
  id: string,
  decision: 'approve' | 'reject',
  comment: string,
): Promise<ExitCode> {
  const api = await context.api();
  const approval = await api.call('decideApproval', {
    parameters: { id: await findApprovalId(api, id) },
    body: { decision, comment },
  });
  context.out.emit(approval);
  context.out.print([describeApproval(approval)]);
  return EXIT.ok;
}

/** The id of an approval request, given that or the id of its bake. */
async function findApprovalId(api: ApiClient, id: string): Promise<string> {
  if (!/^[0-9A-HJKMNP-TV-Z]{26}$/.test(id)) return id;
  const { approval } = await api.call('showBake', { parameters: { id } });
  if (approval !== undefined) return approval.id;
  throw new CommandFailed(EXIT.notFound, `Bake ${id} has not asked for approval.`);
}

function describeApproval({ pipeline, state, decision }: Approval): string {
  return `${pipeline} is ${state}${decision === undefined ? '' : ` by ${decision.by}`}.`;
}

/** `enable`, `disable`, `delete`, `waves`, `confirm`. */
import type { Change } from '../../shared/domain/api/shapes.ts';
import { count, wrap } from '../../shared/domain/base/text.ts';
import type { HoldReason } from '../../shared/domain/records/status.ts';
import { describeChange } from '../../shared/domain/selectors/describe.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { formatTime } from '../output.ts';
import type { CommandContext } from './context.ts';
import { findPipelinePath } from './pipeline-path.ts';

export async function enable(context: CommandContext, name: string): Promise<ExitCode> {
  const { out } = context;
  const parameters = await findPipelinePath(context, name);
  const answer = await (await context.api()).call('enablePipeline', { parameters });
  out.emit(answer);
  const done = `${name} is enabled${answer.outcome === 'unchanged' ? ' already' : ''}.`;
  switch (answer.plan) {
    case 'started':
      out.print([`${done} Bake ${answer.bake ?? ''} has started.`]);
      break;
    case 'running':
    case 'superseding':
      out.print([`${done} Bake ${answer.bake ?? ''} runs.`]);
      break;
    case 'up-to-date':
      out.print([`${done} It is up to date.`]);
      break;
    case 'held':
      out.print([`${done} It does not bake yet:`, ...reasonLines(answer.reasons, out.columns)]);
      break;
  }
  return EXIT.ok;
}

export async function disable(
  context: CommandContext,
  name: string,
  { reason }: { readonly reason: string },
): Promise<ExitCode> {
  const { out } = context;
  const parameters = await findPipelinePath(context, name);
  const answer = await (await context.api()).call('disablePipeline', { parameters, body: { reason } });
  out.emit(answer);
  const { outcome, disabled, bake } = answer;
  out.print(
    outcome === 'changed'
      ? [`${name} is disabled: automatic bakes are stopped.`]
      : wrap(
          `${name} is disabled already, by ${disabled.by}${disabled.reason === '' ? '' : ` (${disabled.reason})`}.`,
          out.columns,
        ),
  );
  if (bake !== undefined) out.remark(`Bake ${bake} runs on. To end it: ovenbird cancel ${bake}`);
  return EXIT.ok;
}

export async function remove(context: CommandContext, name: string): Promise<ExitCode> {
  const { out } = context;
  const parameters = await findPipelinePath(context, name);
  const deleted = await (await context.api()).call('deletePipeline', { parameters });
  out.emit(deleted);
  out.print([
    `${name} is deleted. Its bakes and releases stay readable:`,
    `  ovenbird status ${name} --bakes --team ${parameters.team}`,
  ]);
  return EXIT.ok;
}

export async function waves({ out, api }: CommandContext): Promise<ExitCode> {
  const client = await api();
  const all: Change[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call('listChanges', { query: { unconfirmed: 'true', limit: 100, cursor } });
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  out.emit(all);
  out.print(
    all.length === 0
      ? ['No wave waits for a confirmation.']
      : all.flatMap((change) => [
          `${change.id}  ${formatTime(change.at)}  ${describeWaveSize(change)}`,
          ...wrap(describeChange(change), out.columns, '  '),
        ]),
  );
  if (all.length > 0) out.remark('To let one start: ovenbird confirm CHANGE');
  return EXIT.ok;
}

export async function confirm({ out, api }: CommandContext, id: string): Promise<ExitCode> {
  const change = await (await api()).call('confirmWave', { parameters: { id } });
  out.emit(change);
  out.print(wrap(`Confirmed: ${describeWaveSize(change)} bake for ${describeChange(change)}.`, out.columns));
  return EXIT.ok;
}

function describeWaveSize({ wave }: Change): string {
  return `${wave?.isMore === true ? 'more than ' : ''}${count(wave?.size ?? 0, 'image')}`;
}

function reasonLines(reasons: readonly HoldReason[], width: number): string[] {
  return reasons.flatMap(({ message }) => wrap(message, width, '  '));
}

/** `status`: all pipelines, one of them, bakes, one bake, or what waits for approval. */
import { EXIT, type ExitCode } from '../exit.ts';
import type { CommandContext } from './context.ts';
import { findPipelinePath } from './pipeline-path.ts';
import { readAllPipelines } from './read-all-pipelines.ts';
import { approvalTable, bakeLines, bakeTable, pipelineLines, pipelineTable } from './show-lines.ts';

export interface StatusOptions {
  readonly bake?: string;
  readonly bakes?: boolean;
  readonly approvals?: boolean;
  readonly limit: number;
}

export async function status(
  context: CommandContext,
  name: string | undefined,
  options: StatusOptions,
): Promise<ExitCode> {
  const { out } = context;
  const api = await context.api();
  if (options.bake !== undefined) {
    const found = await api.call('showBake', { parameters: { id: options.bake } });
    out.emit(found);
    out.print(bakeLines(found, out.columns));
  } else if (options.bakes === true) {
    const query = { limit: options.limit };
    const { items, cursor } =
      name === undefined
        ? await api.call('listBakes', { query })
        : await api.call('listPipelineBakes', { parameters: await findPipelinePath(context, name), query });
    out.emit(items);
    out.print(items.length === 0 ? ['No bakes yet.'] : bakeTable(items, out.columns));
    if (cursor !== undefined) out.remark(`These are the newest ${items.length}; --limit shows more.`);
  } else if (options.approvals === true) {
    const { items } = await api.call('listApprovals', { query: { state: 'open', limit: 100 } });
    out.emit(items);
    out.print(items.length === 0 ? ['Nothing waits for approval.'] : approvalTable(items, out.columns));
  } else if (name !== undefined) {
    const found = await api.call('showPipeline', { parameters: await findPipelinePath(context, name) });
    out.emit(found);
    out.print(pipelineLines(found, out.columns));
  } else {
    const pipelines = await readAllPipelines(api, context.team);
    out.emit(pipelines);
    out.print(
      pipelines.length === 0
        ? ['No pipelines yet. Begin with: ovenbird init NAME']
        : pipelineTable(pipelines, out.columns),
    );
  }
  return EXIT.ok;
}
